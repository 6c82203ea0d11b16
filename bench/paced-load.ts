/**
 * Calls at a given rate, whether the last ones are answered or not, as a process of its own: what an answer takes when a
 * server is not at its limit. (autocannon sends the calls of a second at once and then waits.) A call's time counts from
 * when it was due, not from when a connection was free, so that a stall counts for every call that it holds up. Its
 * options are in its argument, in JSON; it prints what it counted.
 */
import { connect, type TLSSocket } from "node:tls";
import { type LoadOptions, target, warmUpOf } from "./load-options.ts";
import { programOptions } from "./processes.ts";
import { percentile } from "./statistics.ts";

export type PacedLoadOptions = LoadOptions & {
  /** Calls a second. */
  readonly rate: number;
};

export interface PacedLoad {
  readonly calls: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const options = programOptions() as PacedLoadOptions;
const { body, headers, tlsOptions } = target(options);
const lines = Object.entries({ host: "127.0.0.1", ...headers, "content-length": Buffer.byteLength(body) });
const head = ["POST /mutate?timeout=10s HTTP/1.1", ...lines.map(([name, value]) => `${name}: ${value}`), "", ""];
const question = Buffer.from(head.join("\r\n") + body);
const expected = Buffer.from(options.expected);
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const STATUS_200 = Buffer.from("HTTP/1.1 200 ");

/** When the call under way on a connection was due; connections without one are free. */
const due = new Map<TLSSocket, number>();
const free: TLSSocket[] = [];
const warmUp = warmUpOf(options);
/** Calls of the warm-up. */
const untimed = Math.round(warmUp * options.rate);
const most = untimed + Math.round(options.calls ?? options.seconds * options.rate);
/** Of one size: to grow takes a stall. */
const times = new Float64Array(most);
let answered = 0;
let failed = 0;

function receive(socket: TLSSocket): (chunk: Buffer) => void {
  let received: Buffer[] = [];
  return (chunk) => {
    received.push(chunk);
    const answer = received.length === 1 ? chunk : Buffer.concat(received);
    const end = answer.indexOf(END_OF_HEAD);
    if (end === -1 || answer.length < end + END_OF_HEAD.length + expected.length) return;
    received = [];
    times[answered++] = performance.now() - (due.get(socket) ?? NaN);
    due.delete(socket);
    const isRight = answer.indexOf(STATUS_200) === 0 && answer.subarray(end + END_OF_HEAD.length).equals(expected);
    if (!isRight) failed++;
    free.push(socket);
  };
}

async function open(): Promise<TLSSocket> {
  const socket = connect({ ...tlsOptions, host: "127.0.0.1", port: options.port });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
  });
  socket.setNoDelay(true).on("data", receive(socket));
  socket.on("close", () => {
    if (due.delete(socket)) failed++;
  });
  return socket;
}

const sockets = await Promise.all(Array.from({ length: options.connections }, open));
free.push(...sockets);
const begun = performance.now();
let sent = 0;
while (sent < most || due.size > 0) {
  const now = performance.now();
  if (now - begun > (warmUp + (options.seconds ?? 0) + 30) * 1_000) break;
  for (let at = begun + (sent / options.rate) * 1_000; at <= now && sent < most; sent++) {
    const socket = free.pop();
    if (socket === undefined) break;
    due.set(socket, at);
    socket.write(question);
    at = begun + ((sent + 1) / options.rate) * 1_000;
  }
  await new Promise(setImmediate);
}
failed += due.size + most - sent;
for (const socket of sockets) socket.destroy();
const timed = times.subarray(untimed, answered);
const result: PacedLoad = { calls: timed.length, failed, p50: percentile(timed, 0.5), p99: percentile(timed, 0.99) };
process.stdout.write(JSON.stringify(result));
