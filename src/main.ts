#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { runProgram } from "./cli/program.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  // Once: a second signal ends the process at once, by its default action.
  process.once(signal, () => {
    stop.abort();
  });
}
// A reader that went away (`| head`) is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  print: (output) => process.stdout.write(output),
  printError: (output) => process.stderr.write(output),
  readStdin: () => text(process.stdin),
  stop: stop.signal,
  now: () => new Date(),
});
