import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { manifestsOf, only, textOf } from "./manifests.ts";

const DOC = new URL("../../docs/install.md", import.meta.url);
const ROOT = new URL("../../", import.meta.url);
const doc = readFileSync(DOC, "utf8");
const base = manifestsOf("base");

function matches(pattern: RegExp): readonly string[] {
  return [...new Set([...doc.matchAll(pattern)].map(([, text]) => text ?? ""))];
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading ?? "");
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}

test.each(["install.md", "security.md"])("the links of %s lead somewhere", (page) => {
  const here = new URL(page, DOC);
  const links = [...readFileSync(here, "utf8").matchAll(/\]\((?!https:)([^)]+)\)/g)].map(([, link]) => link ?? "");
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) {
    const [path = "", anchor] = link.split("#");
    const file = path === "" ? here : new URL(path, DOC);
    expect(existsSync(file), link).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(readFileSync(file, "utf8")), link).toContain(anchor);
  }
});

test("docs/install.md applies folders that exist", () => {
  const folders = matches(/-k ([\w/-]+)/g);
  expect(folders).toEqual(["manifests", "manifests/cert-manager", "manifests/files"]);
  for (const folder of folders) expect(existsSync(new URL(`${folder}/kustomization.yaml`, ROOT)), folder).toBe(true);
});

test("docs/install.md uses the names of the manifests", () => {
  const namespace = only(base, "Namespace", "vm-image-webhook-system").metadata.name;
  expect(matches(/-n ([\w-]+)/g)).toEqual([namespace]);
  expect(matches(/deployment\/([\w-]+)/g)).toEqual([only(base, "Deployment").metadata.name]);
  const mounted = textOf("mounted-certificate/volume.yaml");
  expect(matches(/create secret tls ([\w-]+)/g)).toEqual([/secretName: (.+)/.exec(mounted)?.[1]]);
  expect(matches(/--host ([\w.-]+)/g)).toEqual([`${only(base, "Service").metadata.name}.${namespace}.svc`]);
  expect(matches(/webhookconfiguration,validatingwebhookconfiguration ([\w-]+)/g)).toEqual([
    only(base, "MutatingWebhookConfiguration").metadata.name,
  ]);
});

test("docs/install.md states the timeout and the failure policy of the configurations", () => {
  const webhooks = only(base, "MutatingWebhookConfiguration")["webhooks"] as readonly Record<string, unknown>[];
  expect(doc).toContain(`failurePolicy: ${String(webhooks[0]?.["failurePolicy"])}`);
  expect(doc).toContain(`timeoutSeconds: ${String(webhooks[0]?.["timeoutSeconds"])}`);
});

test("the network table of docs/install.md has the ports of the pods", () => {
  const [container] = only(base, "Deployment").spec.template.spec.containers;
  for (const { containerPort } of container?.ports ?? []) expect(doc).toContain(`TCP ${containerPort}`);
});

test("docs/install.md has the --privileged-user flag of the manifests", () => {
  const [flag] = matches(/`(--privileged-user=[^`]+)`/g);
  expect(textOf("base/deployment.yaml")).toContain(`- ${flag ?? "none"}\n`);
});

test("the YAML blocks of docs/install.md are Kustomizations", () => {
  const blocks = matches(/```yaml\n([^`]+)```/g);
  expect(blocks.map((block) => (parse(block) as { kind: string }).kind)).toEqual(["Kustomization"]);
});
