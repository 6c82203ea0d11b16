/**
 * The load generator, as a process of its own: as many calls as 8 connections get answered, each as soon as the last one
 * is. Its options are in its argument, in JSON; it prints what it counted.
 *
 * autocannon compares each answer with the expected bytes. It connects anew without a word where a server closes a
 * connection, so that a call could get lost uncounted: we compare what was sent with what was answered.
 */
import autocannon from "autocannon";
import { type Load, type LoadOptions, target } from "./load-options.ts";
import { programOptions } from "./processes.ts";

const options = programOptions() as LoadOptions;
const { url, body, headers, tlsOptions } = target(options);
const cpuBefore = process.cpuUsage();
const result = await autocannon({
  url,
  method: "POST",
  headers,
  body,
  tlsOptions,
  connections: options.connections,
  expectBody: options.expected,
  ...(options.calls === undefined ? { duration: options.seconds } : { amount: options.calls }),
});
const cpu = process.cpuUsage(cpuBefore);
const answered = result["2xx"];
// When time is up each connection has one call under way, which is not waited for.
const lost = Math.max(0, result.requests.sent - answered - result.non2xx - options.connections);
const load: Load = {
  calls: answered,
  seconds: result.duration,
  failed: result.errors + result.timeouts + result.non2xx + result.mismatches + result.resets + lost,
  clientCpuSeconds: (cpu.user + cpu.system) / 1e6,
};
process.stdout.write(JSON.stringify(load));
