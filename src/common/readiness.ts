/**
 * `degraded` is kept but broken: the last good images, certificate or `caBundle` serve on, and somebody must mend what
 * keeps them from being renewed. Only `failed` makes `/readyz` fail.
 */
export type ReadinessStatus = "ok" | "degraded" | "failed";

/** A condition of readiness, as it is now. */
export interface ReadinessCheck {
  readonly name: string;
  readonly status: ReadinessStatus;
  /** For people: the facts, and the current problem. */
  readonly text: string;
}

/** The status of something that is usable or not, and has a problem or not. */
export function readinessStatus(isUsable: boolean, problem: string | undefined): ReadinessStatus {
  if (!isUsable) return "failed";
  return problem === undefined ? "ok" : "degraded";
}
