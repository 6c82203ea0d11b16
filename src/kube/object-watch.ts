import type { Timing } from "../common/timing.ts";
import { toApiError } from "./api-error.ts";
import { Backoff, waitAfter } from "./backoff.ts";
import { withDeadline } from "./deadline.ts";
import type { ApiClient } from "./api-client.ts";
import { watchDeadline, watchSeconds } from "./watch-limits.ts";
import { openWatch } from "./watch-stream.ts";

export interface ObjectWatchOptions {
  readonly client: ApiClient;
  readonly timing: Timing;
  /** Path of the collection: `/api/v1/namespaces/NAMESPACE/secrets`. */
  readonly path: string;
  /** Name of the one object. A right to watch it by resourceNames is enough. */
  readonly name: string;
  /** Called when the object changed, or may have changed. */
  readonly changed: () => void;
}

/**
 * Reports each change of one object until the signal aborts; never rejects. The receiver reads the object itself, so
 * this keeps no copy that could be old. A watch that fails only delays the report: the receiver also polls.
 */
export async function watchObject(options: ObjectWatchOptions, signal: AbortSignal): Promise<void> {
  const { timing } = options;
  const backoff = new Backoff(timing);
  let consecutive = 0;
  while (!signal.aborted) {
    try {
      await watchOnce(options, signal, () => {
        consecutive = 0;
      });
    } catch (error) {
      const { code, retryAfter } = toApiError(error);
      consecutive++;
      await timing.delay(backoff.next(waitAfter(code), consecutive, retryAfter), signal);
    }
  }
}

/** A watch without a resourceVersion begins with the object as it is, so no change between two watches is missed. */
async function watchOnce(
  { client, timing, path, name, changed }: ObjectWatchOptions,
  signal: AbortSignal,
  opened: () => void,
): Promise<void> {
  const seconds = watchSeconds(timing.random());
  const milliseconds = watchDeadline(seconds);
  await withDeadline({ what: "the watch", milliseconds, signal }, async (limited) => {
    const events = await openWatch(client, { path, name, from: undefined, seconds }, limited);
    opened();
    for await (const event of events) if (event.is !== "bookmark") changed();
  });
}
