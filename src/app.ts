import type { Logger } from "pino";
import { type AdmissionPolicy, decider } from "./admission/decide.ts";
import type { CertificateSource } from "./certs/certificate-source.ts";
import type { ClientCa } from "./certs/files/client-ca.ts";
import { MemoryImageIndex } from "./images/image-index.ts";
import { Metrics } from "./metrics/metrics.ts";
import { admissionServer } from "./server/admission-server.ts";
import type { ReadinessCheck } from "./common/readiness.ts";
import { SYSTEM_TIMING } from "./common/timing.ts";
import { VERSION } from "./common/version.ts";
import { Connections } from "./server/connections.ts";
import { MAX_CONNECTIONS } from "./server/limits.ts";
import { listen, type ListenAddress } from "./server/listen.ts";
import { type ConnectionLimits, connectionLimits } from "./server/open-files.ts";
import { ServedTls, type TlsChoice } from "./server/served-tls.ts";
import { opsServer } from "./server/ops-server.ts";
import { type ClosableServer, closeServers, Drain } from "./server/shutdown.ts";
import type { ImageSource } from "./sources/image-source.ts";

export interface AppOptions {
  /** For reviews. */
  readonly listen: ListenAddress;
  /** For probes and metrics. */
  readonly opsListen: ListenAddress;
  /** Milliseconds after SIGTERM in which reviews are still accepted. */
  readonly shutdownDelay: number;
  readonly certificates: CertificateSource;
  /** Clients need a certificate from this CA; undefined accepts every client. */
  readonly clientCa: ClientCa | undefined;
  readonly tls: TlsChoice;
  readonly source: ImageSource;
  /** Of all kinds together. */
  readonly maxImages: number;
  /** Limit of open files of this process; undefined means none. */
  readonly openFiles: number | undefined;
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
  readonly #drain = new Drain(SYSTEM_TIMING);
  readonly #tls: ServedTls;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#index = new MemoryImageIndex({ maxImages: options.maxImages });
    this.#tls = new ServedTls(options.tls);
    this.#metrics = new Metrics({ ...options, index: this.#index });
  }

  /**
   * Serves until the signal aborts, then answers the requests under way and stops. `cut` where the deadline cut some of
   * them. Throws a Failure where it cannot start.
   */
  async run(stop: AbortSignal): Promise<"clean" | "cut"> {
    const servers: ClosableServer[] = [];
    try {
      await this.#serve(stop, servers);
    } catch (error) {
      await this.#stop(servers);
      throw error;
    }
    return this.#stop(servers);
  }

  async #serve(stop: AbortSignal, servers: ClosableServer[]): Promise<void> {
    const { log, policy, source } = this.#options;
    const limits = this.#connectionLimits();
    const ops = opsServer(() => this.#readiness(), this.#metrics, this.#drain);
    servers.push({ server: ops, connections: new Connections(ops.server, limits.ops) });
    const opsPort = await listen(ops, this.#options.opsListen);
    const secured = this.#secure().then(() => true);
    if (!(await Promise.race([secured, aborted(stop).then(() => false)]))) return;
    const confirm = source.confirm?.bind(source);
    const admission = admissionServer(
      { index: this.#index, decide: decider(policy), log, confirm, metrics: this.#metrics.reviews },
      this.#tls.current,
      { clock: SYSTEM_TIMING, drain: this.#drain, maxReviews: limits.reviews },
    );
    this.#tls.applyTo(admission);
    servers.unshift({ server: admission, connections: new Connections(admission.server, limits.admission) });
    const port = await listen(admission, this.#options.listen);
    if (this.#options.clientCa === undefined) {
      log.warn("no client CA is set: any client that can reach the port can ask about the images of any namespace");
    }
    // Until the images are complete, a review is answered 503, and the API server asks again.
    await Promise.race([source.start(this.#index, this.#stopSource.signal), aborted(stop)]);
    // No drain: until the replica is ready, the Service sends no caller here.
    if (stop.aborted) return;
    const at = { url: admission.listeningOrigin, opsUrl: ops.listeningOrigin, port, opsPort };
    log.info({ version: VERSION, ...at, images: this.#counts(), ...this.#choices() }, "serving");
    await aborted(stop);
    await this.#drainOnSigterm(stop.reason);
  }

  #connectionLimits(): ConnectionLimits {
    const { openFiles, log } = this.#options;
    const limits = connectionLimits(openFiles);
    if (limits.admission < MAX_CONNECTIONS) {
      const wanted = { connections: limits.admission, instead: MAX_CONNECTIONS, openFiles };
      log.warn(wanted, "the limit of open files (ulimit -n) is low: fewer connections are accepted");
    }
    return limits;
  }

  /** Resolves once there is a certificate. Meanwhile /readyz says what is missing, such as a permission. */
  async #secure(): Promise<void> {
    const { certificates, clientCa } = this.#options;
    const { signal } = this.#stopSource;
    await clientCa?.start((pem) => {
      this.#tls.clientCa = pem;
    }, signal);
    await certificates.start((certificate) => {
      this.#tls.certificate = certificate;
    }, signal);
  }

  /** SIGINT comes from a terminal: no Service sends callers to such a process. */
  async #drainOnSigterm(signal: unknown): Promise<void> {
    if (signal === "SIGINT") return;
    this.#options.log.info({ delay: this.#options.shutdownDelay }, "draining");
    await this.#drain.run(this.#options.shutdownDelay);
  }

  #readiness(): readonly ReadinessCheck[] {
    const { isDraining } = this.#drain;
    const { certificates, clientCa, source } = this.#options;
    return [
      ...source.readiness(),
      ...certificates.readiness(),
      ...(clientCa === undefined ? [] : [clientCa.readiness()]),
      isDraining
        ? { name: "shutdown", status: "failed", text: "stopping" }
        : { name: "shutdown", status: "ok", text: "not stopping" },
    ];
  }

  #counts(): object {
    return Object.fromEntries(this.#options.source.watches.map((kind) => [kind, this.#index.count(kind)]));
  }

  #choices(): object {
    const { resolution, write, levels } = this.#options.policy;
    return { resolution, write, checks: levels };
  }

  async #stop(servers: readonly ClosableServer[]): Promise<"clean" | "cut"> {
    const { log } = this.#options;
    this.#drain.start();
    log.info("stopping");
    const cut = await closeServers(servers);
    this.#stopSource.abort();
    if (cut > 0) log.error({ cut }, "stopped; the deadline cut requests under way");
    else log.info("stopped");
    return cut > 0 ? "cut" : "clean";
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
