import type { Logger } from "pino";
import type { FastifyInstance } from "fastify";
import { setTimeout as delay } from "node:timers/promises";
import type { AdmissionPolicy } from "./admission/decide.ts";
import { type Certificate, expiryOf, readCertificate } from "./certs/certificate.ts";
import { hasNoCertificate, LOCAL_HOSTS, selfSigned, writeSelfSigned } from "./certs/self-signed.ts";
import { IMAGE_KINDS } from "./images/image.ts";
import { MemoryImageIndex } from "./images/image-index.ts";
import { Metrics } from "./metrics/metrics.ts";
import { admissionServer } from "./server/admission-server.ts";
import { SHUTDOWN_DEADLINE } from "./server/limits.ts";
import { listen, type ListenAddress } from "./server/listen.ts";
import { opsServer, type ReadinessCheck } from "./server/ops-server.ts";
import type { ImageSource } from "./sources/image-source.ts";

export interface AppOptions {
  /** Where reviews are served. */
  readonly listen: ListenAddress;
  /** Where probes are. */
  readonly opsListen: ListenAddress;
  readonly certDir: string;
  /** Make a certificate in `certDir` where there is none. */
  readonly selfSigned: boolean;
  readonly source: ImageSource;
  /** Of both kinds together. */
  readonly mostImages: number;
  readonly policy: AdmissionPolicy;
  readonly log: Logger;
  readonly now: () => Date;
}

/** The composition root: builds every part, starts them in order, stops them in reverse. */
export class App {
  readonly #options: AppOptions;
  readonly #index: MemoryImageIndex;
  readonly #metrics: Metrics;
  readonly #stopSource = new AbortController();
  #certificateExpiry: Date | undefined;
  #isStopping = false;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#index = new MemoryImageIndex({ mostImages: options.mostImages });
    const certificateExpiry = (): Date | undefined => this.#certificateExpiry;
    this.#metrics = new Metrics({ index: this.#index, source: options.source, certificateExpiry, now: options.now });
  }

  /** Serves until the signal aborts, then ends what is under way and stops. A Failure says why it cannot start. */
  async run(stop: AbortSignal): Promise<void> {
    const { log, policy, source } = this.#options;
    const ops = opsServer(() => this.#readiness(), this.#metrics);
    const servers: FastifyInstance[] = [ops];
    try {
      const certificate = await this.#certificate();
      this.#certificateExpiry = expiryOf(certificate);
      const opsPort = await listen(ops, this.#options.opsListen);
      const confirm = source.confirm?.bind(source);
      const admission = admissionServer(
        { index: this.#index, policy, log, confirm, metrics: this.#metrics },
        certificate,
      );
      servers.unshift(admission);
      const port = await listen(admission, this.#options.listen);
      log.warn("no client CA is set: whoever can reach the port can ask about the images of any namespace");
      // Until the images are complete a review is answered 503, and the API server asks again.
      await Promise.race([source.start(this.#index, this.#stopSource.signal), aborted(stop)]);
      if (!stop.aborted) log.info({ port, opsPort, images: this.#counts(), ...this.#choices() }, "serving");
      await aborted(stop);
    } finally {
      await this.#end(servers);
    }
  }

  #readiness(): readonly ReadinessCheck[] {
    const images = this.#options.source.state().map(({ name, synced, text }) => ({ name, ok: synced, text }));
    return [
      ...images,
      { name: "shutdown", ok: !this.#isStopping, text: this.#isStopping ? "stopping" : "not stopping" },
    ];
  }

  async #certificate(): Promise<Certificate> {
    const { certDir, log, now } = this.#options;
    if (this.#options.selfSigned && (await hasNoCertificate(certDir))) {
      await writeSelfSigned(certDir, await selfSigned(LOCAL_HOSTS, now()));
      log.info({ certDir, hosts: LOCAL_HOSTS }, "made a self-signed certificate");
    }
    return readCertificate(certDir, now());
  }

  #counts(): object {
    return Object.fromEntries(IMAGE_KINDS.map((kind) => [kind, this.#index.count(kind)]));
  }

  #choices(): object {
    const { resolution, write, levels } = this.#options.policy;
    return { resolution, write, checks: levels };
  }

  /** Reviews under way are answered; a connection that does not end is cut at the deadline. */
  async #end(servers: readonly FastifyInstance[]): Promise<void> {
    this.#isStopping = true;
    this.#options.log.info("stopping");
    const deadline = new AbortController();
    const closed = Promise.all(servers.map((server) => server.close()));
    const timeUp = delay(SHUTDOWN_DEADLINE, undefined, { signal: deadline.signal }).then(
      () => {
        for (const { server } of servers) server.closeAllConnections();
      },
      () => undefined,
    );
    await Promise.race([closed, timeUp]);
    deadline.abort();
    await closed;
    this.#stopSource.abort();
    this.#options.log.info("stopped");
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        "abort",
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}
