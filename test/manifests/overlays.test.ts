import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { CONFIGURATION_NAME } from "../../src/certs/cluster/cluster-source.ts";
import { readFlags } from "../../src/cli/given-flags.ts";
import { kustomization, MANIFESTS, manifestsOf, only, patchOf, textOf, type Volume } from "./manifests.ts";

const base = manifestsOf("base");
const namespace = only(base, "Service").metadata.namespace ?? "";
/** The API server calls a Service by this name, whatever the cluster's domain is. */
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

test("the installation without a choice is the one that needs no edit", () => {
  expect(kustomization(".").resources).toEqual(["cluster"]);
});

test.each(["cluster", "cert-manager", "files"])("%s is base and more", (folder) => {
  expect(kustomization(folder).resources[0]).toBe("../base");
});

test.each(["cert-manager", "files"])("%s mounts its certificate", (folder) => {
  expect(kustomization(folder).components).toEqual(["../mounted-certificate"]);
});

describe("a mounted certificate", () => {
  test("is where the flag says, readable for the pod and writable for nobody", () => {
    const directory = "/etc/vm-image-webhook/certs";
    expect(valueAt("/spec/template/spec/containers/0/args/-")).toBe(`--cert-dir=${directory}`);
    const mounts = [{ name: volume?.name, mountPath: directory, readOnly: true }];
    expect(valueAt("/spec/template/spec/containers/0/volumeMounts")).toEqual(mounts);
    expect(volume?.secret.defaultMode).toBe(0o440);
    const { securityContext } = only(base, "Deployment").spec.template.spec;
    expect(valueAt("/spec/template/spec/securityContext/fsGroup")).toBe(securityContext["runAsGroup"]);
  });
});

describe("without anything else", () => {
  const manifests = manifestsOf("cluster");
  const ca = readFlags(["ca-secret"], {}, {})["ca-secret"];

  test("the webhook makes its certificates", () => {
    expect(patchOf("cluster/cert-mode.yaml").map(({ value }) => value)).toEqual(["--cert-mode=cluster"]);
  });

  test("it may read and write the one Secret with the CA, and no other", () => {
    expect(only(manifests, "Role", "vm-image-webhook-certificates")["rules"]).toEqual([
      { apiGroups: [""], resources: ["secrets"], resourceNames: [ca.name], verbs: ["get", "watch", "create", "patch"] },
    ]);
    expect(ca.namespace).toBe(namespace);
  });

  test("it may read and patch the two configurations, and no other", () => {
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

  test("these rights go to the service account of the pods", () => {
    for (const [binding, role] of [
      ["RoleBinding", "Role"],
      ["ClusterRoleBinding", "ClusterRole"],
    ] as const) {
      const { roleRef, subjects } = only(manifests, binding, "vm-image-webhook-certificates");
      expect(roleRef).toMatchObject({ kind: role, name: "vm-image-webhook-certificates" });
      expect(subjects).toEqual([{ kind: "ServiceAccount", name: "vm-image-webhook", namespace }]);
    }
  });

  test("what is applied again does not touch the CA", () => {
    expect([...base, ...manifests].map(({ kind }) => kind)).not.toContain("Secret");
  });
});

test("the NetworkPolicy lets nobody in until the addresses are there, to the two ports of the pods", () => {
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

test("no manifest uses an image or a version called latest", () => {
  const files = readdirSync(MANIFESTS, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(textOf(file), file).not.toContain("latest");
});

describe("with cert-manager", () => {
  const manifests = manifestsOf("cert-manager");
  const leaf = only(manifests, "Certificate");

  test("the certificate is for the name by which the API server calls, and goes where the pods mount it", () => {
    expect(leaf.spec.dnsNames).toEqual([SERVER_NAME]);
    expect(leaf.spec.secretName).toBe(SECRET_NAME);
    expect(leaf.spec.isCA ?? false).toBe(false);
  });

  test("it is signed by a CA of its own, which is self-signed", () => {
    const issuer = only(manifests, "Issuer", leaf.spec.issuerRef.name);
    const ca = only(manifests, "Certificate", "vm-image-webhook-ca");
    expect(issuer["spec"]).toEqual({ ca: { secretName: ca.spec.secretName } });
    expect(ca.spec.isCA).toBe(true);
    expect(only(manifests, "Issuer", ca.spec.issuerRef.name)["spec"]).toEqual({ selfSigned: {} });
    expect(hours(ca.spec.duration)).toBeGreaterThan(hours(leaf.spec.duration));
  });

  test("there are weeks between the renewal and the end of a certificate", () => {
    expect(hours(leaf.spec.renewBefore ?? "")).toBeGreaterThanOrEqual(30 * 24);
    expect(hours(leaf.spec.renewBefore ?? "")).toBeLessThan(hours(leaf.spec.duration));
  });

  test("everything is in the namespace of the pods", () => {
    for (const { metadata } of manifests) expect(metadata.namespace).toBe(namespace);
  });

  test("caBundle is filled from that certificate", () => {
    const [patch] = parse(textOf("cert-manager/inject-ca.yaml")) as { readonly value: unknown }[];
    expect(patch?.value).toEqual({ "cert-manager.io/inject-ca-from": `${namespace}/${leaf.metadata.name}` });
  });
});

describe("with files", () => {
  const text = textOf("files/kustomization.yaml");

  test("says which Secret the admin makes, and for which name", () => {
    expect(text).toContain(`Secret ${SECRET_NAME ?? ""} of type kubernetes.io/tls in namespace ${namespace}`);
    expect(text).toContain(SERVER_NAME);
  });

  test("has no CA of its own: without the admin's nothing must be built", () => {
    expect(readdirSync(new URL("files/", MANIFESTS))).toEqual(["kustomization.yaml"]);
  });
});
