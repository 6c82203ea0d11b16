import type { ReadinessCheck, ReadinessStatus } from "../common/readiness.ts";

/** As the API server marks its checks, and one mark more. */
const MARKS: Readonly<Record<ReadinessStatus, string>> = { ok: "+", degraded: "!", failed: "-" };

/** What `/readyz` answers as JSON. */
export interface Readiness {
  /** Whether the status code is 200. */
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}

export function readinessOf(checks: readonly ReadinessCheck[]): Readiness {
  return { ready: checks.every(({ status }) => status !== "failed"), checks };
}

/** In the format of the API server: `[+]name ok: text`, and the verdict last. Only that where `isVerbose` is false. */
export function readinessText({ ready, checks }: Readiness, isVerbose: boolean): string {
  const lines = checks.map(({ name, status, text }) => `[${MARKS[status]}]${name} ${status}: ${text}`);
  const verdict = ready ? "ok" : "not ready";
  return `${(isVerbose ? [...lines, verdict] : [verdict]).join("\n")}\n`;
}
