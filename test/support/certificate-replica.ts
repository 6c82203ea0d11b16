import { X509Certificate } from "node:crypto";
import { onTestFinished } from "vitest";
import type { Certificate } from "../../src/certs/certificate.ts";
import { ClusterCertificateSource } from "../../src/certs/cluster/cluster-source.ts";
import type { Lifetimes } from "../../src/certs/cluster/lifetimes.ts";
import type { FakeCertificateCluster } from "./fake-certificate-cluster.ts";
import { LogLines } from "./log-lines.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export const START = new Date("2026-11-21T12:00:00Z");
export const HOSTS = ["webhook.svc", "127.0.0.1"];

/** One replica with its certificate source. It stops with the test. */
export class Replica {
  readonly source: ClusterCertificateSource;
  readonly logged = new LogLines();
  readonly #stop = new AbortController();
  readonly #clock: VirtualClock;
  leaves: X509Certificate[] = [];
  isDown = false;
  skew = 0;

  constructor(clock: VirtualClock, cluster: FakeCertificateCluster, lifetimes: Lifetimes) {
    this.#clock = clock;
    this.source = new ClusterCertificateSource({
      store: cluster.store(() => this.isDown),
      secret: "ns/ca",
      hosts: HOSTS,
      lifetimes,
      log: this.logged.log,
      timing: clock.timing(() => this.skew),
    });
    clock.loops++;
    onTestFinished(() => {
      this.stop();
    });
    const use = ({ cert }: Certificate): void => {
      this.leaves.push(new X509Certificate(cert));
    };
    void this.source.start(use, this.#stop.signal);
  }

  get leaf(): X509Certificate {
    const leaf = this.leaves.at(-1);
    if (leaf === undefined) throw new Error("there is no certificate yet");
    return leaf;
  }

  /** Common name of the CA that signed the current certificate. */
  get issuer(): string {
    return this.leaf.issuer.replace(/^CN=/, "");
  }

  get isReady(): boolean {
    return this.source.readiness().every(({ status }) => status !== "failed");
  }

  text(name: string): string {
    return this.source.readiness().find((check) => check.name === name)?.text ?? "";
  }

  stop(): void {
    if (this.#stop.signal.aborted) return;
    this.#clock.loops--;
    this.#stop.abort();
  }
}
