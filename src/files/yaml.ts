import { constructFromEvents, type Event, EVENT_ID, parseEvents, YAMLException } from "js-yaml";
import { LineIndex, type Position } from "./line-index.ts";
import { type ScalarPlace, ScalarPlaces, shifted } from "./scalar-place.ts";
import { breakingDirective, RENDER_FIRST } from "./template.ts";
import {
  documentRoot,
  offsetOf,
  offsetOfCollectionKey,
  offsetOfEvent,
  type PlacedNode,
  scalarEventAt,
} from "./yaml-nodes.ts";
import { COLLECTION_KEY, KUBECTL_SCHEMA } from "./yaml-schema.ts";

/** One document of a text in YAML or JSON, which is YAML, too. */
export interface YamlDocument {
  /** A JSON value; null for an empty document. It may contain one object at several places. */
  readonly value: unknown;
  /** Position of the value at a path, or of its nearest parent that exists. That of a map entry is its key's. */
  readonly positionOf: (path: readonly string[]) => Position;
  /** The text of the scalar at a path; undefined where there is none. */
  readonly scalarAt: (path: readonly string[]) => ScalarPlace | undefined;
}

/** Why a text is no YAML, on one line. */
export class YamlError extends Error {
  /** The first line is 1. */
  readonly line: number;

  constructor(why: string, line: number) {
    super(why.replaceAll(/\s+/g, " "));
    this.name = "YamlError";
    this.line = line;
  }
}

/** Objects of Kubernetes are nested far less. */
const MAX_DEPTH = 1_000;
/** No manifest comes near: each merged key counts. */
const MAX_MERGED_KEYS = 100_000;
/** Characters that goyaml refuses (readerc.go), all of which binary files have. */
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/;

/** The documents of a text, as kubectl reads it. Throws a YamlError at the first document that cannot be read. */
export function* yamlDocuments(text: string): Generator<YamlDocument, void, undefined> {
  const lines = new LineIndex(text);
  const fail = (offset: number, why: string): never => {
    const { line } = lines.positionAt(offset);
    const template = breakingDirective(text, line);
    if (template === undefined) throw new YamlError(why, line);
    throw new YamlError(`${template.directive} is not rendered: ${RENDER_FIRST}`, template.line);
  };
  const control = CONTROL_CHARACTER.exec(text);
  if (control !== null) fail(control.index, controlMessage(control[0]));
  for (const { start, end } of partsOf(text)) {
    const part = new Part(text.slice(start, end));
    try {
      for (const document of part.documents()) {
        yield {
          value: document.value,
          positionOf: (path) => lines.positionAt(start + document.offsetOf(path)),
          scalarAt: (path) => shifted(document.scalarAt(path), start),
        };
      }
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      fail(start + (error.mark?.position ?? part.offset), error.reason);
    }
  }
}

function controlMessage(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `control character U+${code}: a manifest is text in UTF-8, or in UTF-16 with a byte order mark`;
}

/**
 * The parts of a text between lines of `---`, which are read one by one so that a long text does not need its memory at
 * once. A directive, `%YAML 1.2`, belongs to the part after it.
 */
function* partsOf(text: string): Generator<{ readonly start: number; readonly end: number }> {
  let start = 0;
  if (!/^%/m.test(text)) {
    for (const { index } of text.matchAll(/^---(?=\s)/gm)) {
      if (index > start) yield { start, end: index };
      start = index;
    }
  }
  yield { start, end: text.length };
}

/** The value of a document, and how to find a path in its part. */
interface ReadDocument extends Pick<YamlDocument, "value" | "scalarAt"> {
  readonly offsetOf: (path: readonly string[]) => number;
}

/** A text of one document, or of several where `...` or directives separate them. */
class Part {
  readonly #source: string;
  /** Where the current document begins, or where its error is. */
  offset = 0;

  constructor(source: string) {
    this.#source = source;
  }

  *documents(): Generator<ReadDocument> {
    const all = parseEvents(this.#source, { maxDepth: MAX_DEPTH });
    for (const events of eventsByDocument(all)) {
      this.offset = events.map(offsetOfEvent).find((offset) => offset !== undefined) ?? 0;
      yield { value: this.#valueOf(events), ...this.#finder(events) };
    }
  }

  #valueOf(events: Event[]): unknown {
    const options = { source: this.#source, schema: KUBECTL_SCHEMA, maxTotalMergeKeys: MAX_MERGED_KEYS };
    try {
      const [value = null] = constructFromEvents(events, options);
      if (events.some(({ type }) => type === EVENT_ID.ALIAS)) refuseExpansion(value, this.#source.length);
      return value;
    } catch (error) {
      if (!(error instanceof YAMLException) || error.reason !== COLLECTION_KEY) throw error;
      this.offset = offsetOfCollectionKey(events) ?? this.offset;
      throw new YAMLException(error.reason);
    }
  }

  /** Nodes are made for the first path that is looked up. */
  #finder(events: readonly Event[]): Pick<ReadDocument, "offsetOf" | "scalarAt"> {
    const start = this.offset;
    let root: PlacedNode | undefined;
    let places: ScalarPlaces | undefined;
    return {
      offsetOf: (path) => {
        if (path.length === 0) return start;
        root ??= documentRoot(events, this.#source);
        return root === undefined ? start : offsetOf(root, path);
      },
      scalarAt: (path) => {
        root ??= documentRoot(events, this.#source);
        const found = root === undefined ? undefined : scalarEventAt(root, path);
        places ??= new ScalarPlaces(this.#source, events);
        return found === undefined ? undefined : places.placeOf(found.event, found.isShared);
      },
    };
  }
}

/** A document begins with its own event, and ends before the next one. Most parts have one document. */
function eventsByDocument(events: Event[]): readonly Event[][] {
  const starts = events.flatMap(({ type }, position) => (type === EVENT_ID.DOCUMENT ? [position] : []));
  if (starts.length < 2) return starts.length === 0 ? [] : [events];
  return starts.map((start, position) => events.slice(start, starts[position + 1]));
}

/**
 * Refuses aliases that multiply values: each value that is written has a character at least. goyaml refuses these, too, and
 * anchors that contain themselves.
 */
function refuseExpansion(value: unknown, characters: number): void {
  const pending: unknown[] = [value];
  for (let count = 0; pending.length > 0; count++) {
    if (count > characters) throw new YAMLException("aliases repeat too much content");
    const each = pending.pop();
    if (typeof each === "object" && each !== null) for (const below of Object.values(each)) pending.push(below);
  }
}
