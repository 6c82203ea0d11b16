import { ApiError } from "./api-error.ts";

export interface Deadline {
  /** What must be over by then, for the error message. */
  readonly what: string;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

/**
 * Runs with a signal that aborts at the first of three: the given signal aborts, the deadline passes, `end` is called.
 * The promise rejects then, even if `run` ignores the signal. No timer and no listener is left behind.
 *
 * The deadline is of the machine's clock and not of a `Timing`: it limits real input and output.
 */
export async function withDeadline<T>(
  deadline: Deadline,
  run: (limited: AbortSignal, end: (reason: ApiError) => void) => Promise<T>,
): Promise<T> {
  const { what, milliseconds, signal } = deadline;
  signal.throwIfAborted();
  const limited = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    ended.reject(reason);
    limited.abort(reason);
  };
  const timer = setTimeout(() => {
    end(new ApiError("connection", `${what} took longer than ${milliseconds / 1_000} s`));
  }, milliseconds);
  const stop = (): void => {
    end(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([ended.promise, run(limited.signal, end)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
