import { FILE_HEADERS_ONLY, createTwoFilesPatch } from "diff";
import { Failure, messageOf } from "../common/failure.ts";
import { checkWritable, replaceFile, type ReplacedFile } from "../files/replace-file.ts";
import { encodeAsUtf8 } from "../files/text-file.ts";
import { pinContext } from "../pin/pin-object.ts";
import { imagesFor } from "./check.ts";
import { type Command, type CommandLine, EXIT_DONE, EXIT_NOTHING_CHECKED, EXIT_REFUSED } from "./command.ts";
import { IMAGE_FLAGS, readImages } from "./image-flags.ts";
import { interruptible, STDIN } from "./input.ts";
import { createLog } from "./log.ts";
import { chosenNamespace, DEFAULT_NAMESPACE } from "./namespace.ts";
import { isMove, messageLine, nothingWritten, pinLine, pinSummary } from "./output/pins.ts";
import { nothingHere } from "./output/summary.ts";
import { planFile, type PlannedFile, readPinnable } from "./pin-file.ts";

type PinFlag =
  (typeof IMAGE_FLAGS)[number] | "namespace" | "allow-empty" | "resolution" | "check-pins" | "pin-diff" | "update";

export const pin: Command<PinFlag> = {
  name: "pin",
  summary: "write VMI IDs in place of display names into manifests",
  arguments: { name: "FILE", many: true, help: "manifests in YAML or JSON, or folders of them" },
  flags: [...IMAGE_FLAGS, "namespace", "allow-empty", "resolution", "check-pins", "pin-diff", "update"],
  run: async (args, flags, io) => {
    if (args.includes(STDIN)) throw new Failure("usage", "pin changes files, so it does not read standard input");
    const files = await io.withProgress("reading files", (progress) => readPinnable(args, { ...io, progress }));
    if (files.length === 0 && !flags["allow-empty"]) {
      io.print(`error: ${nothingHere("pinned")}\n`);
      return EXIT_NOTHING_CHECKED;
    }
    const namespace = (await chosenNamespace(flags, io)) ?? DEFAULT_NAMESPACE;
    const wanted = imagesFor(
      files.flatMap(({ manifests }) => manifests),
      namespace,
    );
    const index = await readImages(flags, io, createLog(io.log, "warn"), wanted);
    const input = { namespace, context: pinContext(index, flags.resolution), options: { update: flags.update } };
    const planned: PlannedFile[] = [];
    for await (const file of interruptible(files, io.stop)) planned.push(planFile(file, input));
    return report(planned, { onlyChecks: flags["check-pins"], showsDiff: flags["pin-diff"] }, io);
  },
};

interface PinMode {
  /** Writes nothing, and fails where something is not pinned. */
  readonly onlyChecks: boolean;
  /** Writes nothing, and prints what would be written. */
  readonly showsDiff: boolean;
}

async function report(files: readonly PlannedFile[], mode: PinMode, io: CommandLine): Promise<number> {
  const messages = files.flatMap((each) => each.messages);
  const errors = messages.filter(({ level }) => level === "error").length;
  const changed = files.filter(({ pins }) => pins.length > 0);
  // With --diff the output is a patch, so warnings go beside it.
  const say = mode.showsDiff ? io.printError : io.print;
  say(messages.map(messageLine).join(""));
  if (errors > 0) {
    say(nothingWritten(errors));
    return EXIT_REFUSED;
  }
  if (mode.showsDiff) io.print(changed.map(unifiedDiff).join(""));
  else if (!mode.onlyChecks) await write(changed, io);
  if (!mode.showsDiff) io.print(linesOf(files, mode.onlyChecks));
  return mode.onlyChecks && changed.length > 0 ? EXIT_REFUSED : EXIT_DONE;
}

function linesOf(files: readonly PlannedFile[], onlyChecks: boolean): string {
  const pins = files.flatMap((each) => each.pins);
  const moved = pins.filter((each) => isMove(each.pin)).length;
  const summary = {
    pinned: pins.length - moved,
    moved,
    unchanged: files.reduce((sum, each) => sum + each.unchanged, 0),
    files: files.filter((each) => each.pins.length > 0).length,
  };
  return pins.map((each) => pinLine(each, onlyChecks)).join("") + pinSummary(summary, onlyChecks);
}

/** As `git diff` prints it, so that `git apply` and `patch -p1` take it. */
function unifiedDiff({ file, text, newText }: PlannedFile): string {
  return createTwoFilesPatch(`a/${file}`, `b/${file}`, text, newText, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/**
 * Throws a Failure `input` before the first file where one of them cannot be written. A signal ends the command between two
 * files.
 */
async function write(files: readonly PlannedFile[], io: CommandLine): Promise<void> {
  const replaced = files.map(replacement);
  for (const { path } of replaced) await failing(path, "nothing was written", () => checkWritable(path));
  io.stopOnSignal();
  await io.withProgress("writing files", async (progress) => {
    for (const [written, file] of replaced.entries()) {
      const sofar = `${written} of ${replaced.length} files were written`;
      if (io.stop.aborted) throw new Failure("input", `stopped by ${String(io.stop.reason)}; ${sofar}`);
      await failing(file.path, sofar, () => replaceFile(file));
      progress(written + 1, replaced.length);
    }
  });
}

function replacement({ file, bytes, newText }: PlannedFile): ReplacedFile {
  const after = encodeAsUtf8(newText, bytes);
  if (after === undefined) {
    throw new Failure("input", `cannot write ${file}: it is not in UTF-8; save it as UTF-8. Nothing was written`);
  }
  return { path: file, before: bytes, after };
}

async function failing(path: string, sofar: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    throw new Failure("input", `cannot write ${path}: ${messageOf(error)}; ${sofar}`, { cause: error });
  }
}
