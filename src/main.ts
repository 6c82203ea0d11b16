#!/usr/bin/env node
import { ignoreBrokenPipe } from "./cli/broken-pipe.ts";
import { EXIT_BY_SIGNAL, EXIT_CRASHED } from "./cli/command.ts";
import { logCrash } from "./cli/log.ts";
import { LogDestination } from "./cli/log-destination.ts";
import { SYSTEM_TIMING } from "./common/timing.ts";
import { runProgram } from "./cli/program.ts";

/** Milliseconds that the process waits at its end for the reader of its log. */
const MAX_FLUSH = 1_000;

const log = new LogDestination(process.stderr);

function exit(code: number): void {
  if (log.isWritten) process.exit(code);
  // process.exit drops lines that are not written yet.
  void log.flush(MAX_FLUSH).then(() => process.exit(code));
}

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  // The first process of a container has no default action for signals, so it must handle them.
  process.on(signal, () => {
    if (stop.signal.aborted) exit(EXIT_BY_SIGNAL[signal]);
    stop.abort(signal);
  });
}
// Unhandled rejections come here, too.
process.on("uncaughtException", (error, origin) => {
  logCrash(log, error, origin);
  exit(EXIT_CRASHED);
});
ignoreBrokenPipe(process.stdout);

process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  print: (output) => process.stdout.write(output),
  printError: (output) => process.stderr.write(output),
  log,
  stdin: () => process.stdin,
  isInteractive: () => process.stdin.isTTY,
  stop: stop.signal,
  now: SYSTEM_TIMING.now,
  openFiles: openFileLimit,
});
// Output that is not read would keep the process alive. After a signal it ends all the same.
if (stop.signal.aborted) setTimeout(() => process.exit(), MAX_FLUSH).unref();

/** From Node's diagnostic report (nodejs.org/api/report.html), which has the limits only on systems that know them. */
function openFileLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}
