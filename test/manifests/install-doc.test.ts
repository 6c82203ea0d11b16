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

test("docs/install.md applies folders that exist", () => {
  const folders = matches(/-k ([\w/-]+)/g);
  expect(folders).toEqual(["manifests", "manifests/cert-manager", "manifests/files", "outside"]);
  for (const folder of folders.slice(0, 3))
    expect(existsSync(new URL(`${folder}/kustomization.yaml`, ROOT)), folder).toBe(true);
});

test("docs/install.md uses the names of the manifests", () => {
  const namespace = only(base, "Namespace", "vm-image-webhook-system").metadata.name;
  expect(matches(/-n ([\w-]+)/g)).toEqual([namespace, "dev"]);
  expect(matches(/deployment\/([\w-]+)/g)).toEqual([only(base, "Deployment").metadata.name]);
  const mounted = textOf("mounted-certificate/volume.yaml");
  expect(matches(/create secret tls ([\w-]+)/g)).toEqual([/secretName: (.+)/.exec(mounted)?.[1]]);
  const service = `${only(base, "Service").metadata.name}.${namespace}.svc`;
  expect(matches(/--host ([\w.-]+)/g)).toEqual([service, "webhook.example.com"]);
  const name = only(base, "MutatingWebhookConfiguration").metadata.name;
  expect([...matches(/webhookconfiguration,validatingwebhookconfiguration ([\w-]+)/g)].sort()).toEqual([
    name,
    `${name}-osimage`,
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

test("the overlay of docs/install.md for a webhook outside the cluster gives every webhook the URL of its path", () => {
  const [, outside = ""] = matches(/```yaml\n([^`]+)```/g);
  const { patches } = parse(outside) as { patches: readonly { target: { kind: string }; patch: string }[] };
  for (const { target, patch } of patches) {
    const webhooks = only(base, target.kind)["webhooks"] as readonly { clientConfig: { service: { path: string } } }[];
    expect(parse(patch)).toEqual(
      webhooks.flatMap(({ clientConfig }, index) => [
        { op: "remove", path: `/webhooks/${index}/clientConfig/service` },
        {
          op: "add",
          path: `/webhooks/${index}/clientConfig/url`,
          value: `https://webhook.example.com:9443${clientConfig.service.path}`,
        },
      ]),
    );
  }
});

test("the YAML blocks of docs/install.md are Kustomizations", () => {
  const blocks = matches(/```yaml\n([^`]+)```/g);
  expect(blocks.map((block) => (parse(block) as { kind: string }).kind)).toEqual(["Kustomization", "Kustomization"]);
});
