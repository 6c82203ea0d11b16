import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { CONFIGURATION_NAME } from "../../src/certs/cluster/cluster-source.ts";
import { readFlags } from "../../src/cli/given-flags.ts";
import { kustomization, MANIFESTS, manifestsOf, only, patchOf, textOf, type Volume } from "./manifests.ts";

const base = manifestsOf("base");
const namespace = only(base, "Service").metadata.namespace ?? "";
/** The name by which the API server calls a Service; it does not depend on the cluster domain. */
const SERVER_NAME = `${only(base, "Service").metadata.name}.${namespace}.svc`;
const mounted = patchOf("mounted-certificate/volume.yaml");
const [volume] = valueAt("/spec/template/spec/volumes") as readonly Volume[];
const SECRET_NAME = volume?.secret.secretName;

function valueAt(path: string): unknown {
  return mounted.find((operation) => operation.path === path)?.value;
}

function hours(duration: string): number {
  return Number(/^(\d+)h$/.exec(duration)?.[1]);
}

test("manifests itself is the overlay cluster", () => {
  expect(kustomization(".").resources).toEqual(["cluster"]);
});

test.each(["cluster", "cert-manager", "files"])("overlay %s extends base", (folder) => {
  expect(kustomization(folder).resources[0]).toBe("../base");
});

test.each(["cert-manager", "files"])("overlay %s mounts its certificate", (folder) => {
  expect(kustomization(folder).components).toEqual(["../mounted-certificate"]);
});

describe("a mounted certificate", () => {
  test("is in the directory of --cert-dir, readable for the pod and read-only", () => {
    const directory = "/etc/vm-image-webhook/certs";
    expect(valueAt("/spec/template/spec/containers/0/args/-")).toBe(`--cert-dir=${directory}`);
    const mounts = [{ name: volume?.name, mountPath: directory, readOnly: true }];
    expect(valueAt("/spec/template/spec/containers/0/volumeMounts")).toEqual(mounts);
    expect(volume?.secret.defaultMode).toBe(0o440);
    const { securityContext } = only(base, "Deployment").spec.template.spec;
    expect(valueAt("/spec/template/spec/securityContext/fsGroup")).toBe(securityContext["runAsGroup"]);
  });
});

describe("overlay cluster", () => {
  const manifests = manifestsOf("cluster");
  const ca = readFlags(["ca-secret"], {}, {})["ca-secret"];

  test("sets --cert-mode=cluster", () => {
    expect(patchOf("cluster/cert-mode.yaml").map(({ value }) => value)).toEqual(["--cert-mode=cluster"]);
  });

  test("allows to read and write only the Secret with the CA", () => {
    expect(only(manifests, "Role", "vm-image-webhook-certificates")["rules"]).toEqual([
      { apiGroups: [""], resources: ["secrets"], resourceNames: [ca.name], verbs: ["get", "watch", "create", "patch"] },
    ]);
    expect(ca.namespace).toBe(namespace);
  });

  test("allows to read and patch only the two webhook configurations", () => {
    expect(only(manifests, "ClusterRole", "vm-image-webhook-certificates")["rules"]).toEqual([
      {
        apiGroups: ["admissionregistration.k8s.io"],
        resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        resourceNames: [CONFIGURATION_NAME],
        verbs: ["get", "watch", "patch"],
      },
    ]);
    for (const { metadata } of base.filter(({ kind }) => kind.endsWith("WebhookConfiguration"))) {
      expect(metadata.name).toBe(CONFIGURATION_NAME);
    }
  });

  test("binds these rights to the service account of the pods", () => {
    for (const [binding, role] of [
      ["RoleBinding", "Role"],
      ["ClusterRoleBinding", "ClusterRole"],
    ] as const) {
      const { roleRef, subjects } = only(manifests, binding, "vm-image-webhook-certificates");
      expect(roleRef).toMatchObject({ kind: role, name: "vm-image-webhook-certificates" });
      expect(subjects).toEqual([{ kind: "ServiceAccount", name: "vm-image-webhook", namespace }]);
    }
  });

  test("has no Secret, so applying it again keeps the CA", () => {
    expect([...base, ...manifests].map(({ kind }) => kind)).not.toContain("Secret");
  });
});

test("the NetworkPolicy allows only placeholder addresses, to the two ports of the pods", () => {
  const policy = only(manifestsOf("network-policy"), "NetworkPolicy");
  const { podSelector, policyTypes, ingress } = policy["spec"] as {
    podSelector: unknown;
    policyTypes: unknown;
    ingress: readonly { from: readonly { ipBlock: { cidr: string } }[]; ports: readonly { port: number }[] }[];
  };
  const [container] = only(base, "Deployment").spec.template.spec.containers;
  expect(podSelector).toEqual(only(base, "Deployment").spec.selector);
  expect(policyTypes).toEqual(["Ingress"]);
  expect(ingress.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(
    container?.ports.map(({ containerPort }) => containerPort),
  );
  // Networks for documentation (RFC 5737).
  for (const { from } of ingress) {
    for (const { ipBlock } of from) expect(ipBlock.cidr).toMatch(/^(192\.0\.2|198\.51\.100)\.0\//);
  }
});

test("no manifest contains the word latest", () => {
  const files = readdirSync(MANIFESTS, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(textOf(file), file).not.toContain("latest");
});

describe("overlay cert-manager", () => {
  const manifests = manifestsOf("cert-manager");
  const leaf = only(manifests, "Certificate");

  test("requests a certificate for the name that the API server calls, in the Secret that the pods mount", () => {
    expect(leaf.spec.dnsNames).toEqual([SERVER_NAME]);
    expect(leaf.spec.secretName).toBe(SECRET_NAME);
    expect(leaf.spec.isCA ?? false).toBe(false);
  });

  test("signs it by a self-signed CA of its own", () => {
    const issuer = only(manifests, "Issuer", leaf.spec.issuerRef.name);
    const ca = only(manifests, "Certificate", "vm-image-webhook-ca");
    expect(issuer["spec"]).toEqual({ ca: { secretName: ca.spec.secretName } });
    expect(ca.spec.isCA).toBe(true);
    expect(only(manifests, "Issuer", ca.spec.issuerRef.name)["spec"]).toEqual({ selfSigned: {} });
    expect(hours(ca.spec.duration)).toBeGreaterThan(hours(leaf.spec.duration));
  });

  test("renews the certificate at least 30 days before its end", () => {
    expect(hours(leaf.spec.renewBefore ?? "")).toBeGreaterThanOrEqual(30 * 24);
    expect(hours(leaf.spec.renewBefore ?? "")).toBeLessThan(hours(leaf.spec.duration));
  });

  test("puts every object into the namespace of the pods", () => {
    for (const { metadata } of manifests) expect(metadata.namespace).toBe(namespace);
  });

  test("lets cert-manager fill caBundle from that certificate", () => {
    const [patch] = parse(textOf("cert-manager/inject-ca.yaml")) as { readonly value: unknown }[];
    expect(patch?.value).toEqual({ "cert-manager.io/inject-ca-from": `${namespace}/${leaf.metadata.name}` });
  });
});

describe("overlay files", () => {
  const text = textOf("files/kustomization.yaml");

  test("names the Secret to create, and the name for its certificate", () => {
    expect(text).toContain(`Secret ${SECRET_NAME ?? ""} of type kubernetes.io/tls in namespace ${namespace}`);
    expect(text).toContain(SERVER_NAME);
  });

  test("has no CA of its own, so that it cannot be built without one", () => {
    expect(readdirSync(new URL("files/", MANIFESTS))).toEqual(["kustomization.yaml"]);
  });
});
