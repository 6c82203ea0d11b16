import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { kustomization, MANIFESTS, manifestsOf, only, textOf } from "./manifests.ts";

const base = manifestsOf("base");
const namespace = only(base, "Service").metadata.namespace ?? "";
/** The API server calls a Service by this name, whatever the cluster's domain is. */
const SERVER_NAME = `${only(base, "Service").metadata.name}.${namespace}.svc`;
const SECRET_NAME = only(base, "Deployment").spec.template.spec.volumes[0]?.secret.secretName;

function hours(duration: string): number {
  return Number(/^(\d+)h$/.exec(duration)?.[1]);
}

test("the installation without a choice is the one that needs no edit", () => {
  expect(kustomization(".").resources).toEqual(["cert-manager"]);
});

test.each(["cert-manager", "files"])("%s is base and more", (folder) => {
  expect(kustomization(folder).resources[0]).toBe("../base");
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

  test("pods have weeks to be restarted between the renewal and the end of a certificate", () => {
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
