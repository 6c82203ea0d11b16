import { Overload } from "../../src/server/overload.ts";

/** Ignores the lag of the event loop, which is high on a busy machine, for tests of something else. */
export function patientOverload(): Overload {
  return new Overload({ monotonic: () => performance.now(), lag: () => 0 });
}
