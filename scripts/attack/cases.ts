import type { AttackCase, Expectation } from "./case.ts";
import {
  handshakesThrough,
  keptConnectionStays,
  memoryBelow,
  probesAnswered,
  recoversWithin,
  refusedAtMostFor,
  reviewsAnswered,
  rightAnswers,
  survives,
  unreadAtMostFor,
} from "./expectations.ts";
import { announced, connects, halfOpen, idle, slowBodies, slowHeaders } from "./idle.ts";
import { largeBodies, load } from "./load.ts";
import { unreadLarge, unreadMetrics, unreadPatches } from "./unread.ts";

/** Expectations of every case, besides its own. */
const ALWAYS: readonly Expectation[] = [survives, recoversWithin(10)];
const FINE: readonly Expectation[] = [...ALWAYS, reviewsAnswered, handshakesThrough, probesAnswered];

/** The memory of the container, in MiB. */
const MEMORY = 1_024;
/** Seconds for which an answer may be unread, plus the time to notice. */
const UNREAD = 12;

/** All cases, in the order in which they run. docs/attacks.md describes each. */
export const CASES: readonly AttackCase[] = [
  {
    name: "unread-patches",
    descriptors: 700,
    attack: unreadPatches,
    expectations: [...ALWAYS, refusedAtMostFor(15), handshakesThrough, probesAnswered, unreadAtMostFor(UNREAD)],
  },
  { name: "unread-large", descriptors: 100, attack: unreadLarge, expectations: [...FINE, memoryBelow(MEMORY)] },
  { name: "unread-metrics", descriptors: 300, attack: unreadMetrics, expectations: FINE },
  { name: "connects", descriptors: 16_100, attack: connects, expectations: [...FINE, keptConnectionStays] },
  { name: "idle", descriptors: 5_100, attack: idle, expectations: FINE },
  { name: "half-open", descriptors: 400, attack: halfOpen, expectations: FINE },
  { name: "slow-headers", descriptors: 400, attack: slowHeaders, expectations: FINE },
  { name: "slow-bodies", descriptors: 400, attack: slowBodies, expectations: FINE },
  { name: "announced", descriptors: 4_300, attack: announced, expectations: FINE },
  {
    name: "large-bodies",
    descriptors: 100,
    attack: largeBodies,
    expectations: [...FINE, memoryBelow(MEMORY), rightAnswers],
  },
  { name: "load", descriptors: 1_200, attack: load, expectations: [survives, rightAnswers, recoversWithin(1)] },
];
