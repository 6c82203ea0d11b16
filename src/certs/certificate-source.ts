import type { ReadinessCheck } from "../common/readiness.ts";
import type { Certificate } from "./certificate.ts";

/** The numbers of a certificate source, for metrics. */
export interface CertificateFacts {
  /** When the serving certificate in use expires; undefined before there is one. */
  readonly expiry: Date | undefined;
  /** When the CA that signed it expires; undefined if the source did not make the CA. */
  readonly caExpiry: Date | undefined;
  /** Numbers of new certificates since the start, by outcome. */
  readonly renewals: Readonly<Record<RenewalOutcome, number>>;
  /** How often another client overwrote `caBundle`. */
  readonly overwrites: number;
}

export const RENEWAL_OUTCOMES = {
  used: "a new certificate is in use",
  kept: "what came could not be used, and the last good certificate stayed",
} as const;
export type RenewalOutcome = keyof typeof RENEWAL_OUTCOMES;

/** Provides the serving certificate and keeps it valid. */
export interface CertificateSource {
  /**
   * Resolves after it has passed the first certificate to `use`. Passes each later one to `use` until the signal
   * aborts. Throws a Failure if there is no certificate and waiting does not help. Call it once.
   */
  start(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void>;
  /** What must hold before the API server can call the webhook. */
  readiness(): readonly ReadinessCheck[];
  facts(): CertificateFacts;
}

/** A time without milliseconds: `2026-11-21T12:00:00Z`. */
export function timeText(date: Date): string {
  return date.toISOString().replace(".000", "");
}
