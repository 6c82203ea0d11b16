import type { Logger } from "pino";
import { messageOf } from "../../common/failure.ts";
import type { Authority } from "./signing-ca.ts";
import { type RenewalOutcome, timeText } from "../certificate-source.ts";
import { type Certificate, expiryOf } from "../certificate.ts";
import { CLOCK_SKEW, issueServing } from "../issue.ts";
import { type Lifetimes, renewalOf, signerOf } from "./rotation.ts";

interface Issued {
  readonly issuer: Authority;
  readonly issuedAt: Date;
  readonly notAfter: Date;
  /** When the next one is due. */
  readonly renewal: Date;
}

export interface ServingCertificateOptions {
  readonly hosts: readonly string[];
  readonly lifetimes: Lifetimes;
  /** From 0 up to 0.1. */
  readonly jitter: number;
  readonly log: Logger;
}

/** The serving certificate of this replica: its key is never outside of this process. */
export class ServingCertificate {
  readonly #options: ServingCertificateOptions;
  readonly renewals: Record<RenewalOutcome, number> = { used: 0, kept: 0 };
  #current: Issued | undefined;

  constructor(options: ServingCertificateOptions) {
    this.#options = options;
  }

  get current(): Issued | undefined {
    return this.#current;
  }

  /** The CA that signed it, while it is good. */
  issuer(now: Date): Authority | undefined {
    return this.#current !== undefined && this.#current.notAfter > now ? this.#current.issuer : undefined;
  }

  /** A new certificate where one is due. */
  async renewed(authorities: readonly Authority[], now: Date): Promise<Certificate | undefined> {
    const { hosts, lifetimes, jitter, log } = this.#options;
    const signer = signerOf(authorities, now, lifetimes);
    if (signer === undefined) return undefined;
    const end = new Date(Math.min(now.getTime() + lifetimes.serving, signer.notAfter.getTime()));
    if (!this.#isDue(signer, end, now)) return undefined;
    const isFirst = this.#current === undefined;
    try {
      const certificate = await issueServing(signer, hosts, { now, end });
      // X.509 knows no milliseconds.
      const notAfter = expiryOf(certificate);
      const renewal = renewalOf(notAfter, notAfter.getTime() - now.getTime(), jitter);
      this.#current = { issuer: signer, issuedAt: now, notAfter, renewal };
      if (!isFirst) this.renewals.used++;
      const facts = { ca: signer.name, hosts, expiry: timeText(notAfter), renewal: timeText(renewal) };
      log.info(facts, "signed a serving certificate");
      return certificate;
    } catch (error) {
      this.renewals.kept++;
      log.error({ err: error, ca: signer.name }, `cannot sign a serving certificate: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** A clock that was set back makes a certificate one of the future. */
  #isDue(signer: Authority, end: Date, now: Date): boolean {
    if (this.#current === undefined) return true;
    const { issuer, issuedAt, notAfter, renewal } = this.#current;
    if (issuer.id !== signer.id || now.getTime() < issuedAt.getTime() - CLOCK_SKEW) return true;
    return now >= renewal && Math.floor(end.getTime() / 1_000) > notAfter.getTime() / 1_000;
  }
}
