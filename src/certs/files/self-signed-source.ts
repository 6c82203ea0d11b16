import type { ReadinessCheck } from "../../common/readiness.ts";
import type { CertificateFacts, CertificateSource } from "../certificate-source.ts";
import type { Certificate } from "../certificate.ts";
import { hasNoCertificate, LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../self-signed.ts";
import { FileSource, type FileSourceOptions } from "./file-source.ts";

/** For local use: creates the files if there are none, and then serves them as a FileSource does. */
export class SelfSignedSource implements CertificateSource {
  readonly #options: FileSourceOptions;
  readonly #files: FileSource;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#files = new FileSource(options);
  }

  async start(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void> {
    const { directory, log, timing, hosts: given } = this.#options;
    if (await hasNoCertificate(directory)) {
      const hosts = given.length === 0 ? LOCAL_HOSTS : given;
      await writeSelfSigned(directory, await selfSigned(hosts, timing.now()));
      log.info({ certDir: directory, hosts }, "made a self-signed certificate");
    }
    await this.#files.start(use, signal);
  }

  readiness(): readonly ReadinessCheck[] {
    return this.#files.readiness();
  }

  facts(): CertificateFacts {
    return this.#files.facts();
  }
}
