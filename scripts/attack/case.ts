import type { CallTally } from "./honest.ts";
import type { ProbeTally } from "./prober.ts";
import type { Usage } from "./server.ts";

/** The ports of the server under attack, on 127.0.0.1. */
export interface Target {
  readonly port: number;
  readonly opsPort: number;
}

/** What an attacker counted. */
export interface Figures {
  /** What the attackers did, for their column of the report. */
  readonly text: string;
  /** Answers that the server must not give; none where it did well. */
  readonly wrong: readonly string[];
}

/** What came of one case. */
export interface Outcome extends Usage {
  readonly figures: Figures;
  readonly honest: CallTally;
  readonly probes: ProbeTally;
  /** Seconds for which the server kept a connection whose other side took nothing of its answer: the longest of all. */
  readonly unreadFor: number;
  /** Seconds from the end of the attack until a kept connection, a new one and a probe were answered; undefined: never. */
  readonly recoveredAfter: number | undefined;
  /** How the server ended by itself; undefined where it still ran. */
  readonly died: string | undefined;
}

/** Gives what the outcome misses, in words; nothing where all is as expected. */
export type Expectation = (outcome: Outcome) => readonly string[];

export interface AttackCase {
  readonly name: string;
  /** File descriptors that the attackers and the server need, each. */
  readonly descriptors: number;
  /** Ends with the attack; its connections end with its thread. */
  readonly attack: (target: Target) => Promise<Figures>;
  readonly expectations: readonly Expectation[];
}
