import { DEFAULT_REVIEW_TIMEOUT } from "./limits.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/**
 * How long the API server waits for this answer, in milliseconds, from `?timeout=5s` (apiserver
 * pkg/util/webhook: a Go duration, in practice whole seconds). What cannot be read is the default.
 */
export function reviewTimeout(timeout: unknown): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(typeof timeout === "string" ? timeout : "") ?? [];
  if (amount === undefined || unit === undefined) return DEFAULT_REVIEW_TIMEOUT;
  return Number(amount) * (UNITS[unit] ?? 1);
}
