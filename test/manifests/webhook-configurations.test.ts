import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { WEBHOOK_CONFIGURATIONS, WEBHOOK_CONFIGURATIONS_FOLDER } from "../../scripts/webhook-configurations.ts";
import { OS_IMAGE_ROWS } from "../../src/osimage/rows.ts";
import { VERSIONS, VM_ROWS } from "../../src/vm-operator/rows.ts";
import { EACH } from "../../src/references/row.ts";

/** Prefix of vm-operator's own configurations. The API server calls configurations in the order of their names. */
const VM_OPERATOR_CONFIGURATION = "vmware-system-vmop-";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly string[];
  readonly scope: string;
}

interface Configuration {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly Webhook[];
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: { readonly service: Readonly<Record<string, unknown>> };
  readonly rules: readonly Rule[];
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
  readonly namespaceSelector: unknown;
  readonly reinvocationPolicy?: string;
}

/** Each webhook of each configuration, with the rows of the reference table that it is for. */
const WEBHOOKS = WEBHOOK_CONFIGURATIONS.flatMap(({ file }) => {
  const { webhooks } = parse(manifest(file)) as Configuration;
  const endpoint = isMutating(file) ? "mutate" : "validate";
  const isOfPlatform = file.startsWith("osimage/");
  return webhooks.map((webhook) => {
    const [name = ""] = webhook.name.split(".");
    const creates = name === "publish" || name === "object";
    const rows = (isOfPlatform ? OS_IMAGE_ROWS : VM_ROWS).filter(({ role }) => (role === "creates") === creates);
    return { title: `${file} ${webhook.name}`, endpoint, webhook, name, creates, rows };
  });
});

function isMutating(file: string): boolean {
  return file.split("/").at(-1)?.startsWith("mutating") === true;
}

function manifest(file: string): string {
  return readFileSync(new URL(file, WEBHOOK_CONFIGURATIONS_FOLDER), "utf8");
}

test("the script writes every webhook manifest", () => {
  const files = readdirSync(WEBHOOK_CONFIGURATIONS_FOLDER, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith("-webhook.yaml"),
  );
  expect(files.sort()).toEqual(WEBHOOK_CONFIGURATIONS.map(({ file }) => file).sort());
});

describe.each(WEBHOOK_CONFIGURATIONS)("$file", ({ file, text }) => {
  const configuration = parse(manifest(file)) as Configuration;

  test("is what `npm run manifests` writes now", () => {
    expect(manifest(file)).toBe(text);
  });

  test("is called before vm-operator's own webhooks", () => {
    const names = [VM_OPERATOR_CONFIGURATION, configuration.metadata.name].sort();
    expect(names[0]).toBe(configuration.metadata.name);
  });

  test("has the expected kind and webhooks", () => {
    const kind = isMutating(file) ? "MutatingWebhookConfiguration" : "ValidatingWebhookConfiguration";
    expect(configuration.kind).toBe(kind);
    expect(configuration.webhooks.map(({ name }) => name.replace(/\.vm-image-webhook\.dev$/, ""))).toEqual(
      {
        "base/mutating-webhook.yaml": ["mutate"],
        "base/validating-webhook.yaml": ["validate", "publish"],
        "osimage/component/mutating-webhook.yaml": ["mutate.osimage"],
        "osimage/component/validating-webhook.yaml": ["validate.osimage", "object.osimage"],
      }[file],
    );
  });
});

describe.each(WEBHOOKS)("$title", ({ endpoint, webhook, name, creates, rows }) => {
  test("calls its endpoint, under a fully qualified name", () => {
    expect(webhook.clientConfig.service).toMatchObject({ path: `/${endpoint}` });
    // The API server wants a fully qualified name of three parts or more.
    expect(webhook.name.split(".").length).toBeGreaterThanOrEqual(3);
  });

  test("has rules for exactly the versions and resources of the reference table, newest version first", () => {
    const delivered = webhook.rules.flatMap(({ apiGroups, apiVersions, resources }) =>
      apiGroups.flatMap((group) =>
        apiVersions.flatMap((version) => resources.map((resource) => `${version} ${group}/${resource}`)),
      ),
    );
    const wanted = rows.flatMap(({ group, resource, versions }) =>
      versions.map((version) => `${version} ${group}/${resource}`),
    );
    expect(new Set(delivered)).toEqual(new Set(wanted));
    expect(delivered).toHaveLength(new Set(wanted).size);
    const versions = webhook.rules.map(({ apiVersions }) => apiVersions);
    const newestFirst = [...VERSIONS, "v1"].filter((version) => wanted.some((each) => each.startsWith(`${version} `)));
    const distinct = versions.filter((each, index) => each.join() !== versions[index - 1]?.join());
    expect(distinct).toEqual(newestFirst.map((version) => [version]));
    expect(versions.flat()).toEqual(versions.flat().toSorted().toReversed());
  });

  test("has rules for CREATE and UPDATE of its scope, and none for subresources", () => {
    for (const { operations, scope, resources } of webhook.rules) {
      expect(operations).toEqual(name === "publish" ? ["CREATE"] : ["CREATE", "UPDATE"]);
      const ofRule = rows.filter(({ resource }) => resources.includes(resource));
      expect(new Set(ofRule.map((row) => row.scope))).toEqual(new Set([scope]));
      expect(resources.join()).not.toMatch(/[*/]/);
    }
  });

  test("has one matchCondition that compares every reference on UPDATE", () => {
    expect(webhook.matchConditions ?? []).toHaveLength(name === "publish" ? 0 : 1);
    if (creates) return;
    const expression = webhook.matchConditions?.[0]?.expression ?? "";
    const [condition, lists = ""] = expression.split(" || ");
    expect(condition).toBe('request.operation != "UPDATE"');
    const [now, before] = lists.split(" != ").map((list) => list.slice(1, -1).split(", "));
    const paths = rows.map(({ path }) => (path.includes(EACH) ? path.slice(0, path.indexOf(EACH)) : path));
    const wanted = new Set(
      paths.map((path) => path.map((step) => (step.includes("/") ? `[?"${step}"]` : `.?${step}`)).join("")),
    );
    expect(new Set(now)).toEqual(new Set([...wanted].map((path) => `object${path}`)));
    expect(new Set(before)).toEqual(new Set([...wanted].map((path) => `oldObject${path}`)));
    expect(now?.map((path) => `old${path.replace("object", "Object")}`)).toEqual(before);
  });

  test("for OSImages is called where their spec changes", () => {
    if (name !== "object") return;
    expect(webhook.matchConditions?.map(({ expression }) => expression)).toEqual([
      'request.operation != "UPDATE" || object.?spec != oldObject.?spec',
    ]);
  });

  test("fails closed unless it only warns, with a timeout of 5 s, no side effects and both review versions", () => {
    expect(webhook).toMatchObject({
      failurePolicy: name === "publish" ? "Ignore" : "Fail",
      timeoutSeconds: 5,
      sideEffects: "None",
      matchPolicy: "Equivalent",
      admissionReviewVersions: ["v1", "v1beta1"],
    });
  });

  test("is called again after other webhooks only where it mutates", () => {
    expect(webhook.reinvocationPolicy).toBe(endpoint === "mutate" ? "IfNeeded" : undefined);
  });

  test("excludes its own namespace, so that the webhook can always start", () => {
    expect(webhook.namespaceSelector).toEqual({
      matchExpressions: [
        {
          key: "kubernetes.io/metadata.name",
          operator: "NotIn",
          values: [webhook.clientConfig.service["namespace"]],
        },
      ],
    });
  });
});
