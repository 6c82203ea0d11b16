import { Backoff, type Timing } from "./backoff.ts";
import { within } from "./deadline.ts";
import type { ApiClient } from "./response.ts";
import { rowOf } from "./trouble.ts";
import { openWatch } from "./watch-stream.ts";
import { DEFAULT_LIMITS } from "../sources/cluster/reflector-limits.ts";
import { troubleOfCall } from "./typed-api.ts";

export interface ObjectWatchOptions {
  readonly client: ApiClient;
  readonly timing: Timing;
  /** Of the collection: `/api/v1/namespaces/NAMESPACE/secrets`. */
  readonly path: string;
  /** Of the one object; rights by resourceNames are enough to watch it. */
  readonly name: string;
  /** Something happened to it, or may have. */
  readonly changed: () => void;
}

/**
 * Reports each change of one object, until the signal aborts; never rejects. The receiver reads the object itself, so
 * nothing is kept here that could be old. A watch that fails costs only time: the receiver polls besides.
 */
export async function watchObject(options: ObjectWatchOptions, signal: AbortSignal): Promise<void> {
  const { timing } = options;
  const backoff = new Backoff(timing);
  let inARow = 0;
  while (!signal.aborted) {
    try {
      await watchOnce(options, signal, () => {
        inARow = 0;
      });
    } catch (error) {
      const { code, retryAfter } = troubleOfCall(error);
      inARow++;
      await timing.delay(backoff.next(rowOf(code, inARow, false).wait, inARow, retryAfter), signal);
    }
  }
}

/** Without a resourceVersion a watch begins with the object as it is: what happened in between is not missed. */
async function watchOnce(
  { client, timing, path, name, changed }: ObjectWatchOptions,
  signal: AbortSignal,
  opened: () => void,
): Promise<void> {
  const seconds = DEFAULT_LIMITS.watchSeconds(timing.random());
  const milliseconds = seconds * 1_000 + DEFAULT_LIMITS.watchGrace;
  await within({ what: "the watch", milliseconds, signal }, async (cut) => {
    const events = await openWatch(client, { path, name, from: "", seconds }, cut);
    opened();
    for await (const event of events) if (event.is !== "bookmark") changed();
  });
}
