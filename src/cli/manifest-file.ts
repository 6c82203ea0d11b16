import { REFERENCES } from "../admission/systems.ts";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { Failure, messageOf } from "../common/failure.ts";
import { isJsonObject, type JsonObject, listAt, textAt } from "../common/json.ts";

/** Line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One object of a file of manifests. */
export interface Manifest {
  readonly file: string;
  /** Any JSON value: it is not validated yet. */
  readonly object: unknown;
  /** Position of a field such as `spec.hardware.cdrom[0].image`, or of its nearest parent that exists. */
  readonly positionOf: (field: string) => Position;
}

const CHECKED_KINDS = [...new Set(REFERENCES.map(({ kind }) => kind))];

/** Whether objects of this kind are checked in some version of this group. */
export function isChecked(group: string, kind: string): boolean {
  return REFERENCES.some((row) => row.group === group && row.kind === kind);
}

/** Keys of maps and positions in lists. */
type Steps = readonly string[];

/**
 * The objects of a text in YAML or JSON, which is YAML, too: those of all documents, and the items of each `List`. Throws a
 * Failure `input` with file and line where the text does not parse.
 */
export function readManifests(file: string, text: string): readonly Manifest[] {
  const lineCounter = new LineCounter();
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const fail = (offset: number, why: string): never => {
    throw new Failure("input", `${file}:${positionAt(offset).line}: ${why}`);
  };
  // kubectl knows merge keys, too.
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, merge: true });
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) fail(error.pos[0], error.message);
    const value = valueOf(document, (why) => fail(document.contents?.range[0] ?? 0, why));
    if (value === null || value === undefined) return [];
    return objectsIn(value, []).map(({ object, path }) => ({
      file,
      object,
      positionOf: (field) => positionAt(offsetOf(document, [...path, ...stepsOf(field)])),
    }));
  });
}

/** Fails for an alias without an anchor, and for aliases that expand too far, which the parser does not check. */
function valueOf(document: Document.Parsed, fail: (why: string) => never): unknown {
  try {
    return document.toJS();
  } catch (error) {
    return fail(messageOf(error));
  }
}

interface FoundObject {
  readonly object: unknown;
  readonly path: Steps;
}

function objectsIn(value: unknown, path: Steps): readonly FoundObject[] {
  const items = listItems(value);
  if (items === undefined) return [{ object: value, path }];
  return items.flatMap((item, index) => objectsIn(item, [...path, "items", String(index)]));
}

/** The items of a `List`. Those of a typed list, as `kubectl get --raw` prints it, have no apiVersion and kind of their own. */
function listItems(value: unknown): readonly unknown[] | undefined {
  const kind = textAt(value, ["kind"]);
  if (kind === "List") return listAt(value, ["items"]);
  const apiVersion = textAt(value, ["apiVersion"]);
  const [group = ""] = apiVersion.split("/");
  const itemKind = CHECKED_KINDS.find((each) => kind === `${each}List` && isChecked(group, each));
  if (itemKind === undefined) return undefined;
  const type: JsonObject = { apiVersion, kind: itemKind };
  return listAt(value, ["items"]).map((item) => (isJsonObject(item) ? { ...type, ...item } : item));
}

/** `spec.cdrom[0].image` is `spec`, `cdrom`, `0`, `image`. In brackets a dot is part of the key. */
function stepsOf(field: string): Steps {
  return [...field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([step, inBrackets]) => inBrackets ?? step);
}

interface FoundNode {
  readonly node: unknown;
  readonly offset: number;
}

function offsetOf(document: Document.Parsed, path: Steps): number {
  let here: FoundNode = { node: document.contents, offset: document.contents?.range[0] ?? 0 };
  for (const step of path) {
    const next = childOf(document, here.node, step);
    if (next === undefined) break;
    here = next;
  }
  return here.offset;
}

/** The position of an entry of a map is that of its key. */
function childOf(document: Document.Parsed, parent: unknown, step: string): FoundNode | undefined {
  const node = resolved(document, parent);
  if (isMap(node)) return entryOf(document, node, step);
  const item = isSeq(node) ? node.items[Number(step)] : undefined;
  return found(item, item);
}

function entryOf(document: Document.Parsed, map: unknown, name: string): FoundNode | undefined {
  if (!isMap(map)) return undefined;
  const own = map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
  if (own !== undefined) return found(own.key, own.value);
  for (const { key, value } of map.items) {
    if (!isScalar(key) || key.source !== "<<") continue;
    const merged = resolved(document, value);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const entry = entryOf(document, resolved(document, source), name);
      if (entry !== undefined) return entry;
    }
  }
  return undefined;
}

function found(place: unknown, node: unknown): FoundNode | undefined {
  const offset = (place as Node | null | undefined)?.range?.[0];
  return offset === undefined ? undefined : { node, offset };
}

function resolved(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}
