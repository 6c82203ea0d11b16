/**
 * Servers that take turns, from one process of its own: as many calls to one as take a fifth of a second, then to the next.
 * What else the machine does lasts for longer, and hits all of them alike. Its options are in its argument, in JSON; it
 * prints what it counted.
 */
import { fire } from "./cannon.ts";
import type { Calls } from "./load-options.ts";
import { cpuSeconds, programOptions } from "./processes.ts";
import { rotated } from "./statistics.ts";

export interface TurnsOptions {
  /** Each with the number of calls of a turn. */
  readonly servers: readonly (Calls & { readonly pid: number; readonly calls: number })[];
  /** Of each server, those that count. */
  readonly turns: number;
  /** Before them, until the compiler has seen enough of this process. */
  readonly uncounted: number;
}

/** What counts of a turn. */
export interface Turn {
  readonly calls: number;
  readonly seconds: number;
  /** Of the server; NaN where the system does not say. */
  readonly cpuSeconds: number;
  /** Of this process. */
  readonly busySeconds: number;
}

export interface Turns {
  /** By server, in their order. */
  readonly turns: readonly (readonly Turn[])[];
  readonly failed: number;
}

/** Of the calls of a turn: connections are made in those before, and some connections have no more to do in those after. */
const COUNTED = { from: 0.15, to: 0.9 } as const;

interface Mark {
  readonly number: number;
  readonly at: number;
  readonly cpu: number;
}

const { servers, turns: most, uncounted } = programOptions() as TurnsOptions;
const turns = servers.map((): Turn[] => []);
let failed = 0;
for (let round = -uncounted; round < most; round++) {
  for (const [position, server] of rotated([...servers.entries()], Math.abs(round))) {
    const turn = await take(server);
    if (round >= 0) turns[position]?.push(turn);
  }
}
process.stdout.write(JSON.stringify({ turns, failed } satisfies Turns));

async function take(server: TurnsOptions["servers"][number]): Promise<Turn> {
  const [first, last] = [Math.ceil(COUNTED.from * server.calls), Math.floor(COUNTED.to * server.calls)];
  const marks: Mark[] = [];
  const done = await fire(server, {
    answered: (number, at) => {
      if (number === first || number === last) marks.push({ number, at, cpu: cpuSeconds(server.pid) });
    },
    counts: () => marks.length === 1,
  });
  failed += done.failed;
  const [from, to] = marks;
  if (from === undefined || to === undefined) throw new Error(`${done.answers} of ${server.calls} calls were answered`);
  return {
    calls: to.number - from.number,
    seconds: (to.at - from.at) / 1_000,
    cpuSeconds: to.cpu - from.cpu,
    busySeconds: done.busySeconds,
  };
}
