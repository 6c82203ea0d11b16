import { Failure } from "../common/failure.ts";
import { isJsonObject, type JsonObject, listAt, textAt } from "../common/json.ts";
import { encodeAsUtf8 } from "../files/text-file.ts";
import { decodeFunctionConfig, type FunctionConfig } from "../pin/function-config.ts";
import { type FunctionResult, originOf } from "../pin/function-result.ts";
import { pinContext } from "../pin/pin-object.ts";
import { imagesFor } from "./check.ts";
import { type Command, EXIT_DONE, EXIT_REFUSED } from "./command.ts";
import { type FunctionFlags, functionImages } from "./function-images.ts";
import { documentsIn, inputFiles, type InputDocument, type InputFile, type InputLine, STDIN } from "./input.ts";
import { isResourceList, manifestsOf } from "./manifest.ts";
import { DEFAULT_NAMESPACE } from "./namespace.ts";
import { plain, quote } from "../references/field-error.ts";
import { withResults } from "./function-output.ts";
import { isMove } from "./output/pins.ts";
import { planFile, type PlannedFile, type PlannedManifest } from "./pin-file.ts";

export const fn: Command<keyof FunctionFlags | "namespace" | "resolution" | "update"> = {
  name: "fn",
  summary: "pin names as a KRM function: a ResourceList from standard input to standard output",
  flags: ["images", "max-images", "log-format", "namespace", "resolution", "update"],
  run: async (_, flags, io) => {
    if (io.isInteractive()) throw new Failure("usage", "standard input is a terminal: fn reads a ResourceList there");
    const { file, document, list } = await readResourceList(io);
    const config = functionConfigOf(list);
    const namespace = config.namespace ?? flags.namespace ?? DEFAULT_NAMESPACE;
    const manifests = manifestsOf(document);
    const wanted = imagesFor(manifests, namespace);
    const index = await functionImages({ config, items: listAt(list, ["items"]), wanted }, flags, io);
    const planned = planFile(
      { ...file, manifests },
      {
        namespace,
        context: pinContext(index, config.resolution ?? flags.resolution),
        options: { update: config.update ?? flags.update },
      },
    );
    const errors = planned.messages.filter(({ level }) => level === "error");
    io.print(withResults(errors.length > 0 ? file.text : planned.newText, resultsOf(planned, errors.length === 0)));
    for (const { line, column, field, message } of errors) {
      io.printError(`${STDIN}:${line}:${column}: error: ${field}: ${message}\n`);
    }
    return errors.length > 0 ? EXIT_REFUSED : EXIT_DONE;
  },
};

interface ReadList {
  readonly file: InputFile;
  readonly document: InputDocument;
  readonly list: JsonObject;
}

/** Throws a Failure `input` for anything but one ResourceList. */
async function readResourceList(io: InputLine): Promise<ReadList> {
  const fail = (why: string): never => {
    throw new Failure("input", `standard input ${why}; fn reads one ResourceList (config.kubernetes.io/v1)`);
  };
  for await (const file of inputFiles([STDIN], io)) {
    if (encodeAsUtf8(file.text, file.bytes) === undefined) fail("is not in UTF-8");
    const [document, ...others] = [...documentsIn(file)].filter(({ value }) => value !== null);
    if (document === undefined) return fail("is empty");
    if (others.length > 0) return fail(`has ${others.length + 1} documents`);
    const list = document.value;
    if (!isJsonObject(list) || !isResourceList(list)) return fail(`is not a ResourceList: ${typeText(list)}`);
    const items = list["items"];
    if (items !== undefined && items !== null && !Array.isArray(items)) return fail("has items that are not a list");
    return { file, document, list };
  }
  return fail("is empty");
}

function typeText(value: unknown): string {
  return `apiVersion ${quote(textAt(value, ["apiVersion"]))}, kind ${quote(textAt(value, ["kind"]))}`;
}

function functionConfigOf(list: JsonObject): FunctionConfig {
  const decoded = decodeFunctionConfig(list["functionConfig"]);
  if (decoded.is === "malformed") throw new Failure("input", `${decoded.field} ${decoded.why}`);
  return decoded.config;
}

/** Every message; and every pin, if pins are written. */
function resultsOf({ objects, messages }: PlannedFile, isWritten: boolean): readonly FunctionResult[] {
  const placed = new Set(objects.flatMap((each) => each.messages));
  const others = messages.filter((message) => !placed.has(message));
  return [
    ...objects.flatMap((each) => objectResults(each, isWritten)),
    ...others.map(({ level, field, message }) => ({
      message,
      severity: level,
      resourceRef: {},
      field: { path: field },
    })),
  ];
}

function objectResults({ object, messages, pins }: PlannedManifest, isWritten: boolean): readonly FunctionResult[] {
  const origin = originOf(object);
  const said = messages.map(({ level, field, message }) => ({
    message,
    severity: level,
    ...origin,
    field: { path: field },
  }));
  const written = pins.map(({ field, pin }) => ({
    message: `${quote(pin.requested)} ${isMove(pin) ? "moved" : "pinned"} to ${plain(pin.to)}`,
    severity: "info" as const,
    ...origin,
    field: { path: field, currentValue: pin.from, proposedValue: pin.to },
  }));
  return isWritten ? [...said, ...written] : said;
}
