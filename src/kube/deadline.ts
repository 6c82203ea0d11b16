import { Trouble } from "./trouble.ts";

export interface Deadline {
  /** What has to be over by then, for the message. */
  readonly what: string;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

/**
 * Runs with a signal that aborts with the given one, at the deadline or when `end` is called, whichever is first, and
 * rejects then even if what runs takes no notice. Leaves no timer and no listener behind.
 */
export async function within<T>(
  deadline: Deadline,
  run: (limited: AbortSignal, end: (reason: Trouble) => void) => Promise<T>,
): Promise<T> {
  const { what, milliseconds, signal } = deadline;
  signal.throwIfAborted();
  const limited = new AbortController();
  const cut = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    cut.reject(reason);
    limited.abort(reason);
  };
  const timer = setTimeout(() => {
    end(new Trouble("connection", `${what} took longer than ${milliseconds / 1_000} s`));
  }, milliseconds);
  const stop = (): void => {
    end(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([cut.promise, run(limited.signal, end)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
