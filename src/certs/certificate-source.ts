import type { Certificate } from "./certificate.ts";

/** One thing about certificates that must be so before the API server can call, as it is now. */
export interface CertificateState {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

/** What a certificate source knows in numbers; times undefined where there is no such certificate. */
export interface CertificateFacts {
  /** When the serving certificate in use ends. */
  readonly expiry: Date | undefined;
  /** When the CA that signed it ends, where we made it. */
  readonly caExpiry: Date | undefined;
  /** New certificates that were put to use, and those that could not be, since the start. */
  readonly renewals: Readonly<Record<RenewalOutcome, number>>;
  /** How often somebody else wrote `caBundle`. */
  readonly overwritings: number;
}

export const RENEWAL_OUTCOMES = {
  used: "a new certificate is in use",
  kept: "what came could not be used, and the last good certificate stayed",
} as const;
export type RenewalOutcome = keyof typeof RENEWAL_OUTCOMES;

/** Where the serving certificate comes from, and how it is kept good. */
export interface CertificateSource {
  /**
   * Gives the first certificate to `use` and then resolves; gives each later one until the signal aborts. Throws a
   * Failure where there is none and waiting does not mend it. To be called once.
   */
  start(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void>;
  state(): readonly CertificateState[];
  facts(): CertificateFacts;
}

/** For /readyz: `until 2026-11-21T12:00:00Z`. */
export function timeText(date: Date): string {
  return date.toISOString().replace(".000", "");
}
