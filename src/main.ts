#!/usr/bin/env node
import { ignoreBrokenPipe } from "./cli/broken-pipe.ts";
import { EXIT_BY_SIGNAL, EXIT_CRASHED } from "./cli/command.ts";
import { logCrash } from "./cli/log.ts";
import { LogDestination } from "./cli/log-destination.ts";
import { SYSTEM_TIMING } from "./common/timing.ts";
import { runProgram } from "./cli/program.ts";
import { programName } from "./cli/program-name.ts";
import { ProgressLine } from "./cli/progress-line.ts";

/** Milliseconds that the process waits at its end for the reader of its log. */
const MAX_FLUSH = 1_000;

const log = new LogDestination(process.stderr);
const { monotonic, setTimer, now } = SYSTEM_TIMING;
const progress = process.stderr.isTTY
  ? new ProgressLine({ write: (text) => process.stderr.write(text), clock: { monotonic }, setTimer })
  : undefined;

function exit(code: number): void {
  if (log.isWritten) process.exit(code);
  // process.exit drops lines that are not written yet.
  void log.flush(MAX_FLUSH).then(() => process.exit(code));
}

type StopSignal = keyof typeof EXIT_BY_SIGNAL;
const STOP_SIGNALS: readonly StopSignal[] = ["SIGTERM", "SIGINT"];

const stop = new AbortController();

function endAtOnce(signal: StopSignal): void {
  exit(EXIT_BY_SIGNAL[signal]);
}

/** Makes the first signal abort `stop`. A second one ends the process at once. */
function stopOnSignal(): void {
  for (const signal of STOP_SIGNALS) {
    process.off(signal, endAtOnce);
    process.on(signal, () => {
      if (stop.signal.aborted) endAtOnce(signal);
      stop.abort(signal);
    });
  }
}

// Without a handler the system ends the process at once, even while it computes. It does not do so for the first process
// of a container.
if (process.pid === 1) for (const signal of STOP_SIGNALS) process.on(signal, endAtOnce);
// Unhandled rejections come here, too.
process.on("uncaughtException", (error, origin) => {
  logCrash(log, error, origin);
  exit(EXIT_CRASHED);
});
ignoreBrokenPipe(process.stdout);

const [, file, ...args] = process.argv;
process.exitCode = await runProgram(
  args,
  {
    environment: process.env,
    print: (output) => {
      progress?.clear();
      process.stdout.write(output);
    },
    printError: (output) => {
      progress?.clear();
      process.stderr.write(output);
    },
    log: {
      write: (line) => {
        progress?.clear();
        log.write(line);
      },
      formatWith: (format) => {
        log.formatWith(format);
      },
    },
    // hasColors knows NO_COLOR.
    terminal: process.stderr.isTTY ? { colors: process.stderr.hasColors() } : undefined,
    withProgress: (what, step) => progress?.during(what, step) ?? step(() => undefined),
    stdin: () => process.stdin,
    isInteractive: () => process.stdin.isTTY,
    stop: stop.signal,
    stopOnSignal,
    now,
    openFiles: openFileLimit,
  },
  programName(file),
);
// Output that is not read would keep the process alive. After a signal it ends all the same.
if (stop.signal.aborted) setTimeout(() => process.exit(), MAX_FLUSH).unref();

/** From Node's diagnostic report (nodejs.org/api/report.html), which has the limits only on systems that know them. */
function openFileLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}
