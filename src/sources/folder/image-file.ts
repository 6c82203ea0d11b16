import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { messageOf } from "../../common/failure.ts";
import { decodeImage } from "../../images/decode/decode-image.ts";
import { type Image, IMAGE_KINDS } from "../../images/image.ts";
import { isJsonObject, type JsonObject, listAt, textAt } from "../../common/json.ts";

const BYTE_ORDER_MARK = "\ufeff";

/** The content of one file of manifests. The first line is 1. */
export interface ImageFile {
  readonly images: readonly { readonly image: Image; readonly line: number }[];
  /** Number of objects of other kinds. */
  readonly skipped: number;
  readonly problems: readonly FileProblem[];
}

export interface FileProblem {
  readonly line: number;
  readonly why: string;
}

interface LocatedObject {
  readonly object: unknown;
  readonly line: number;
}

/** Reads YAML or JSON with several documents or lists, as `kubectl get vmi,cvmi -A -o yaml` prints it. */
export function readImageFile(text: string, extension: string): ImageFile {
  const problems: FileProblem[] = [];
  const unmarked = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
  const objects = extension === ".json" ? jsonObjects(unmarked, problems) : yamlObjects(unmarked, problems);
  const images: { image: Image; line: number }[] = [];
  let skipped = 0;
  for (const { object, line } of objects) {
    const decoded = decodeImage(object);
    if (decoded.is === "image") images.push({ image: decoded.image, line });
    else if (decoded.is === "malformed") problems.push({ line, why: `${decoded.field} ${decoded.why}` });
    else skipped++;
  }
  return { images, skipped, problems };
}

/**
 * Reads valid JSON without line numbers. Only an invalid image needs them, and the YAML parser is slow on large files.
 */
function jsonObjects(text: string, problems: FileProblem[]): readonly LocatedObject[] {
  try {
    const objects = itemsOf(JSON.parse(text)).map((object) => ({ object, line: 1 }));
    return objects.every(({ object }) => decodeImage(object).is !== "malformed")
      ? objects
      : yamlObjects(text, problems);
  } catch (error) {
    const [, line] = /\(line (\d+)/.exec(messageOf(error)) ?? [];
    problems.push({ line: line === undefined ? lineOfJsonError(text) : Number(line), why: oneLine(messageOf(error)) });
    return [];
  }
}

/**
 * JSON.parse does not always name the position of an error. The YAML parser with the JSON schema nearly always does.
 */
function lineOfJsonError(text: string): number {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, schema: "json" });
  const [error] = documents.flatMap(({ errors }) => errors);
  return error === undefined ? 1 : lineCounter.linePos(error.pos[0]).line;
}

function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, " ");
}

function yamlObjects(text: string, problems: FileProblem[]): readonly LocatedObject[] {
  const lineCounter = new LineCounter();
  const objects: LocatedObject[] = [];
  for (const document of parseAllDocuments(text, { lineCounter, prettyErrors: false })) {
    for (const { pos, message } of document.errors)
      problems.push({ line: lineCounter.linePos(pos[0]).line, why: message });
    if (document.errors.length > 0) continue;
    const lineAt = (path: readonly unknown[]): number => {
      const node = document.getIn(path, true) as { range?: readonly number[] } | null | undefined;
      return lineCounter.linePos(node?.range?.[0] ?? 0).line;
    };
    const value = valueOf(document, (why) => problems.push({ line: lineAt([]), why }));
    if (value === null || value === undefined) continue;
    const isList = listItems(value) !== undefined;
    objects.push(...itemsOf(value).map((object, index) => ({ object, line: lineAt(isList ? ["items", index] : []) })));
  }
  return objects;
}

/** Resolving aliases fails for an unknown anchor, and for an alias that repeats too much content. */
function valueOf(document: Document.Parsed, fail: (why: string) => void): unknown {
  try {
    return document.toJS();
  } catch (error) {
    fail(oneLine(messageOf(error)));
    return undefined;
  }
}

function itemsOf(value: unknown): readonly unknown[] {
  return listItems(value) ?? [value];
}

/**
 * The items of a `List`, or of a typed list as `kubectl get --raw` prints it, whose items leave out apiVersion and
 * kind.
 */
function listItems(value: unknown): readonly unknown[] | undefined {
  const kind = textAt(value, ["kind"]);
  if (kind === "List") return listAt(value, ["items"]);
  const itemKind = IMAGE_KINDS.find((each) => kind === `${each}List`);
  if (itemKind === undefined) return undefined;
  const type: JsonObject = { apiVersion: textAt(value, ["apiVersion"]), kind: itemKind };
  return listAt(value, ["items"]).map((item) => (isJsonObject(item) ? { ...type, ...item } : item));
}
