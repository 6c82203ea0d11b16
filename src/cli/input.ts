import { stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { Failure, messageOf } from "../common/failure.ts";
import { manifestFiles } from "../files/manifest-files.ts";
import { collectBytes, decodeText, readText, type ReadLimits } from "../files/text-file.ts";
import { type YamlDocument, yamlDocuments, YamlError } from "../files/yaml.ts";
import type { CommandLine } from "./command.ts";
import type { Progress } from "./progress-line.ts";

/** What reading needs of the process. */
export interface InputLine extends Pick<CommandLine, "stdin" | "stop"> {
  /** Hears how many of the files are read. */
  readonly progress?: Progress;
}

/** One document of an input. */
export interface InputDocument extends YamlDocument {
  /** As it was given, or below a folder that was given; `-` is standard input. */
  readonly file: string;
}

export const STDIN = "-";

/** Every position of a text has its own object, so memory is many times the size of the text. */
const MAX_BYTES = 64 * 2 ** 20;
/** So many documents are handled at once before signals are heard. */
const BATCH = 100;

/**
 * The documents of files, of every manifest below folders, and of standard input, in the order of the arguments. An empty
 * document, and a file without one, has the value null. Reports progress in files. Throws a Failure `input` that names file and line.
 */
export async function* inputDocuments(args: readonly string[], io: InputLine): AsyncGenerator<InputDocument> {
  const files = await filesOf(args, io);
  for (const [position, file] of files.entries()) {
    const text = await textOf(file, io);
    for await (const document of interruptible(documentsOf(file, text), io.stop)) yield { file, ...document };
    io.progress?.(position + 1, files.length);
  }
}

/** Lets signals be heard between items, also where there are thousands of them. Throws a Failure after `stop`. */
export async function* interruptible<T>(items: Iterable<T>, stop: AbortSignal): AsyncGenerator<T> {
  let count = 0;
  for (const item of items) {
    if (++count % BATCH === 0) await setImmediate();
    if (stop.aborted) throw new Failure("input", `stopped by ${String(stop.reason)}`);
    yield item;
  }
}

async function filesOf(args: readonly string[], io: InputLine): Promise<readonly string[]> {
  const files: string[] = [];
  for (const arg of args) {
    const found = arg === STDIN ? [arg] : await withReason(arg, io, () => filesAt(arg, io));
    for (const file of found) files.push(file);
  }
  return files;
}

/** The file itself, or the manifests below a folder. */
async function filesAt(path: string, io: InputLine): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const found: string[] = [];
  // kubectl reads names with a leading dot, too.
  for await (const file of manifestFiles(path, { dotNames: true, signal: io.stop })) found.push(file.path);
  return found;
}

function textOf(file: string, io: InputLine): Promise<string> {
  const limits: ReadLimits = { maxBytes: MAX_BYTES, signal: io.stop };
  return withReason(file, io, async () =>
    file === STDIN ? decodeText(await collectBytes(io.stdin(), limits)) : await readText(file, limits),
  );
}

async function withReason<T>(path: string, { stop }: InputLine, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (stop.aborted) throw new Failure("input", `stopped by ${String(stop.reason)}`, { cause: error });
    throw new Failure("input", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function* documentsOf(file: string, text: string): Generator<YamlDocument> {
  try {
    let isEmpty = true;
    for (const document of yamlDocuments(text)) {
      isEmpty = false;
      yield document;
    }
    if (isEmpty) yield { value: null, positionOf: () => ({ line: 1, column: 1 }) };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new Failure("input", `${file}:${error.line}: ${error.message}`, { cause: error });
  }
}
