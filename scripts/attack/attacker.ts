/** Runs the attackers in their own thread, so that the honest caller does not wait for them. */
import { parentPort, workerData } from "node:worker_threads";
import type { Figures, Target } from "./case.ts";
import { CASES } from "./cases.ts";

/** The data of the thread. */
export interface Attack {
  readonly name: string;
  readonly target: Target;
}

const { name, target } = workerData as Attack;
const chosen = CASES.find((each) => each.name === name);
if (chosen === undefined) throw new Error(`no case ${name}`);
// The only message of this thread.
parentPort?.postMessage((await chosen.attack(target)) satisfies Figures);
