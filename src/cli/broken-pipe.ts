import type { Writable } from "node:stream";

/** Goes on where the reader of what is printed went away (`| head`): that is no error of ours. Any other one is thrown. */
export function letReaderGo(stream: Writable): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
