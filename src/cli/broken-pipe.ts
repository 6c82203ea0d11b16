import type { Writable } from "node:stream";

/** Ignores that the reader of a stream went away, as in `| head`. Throws any other error. */
export function ignoreBrokenPipe(stream: Writable): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
