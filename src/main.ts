#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { Batched } from "./cli/batched.ts";
import { EXIT_BY_SIGNAL, EXIT_CRASHED } from "./cli/command.ts";
import { letReaderGo } from "./cli/gone-reader.ts";
import { logCrash } from "./cli/log.ts";
import { LogStream } from "./cli/log-stream.ts";
import { runProgram } from "./cli/program.ts";

const errors = new Batched(new LogStream(process.stderr).write);
const { print: printError } = errors;
// Whatever ends the process, a crash included.
process.on("exit", errors.flush);
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  // Said here, because the default action of a signal is none for the first process of a container.
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(EXIT_BY_SIGNAL[signal]);
    stop.abort(signal);
  });
}
// A promise that is rejected and not awaited comes here, too.
process.on("uncaughtException", (error, origin) => {
  logCrash({ printError }, error, origin);
  process.exit(EXIT_CRASHED);
});
letReaderGo(process.stdout);

process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  print: (output) => process.stdout.write(output),
  printError,
  readStdin: () => text(process.stdin),
  stop: stop.signal,
  now: () => new Date(),
  openFiles: openFileLimit,
});

/** From Node's diagnostic report (nodejs.org/api/report.html), which has the limits where the system knows any. */
function openFileLimit(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}
