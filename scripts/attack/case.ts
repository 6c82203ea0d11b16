import type { CallTally } from "./honest.ts";
import type { ProbeTally } from "./prober.ts";
import type { Usage } from "./server.ts";

/** The ports of the server under attack, on 127.0.0.1. */
export interface Target {
  readonly port: number;
  readonly opsPort: number;
}

/** The result of an attack. */
export interface Figures {
  /** What the attackers did, for the report. */
  readonly text: string;
  /** Answers that the server must not give. */
  readonly wrong: readonly string[];
}

/** The result of one case. */
export interface Outcome extends Usage {
  readonly figures: Figures;
  readonly honest: CallTally;
  readonly probes: ProbeTally;
  /** The longest time, in seconds, for which the server kept a connection whose client did not read its answer. */
  readonly unreadFor: number;
  /** Seconds from the end of the attack until a kept connection, a new one and a probe are answered. Undefined means never. */
  readonly recoveredAfter: number | undefined;
  /** How the server ended by itself. Undefined where it was still running. */
  readonly died: string | undefined;
}

/** Returns, as text, each way in which the outcome is not as expected. */
export type Expectation = (outcome: Outcome) => readonly string[];

export interface AttackCase {
  readonly name: string;
  /** File descriptors that the attackers need, and the server as well. */
  readonly descriptors: number;
  /** Resolves at the end of the attack. Its connections end with its thread. */
  readonly attack: (target: Target) => Promise<Figures>;
  readonly expectations: readonly Expectation[];
}
