import { realpath } from "node:fs/promises";
import { extname } from "node:path";
import type { AdmissionRequest } from "../admission/review.ts";
import { Failure } from "../common/failure.ts";
import { fieldOf } from "../common/field-path.ts";
import { isJsonObject, isSameJson, type JsonObject } from "../common/json.ts";
import { applyPins, type Pin, type PinContext } from "../pin/pin-object.ts";
import { type PinOptions, planPins, type PlannedObject } from "../pin/pin-text.ts";
import { editedText } from "../pin/text-edit.ts";
import { createRequest, isOfCheckedKind, unknownVersion } from "./findings.ts";
import { documentsIn, inputFiles, type InputFile, type InputLine, interruptible } from "./input.ts";
import { type Manifest, manifestsOf } from "./manifest.ts";
import { mistakesIn } from "./mistakes.ts";
import type { PlacedMessage, PlacedPin } from "./output/pins.ts";

/** A file with objects that may name images. */
export interface PinnableFile extends InputFile {
  readonly manifests: readonly Manifest[];
}

/** What happens to one file. */
export interface PlannedFile {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly newText: string;
  readonly pins: readonly PlacedPin[];
  readonly messages: readonly PlacedMessage[];
  /** Each object, with its own pins and messages. */
  readonly objects: readonly PlannedManifest[];
  /** Names that are object names already. */
  readonly unchanged: number;
}

export interface PlanInput {
  /** Used for objects without a namespace. */
  readonly namespace: string;
  readonly context: PinContext;
  readonly options: PinOptions;
}

/** The files of the arguments that have objects of kinds that name images, each once. */
export async function readPinnable(args: readonly string[], io: InputLine): Promise<readonly PinnableFile[]> {
  const files = new Map<string, PinnableFile>();
  for await (const input of inputFiles(args, io)) {
    const manifests: Manifest[] = [];
    for await (const document of interruptible(documentsIn(input), io.stop)) {
      // As arguments of one push, the items of a long List would overflow the stack.
      for (const manifest of manifestsOf(document)) manifests.push(manifest);
    }
    if (!manifests.some(isOfCheckedKind)) continue;
    // A link and its target are one file.
    const path = await realpath(input.file);
    if (!files.has(path)) files.set(path, { ...input, manifests });
  }
  return [...files.values()];
}

/** Throws a Failure `images` where the index is not complete enough to decide. */
export function planFile(file: PinnableFile, input: PlanInput): PlannedFile {
  const { bytes, text } = file;
  const isJson = isJsonText(file);
  const planned = file.manifests.map((manifest) => planManifest(manifest, { text, isJson }, input));
  const edits = planned.flatMap((each) => each.edits);
  const newText = edits.length === 0 ? text : editedText(text, edits);
  const pins = planned.flatMap((each) => each.pins);
  const messages = planned.flatMap((each) => each.messages);
  const [first] = pins;
  const isAsPlanned = first === undefined || hasObjects(newText, planned);
  return {
    file: file.file,
    bytes,
    text,
    newText,
    pins,
    messages: isAsPlanned ? messages : [...messages, { ...first, level: "error", message: NOT_AS_PLANNED }],
    objects: planned,
    unchanged: planned.reduce((sum, each) => sum + each.unchanged, 0),
  };
}

const NOT_AS_PLANNED =
  "not pinned: the file would not have the planned names after the change; write each image name on a line of its own";

type PinMessage = Pick<PlacedMessage, "level" | "field" | "message">;

/** What happens to one object. */
export interface PlannedManifest extends Pick<Extract<PlannedObject, { is: "planned" }>, "edits" | "unchanged"> {
  readonly pins: readonly PlacedPin[];
  readonly messages: readonly PlacedMessage[];
  /** The object after its pins. */
  readonly object: unknown;
}

function planManifest(
  manifest: Manifest,
  { text, isJson }: { readonly text: string; readonly isJson: boolean },
  { namespace, context, options }: PlanInput,
): PlannedManifest {
  const { file, object, positionOf, scalarAt } = manifest;
  const none = { edits: [], unchanged: 0, pins: [], messages: [], object };
  const place = ({ level, field, message }: PinMessage): PlacedMessage => ({
    file,
    ...positionOf(field),
    level,
    field,
    message,
  });
  const request = createRequest(manifest, namespace);
  if (request === undefined || !hasObject(request)) {
    return { ...none, messages: unknownVersion(manifest, "pinned").map(place) };
  }
  const planned = planPins({ request, text, scalarAt, isJson }, context, options);
  switch (planned.is) {
    case "undecided":
      throw new Failure("images", `${file}:${positionOf("").line}: not decided: ${planned.because}`);
    case "refused":
      return { ...none, messages: problemsOf(request, planned.problems).map(place) };
    case "planned":
      return {
        ...planned,
        pins: planned.pins.map((pin) => placedPin(manifest, pin)),
        messages: [],
        object: applyPins(request.object, planned.pins),
      };
  }
}

function hasObject(request: AdmissionRequest): request is AdmissionRequest & { readonly object: JsonObject } {
  return request.object !== undefined;
}

/** A name that a template should have filled in has a better message than an unknown one. */
function problemsOf(
  { object, kind }: AdmissionRequest & { readonly object: JsonObject },
  problems: Extract<PlannedObject, { is: "refused" }>["problems"],
): readonly PinMessage[] {
  const mistakes = mistakesIn(object, kind);
  return problems.map((problem) => {
    const { field, message } = mistakes.find((each) => each.field === problem.field) ?? problem;
    return { level: "error", field, message };
  });
}

function placedPin({ file, positionOf }: Manifest, pin: Pin): PlacedPin {
  const field = fieldOf(pin.path);
  return { file, ...positionOf(field), field, pin };
}

/** Whether a text has these objects: edits by offsets must change what they are meant to, and nothing else. */
function hasObjects(text: string, planned: readonly PlannedManifest[]): boolean {
  try {
    const found = [...documentsIn({ file: "", text })].flatMap(manifestsOf);
    return (
      found.length === planned.length &&
      found.every(({ object }, position) => isSameJson(object, planned[position]?.object))
    );
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** YAML that is valid JSON, too, is JSON to its readers. */
function isJsonText({ file, text }: PinnableFile): boolean {
  if (extname(file) === ".json") return true;
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    return isJsonObject(JSON.parse(text));
  } catch {
    return false;
  }
}
