import autocannon from "autocannon";
import { type LoadOptions, target } from "./load-options.ts";

export interface Cannon {
  /** Called with each answer of status 2xx, with its number, from 1 on, and the time. */
  readonly answered: (number: number, now: number) => void;
  /** Whether what happens now counts as busy; absent where nobody asks for that. */
  readonly counts?: () => boolean;
}

/** What came of it, from the first call to the last. */
export interface Cannonade {
  readonly answers: number;
  /** Calls with another status or body, or without an answer. */
  readonly failed: number;
  /** Of the turns of the event loop in which something was answered, as far as they count. */
  readonly busySeconds: number;
}

/** Milliseconds after which autocannon looks whether all calls are answered; where nothing is said, a second. */
const LOOK_INTERVAL = 10;

/**
 * As many calls as the connections get answered, each as soon as the last one is, by autocannon, which compares each answer
 * with the expected bytes. It connects anew without a word where a server closes a connection, so that a call could get
 * lost uncounted: we compare what was sent with what was answered.
 */
export async function fire(options: LoadOptions, { answered, counts }: Cannon): Promise<Cannonade> {
  const { url, body, headers, tlsOptions } = target(options);
  const { connections, expected } = options;
  let answers = 0;
  let isOver = false;
  let busySeconds = 0;

  /**
   * Never lets this process sleep. A server that writes to a process that sleeps pays for its waking: 20 us of its own
   * time on a virtual machine, as much as a decision, and the slower of two servers pays it more often, for its load
   * generator waits more. API servers are on other machines.
   */
  const stayAwake = (turnedAt: number, answersBefore: number): void => {
    const now = performance.now();
    if (answers > answersBefore && counts?.() === true) busySeconds += (now - turnedAt) / 1_000;
    if (!isOver) setImmediate(stayAwake, now, answers);
  };

  const most =
    options.calls === undefined ? { duration: options.seconds } : { amount: options.calls, sampleInt: LOOK_INTERVAL };
  const end = Promise.withResolvers<autocannon.Result>();
  const running = autocannon(
    { url, method: "POST", headers, body, tlsOptions, connections, expectBody: expected, ...most },
    (error: Error | null, result) => {
      if (error === null) end.resolve(result);
      else end.reject(error);
    },
  );
  running.on("response", (_client, status) => {
    if (status >= 200 && status < 300) answered(++answers, performance.now());
  });
  stayAwake(performance.now(), answers);
  const result = await end.promise;
  isOver = true;
  // When time is up each connection has one call under way, which is not waited for.
  const lost = Math.max(0, result.requests.sent - result["2xx"] - result.non2xx - connections);
  const failed = result.errors + result.timeouts + result.non2xx + result.mismatches + result.resets + lost;
  return { answers: result["2xx"], failed, busySeconds };
}
