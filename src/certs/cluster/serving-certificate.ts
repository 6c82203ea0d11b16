import type { Logger } from "pino";
import { messageOf } from "../../common/failure.ts";
import { type RenewalOutcome, timeText } from "../certificate-source.ts";
import { type Certificate, expiryOf } from "../certificate.ts";
import { CLOCK_SKEW, issueServing } from "../issue.ts";
import { type Lifetimes } from "./lifetimes.ts";
import { renewalOf, signerOf } from "./rotation.ts";
import type { SigningCa } from "./signing-ca.ts";

interface Issued {
  readonly issuer: SigningCa;
  readonly issuedAt: Date;
  readonly notAfter: Date;
  /** When the next one is due. */
  readonly renewal: Date;
}

export interface ServingCertificateOptions {
  readonly hosts: readonly string[];
  readonly lifetimes: Lifetimes;
  /** From 0 up to 0.1. It keeps the renewals of replicas apart. */
  readonly jitter: number;
  readonly log: Logger;
}

/** The serving certificate of this replica. Its key never leaves this process. */
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

  /** The CA of the certificate; undefined if the certificate has expired. */
  issuer(now: Date): SigningCa | undefined {
    return this.#current !== undefined && this.#current.notAfter > now ? this.#current.issuer : undefined;
  }

  /** Issues a new certificate if one is due. */
  async renewed(cas: readonly SigningCa[], now: Date): Promise<Certificate | undefined> {
    const { hosts, lifetimes, jitter, log } = this.#options;
    const signer = signerOf(cas, now, lifetimes);
    if (signer === undefined) return undefined;
    const end = new Date(Math.min(now.getTime() + lifetimes.serving, signer.notAfter.getTime()));
    if (!this.#isDue(signer, end, now)) return undefined;
    const isFirst = this.#current === undefined;
    try {
      const certificate = await issueServing(signer, hosts, { now, end });
      // X.509 times have no milliseconds, so this is earlier than `end`.
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

  /**
   * A certificate is also due after the clock was set back: clients with the right time would find it not valid yet.
   */
  #isDue(signer: SigningCa, end: Date, now: Date): boolean {
    if (this.#current === undefined) return true;
    const { issuer, issuedAt, notAfter, renewal } = this.#current;
    if (issuer.id !== signer.id || now.getTime() < issuedAt.getTime() - CLOCK_SKEW) return true;
    return now >= renewal && Math.floor(end.getTime() / 1_000) > notAfter.getTime() / 1_000;
  }
}
