import { LineCounter, parseAllDocuments } from "yaml";
import { messageOf } from "../../common/failure.ts";
import { decodeImage } from "../../images/decode/decode-image.ts";
import { type Image, IMAGE_KINDS } from "../../images/image.ts";
import { isJsonObject, type JsonObject, listAt, textAt } from "../../common/json.ts";
import { YamlError, yamlDocuments } from "../../files/yaml.ts";

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
  const objects = extension === ".json" ? jsonObjects(text, problems) : yamlObjects(text, problems);
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
 * JSON.parse does not always name the position of an error. The parser of `yaml`, which knows strict JSON, nearly always
 * does.
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

/** The objects before the first document that does not parse, which is a problem. */
function yamlObjects(text: string, problems: FileProblem[]): readonly LocatedObject[] {
  const objects: LocatedObject[] = [];
  try {
    for (const { value, positionOf } of yamlDocuments(text)) {
      if (value === null) continue;
      const isList = listItems(value) !== undefined;
      for (const [position, object] of itemsOf(value).entries()) {
        objects.push({ object, line: positionOf(isList ? ["items", String(position)] : []).line });
      }
    }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    problems.push({ line: error.line, why: error.message });
  }
  return objects;
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
