import { Overload } from "../../src/server/overload.ts";

/** Takes the event loop for punctual: on a busy machine that of a test is late, and what is tested is something else. */
export function patientOverload(): Overload {
  return new Overload({ now: () => performance.now(), lag: () => 0 });
}
