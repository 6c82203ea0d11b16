/**
 * The load generator, as a process of its own: as many calls as 8 connections get answered, each as soon as the last one
 * is. Its options are in its argument, in JSON; it prints what it counted.
 *
 * autocannon compares each answer with the expected bytes. It connects anew without a word where a server closes a
 * connection, so that a call could get lost uncounted: we compare what was sent with what was answered.
 */
import autocannon from "autocannon";
import { type Load, type LoadOptions, target, warmUpOf } from "./load-options.ts";
import { programOptions } from "./processes.ts";

const options = programOptions() as LoadOptions;
const { url, body, headers, tlsOptions } = target(options);
const warmUp = warmUpOf(options);
const countsFrom = performance.now() + 1_000 * warmUp;
/** Calls that were answered with status 2xx, those of them that count, and when the first and the last of these were. */
let answers = 0;
let counted = 0;
let firstAnswerAt = NaN;
let lastAnswerAt = NaN;
let isOver = false;
let busySeconds = 0;

/**
 * Never lets this process sleep. A server that writes to a process that sleeps pays for its waking: 20 us of its own
 * time on a virtual machine, as much as a decision, and the slower of two servers pays it more often, for its load
 * generator waits more. API servers are on other machines.
 */
function stayAwake(turnedAt: number, answersBefore: number): void {
  const now = performance.now();
  if (answers > answersBefore && now >= countsFrom) busySeconds += (now - turnedAt) / 1_000;
  if (!isOver) setImmediate(stayAwake, now, answers);
}

const end = Promise.withResolvers<autocannon.Result>();
const running = autocannon(
  {
    url,
    method: "POST",
    headers,
    body,
    tlsOptions,
    connections: options.connections,
    expectBody: options.expected,
    ...(options.calls === undefined ? { duration: warmUp + options.seconds } : { amount: options.calls }),
  },
  (error: Error | null, result) => {
    if (error === null) end.resolve(result);
    else end.reject(error);
  },
);
running.on("response", (_client, status) => {
  if (status < 200 || status >= 300) return;
  answers++;
  const now = performance.now();
  if (now < countsFrom) return;
  if (counted++ === 0) firstAnswerAt = now;
  lastAnswerAt = now;
});
stayAwake(performance.now(), answers);
const result = await end.promise;
isOver = true;
const answered = result["2xx"];
// When time is up each connection has one call under way, which is not waited for.
const lost = Math.max(0, result.requests.sent - answered - result.non2xx - options.connections);
const load: Load = {
  calls: counted,
  allCalls: answered,
  seconds: (lastAnswerAt - firstAnswerAt) / 1_000,
  failed: result.errors + result.timeouts + result.non2xx + result.mismatches + result.resets + lost,
  clientBusySeconds: busySeconds,
};
process.stdout.write(JSON.stringify(load));
