import type { Logger } from "pino";
import { type ReadinessCheck, readinessStatus } from "../../common/readiness.ts";
import type { Timing } from "../../common/timing.ts";
import { type CertificateFacts, type CertificateSource, timeText } from "../certificate-source.ts";
import {
  type Certificate,
  type CertificateFiles,
  checkCertificate,
  expiryOf,
  readCertificateFiles,
} from "../certificate.ts";
import { PolledFiles } from "./polled-files.ts";

export interface FileSourceOptions {
  readonly directory: string;
  /** DNS names and IP addresses that the certificate must have. */
  readonly hosts: readonly string[];
  readonly log: Logger;
  readonly timing: Timing;
}

/** A certificate in files that another program renews, such as the kubelet or cert-manager. */
export class FileSource implements CertificateSource {
  readonly #options: FileSourceOptions;
  readonly #files: PolledFiles<CertificateFiles>;
  #use: (certificate: Certificate) => void = () => undefined;
  #expiry: Date | undefined;

  constructor(options: FileSourceOptions) {
    const { directory, hosts, log, timing } = options;
    this.#options = options;
    this.#files = new PolledFiles({
      what: "certificate",
      path: directory,
      read: () => readCertificateFiles(directory),
      use: (files) => {
        const certificate = checkCertificate(directory, files, { now: timing.now(), hosts });
        this.#use(certificate);
        this.#expiry = expiryOf(certificate);
      },
      log,
      timing,
    });
  }

  async start(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void> {
    this.#use = use;
    await this.#files.start(signal);
  }

  readiness(): readonly ReadinessCheck[] {
    const { directory, timing } = this.#options;
    const name = "certificate";
    if (this.#expiry === undefined) return [{ name, status: "failed", text: `${directory} is not read yet` }];
    const isGood = this.#expiry > timing.now();
    const until = `${isGood ? "good until" : "expired at"} ${timeText(this.#expiry)}`;
    const { problem } = this.#files;
    const kept = problem === undefined ? "" : `; the last good one stays: ${problem}`;
    return [{ name, status: readinessStatus(isGood, problem), text: `${until}, from ${directory}${kept}` }];
  }

  facts(): CertificateFacts {
    return { expiry: this.#expiry, caExpiry: undefined, renewals: this.#files.renewals, overwrites: 0 };
  }
}
