import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { WEBHOOK_CONFIGURATIONS } from "../../scripts/webhook-configurations.ts";
import { serve } from "../../src/cli/serve.ts";
import { FLAGS, type FlagName } from "../../src/cli/flags.ts";
import { readFlags } from "../../src/cli/given-flags.ts";
import { DEFAULT_MAX_IMAGES } from "../../src/images/image-index.ts";
import { MAX_WAIT_FOR_QUIET, SHUTDOWN_DEADLINE } from "../../src/server/limits.ts";
import { type Container, kustomization, MANIFESTS, manifestsOf, only } from "./manifests.ts";

const NAMESPACE = "vm-image-webhook-system";
const SECOND = 1_000;
const MEBIBYTE = 1024 * 1024;

/** Memory of an image in the index, and of the program without images; measured with 500,000 images. */
const BYTES_PER_IMAGE = 500;
const BYTES_OF_PROGRAM = 40 * MEBIBYTE;

const base = manifestsOf("base");
const deployment = only(base, "Deployment");
const pod = deployment.spec.template.spec;
const container = onlyContainer();
const flags = givenFlags(container.args.slice(1));

function onlyContainer(): Container {
  const [first, ...rest] = pod.containers;
  if (first === undefined || rest.length > 0) throw new Error("there is not exactly one container");
  return first;
}

/** The values of each `--name=value`, the form of the Deployment. */
function givenFlags(args: readonly string[]): Readonly<Partial<Record<FlagName, readonly string[]>>> {
  const given: Partial<Record<FlagName, readonly string[]>> = {};
  for (const arg of args) {
    const { name = "", value = "" } = /^--(?<name>[\w-]+)=(?<value>.+)$/.exec(arg)?.groups ?? {};
    if (!(name in FLAGS)) throw new Error(`${arg} is no flag of ours`);
    const flag = name as FlagName;
    given[flag] = [...(given[flag] ?? []), value];
  }
  return given;
}

function bytes(quantity: string): number {
  const { number, unit } = /^(?<number>\d+)(?<unit>[MG]i)$/.exec(quantity)?.groups ?? {};
  return Number(number) * (unit === "Gi" ? 1024 : 1) * MEBIBYTE;
}

function containerPort(port: string | number): number | undefined {
  return container.ports.find(({ name, containerPort: number }) => name === port || number === port)?.containerPort;
}

test("the kustomization of base lists exactly the files of its folder", () => {
  const files = readdirSync(new URL("base/", MANIFESTS)).filter((file) => file !== "kustomization.yaml");
  expect([...kustomization("base").resources].sort()).toEqual(files.sort());
  expect(kustomization("base").resources).toEqual(
    expect.arrayContaining(
      WEBHOOK_CONFIGURATIONS.flatMap(({ file }) => (file.startsWith("base/") ? [file.slice("base/".length)] : [])),
    ),
  );
});

test("every object has the label of the webhook, and every namespaced object is in its namespace", () => {
  const clusterScoped = /^(Namespace|Cluster|Mutating|Validating)/;
  for (const { kind, metadata } of base) {
    expect(metadata.labels, kind).toMatchObject({ "app.kubernetes.io/name": "vm-image-webhook" });
    expect(metadata.namespace, kind).toBe(clusterScoped.test(kind) ? undefined : NAMESPACE);
  }
});

test("only the webhook configurations have a component label", () => {
  const apart = base.filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] !== undefined);
  expect(apart.map(({ kind, metadata }) => [kind, metadata.labels?.["app.kubernetes.io/component"]])).toEqual([
    ["MutatingWebhookConfiguration", "webhook-configuration"],
    ["ValidatingWebhookConfiguration", "webhook-configuration"],
  ]);
});

test("the namespace enforces restricted pod security", () => {
  const { metadata } = only(base, "Namespace", NAMESPACE);
  for (const mode of ["enforce", "audit", "warn"]) {
    expect(metadata.labels).toHaveProperty([`pod-security.kubernetes.io/${mode}`], "restricted");
  }
});

describe("rights", () => {
  test("allow to get, list and watch the two kinds of image, and nothing more", () => {
    expect(only(base, "ClusterRole")["rules"]).toEqual([
      {
        apiGroups: ["vmoperator.vmware.com"],
        resources: ["virtualmachineimages", "clustervirtualmachineimages"],
        verbs: ["get", "list", "watch"],
      },
    ]);
    expect(base.filter(({ kind }) => /^(Cluster)?Role(Binding)?$/.test(kind))).toHaveLength(2);
  });

  test("are bound to the service account of the pods", () => {
    const binding = only(base, "ClusterRoleBinding");
    expect(binding["roleRef"]).toEqual({
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: only(base, "ClusterRole").metadata.name,
    });
    expect(binding["subjects"]).toEqual([
      { kind: "ServiceAccount", name: pod.serviceAccountName, namespace: NAMESPACE },
    ]);
    only(base, "ServiceAccount", pod.serviceAccountName);
  });
});

describe("the server", () => {
  test("starts with flags and values that the program accepts", () => {
    const [command] = container.args;
    expect(command).toBe(serve.name);
    expect(serve.flags).toEqual(expect.arrayContaining(Object.keys(flags)));
    expect(readFlags(Object.keys(flags) as FlagName[], flags, {})).toBeDefined();
  });

  test("reads its images from the cluster", () => {
    expect(flags).not.toHaveProperty("images");
  });

  test("listens on the ports of the container", () => {
    const { listen, "ops-listen": ops } = readFlags(["listen", "ops-listen"], flags, {});
    expect([listen.port, ops.port]).toEqual([containerPort("reviews"), containerPort("ops")]);
    expect([listen.host, ops.host]).toEqual([undefined, undefined]);
  });

  test.each([
    ["startupProbe", "/livez"],
    ["livenessProbe", "/livez"],
    ["readinessProbe", "/readyz"],
  ] as const)("answers %s at %s of the ops port", (probe, path) => {
    const { httpGet } = container[probe];
    expect(httpGet.path).toBe(path);
    expect(containerPort(httpGet.port)).toBe(readFlags(["ops-listen"], flags, {})["ops-listen"].port);
  });

  test("has a minute to start before the liveness probe runs", () => {
    const { periodSeconds, failureThreshold } = container.startupProbe;
    expect(periodSeconds * failureThreshold).toBe(60);
  });

  test("treats only the service accounts of vm-operator as privileged", () => {
    expect(flags["privileged-user"]).toEqual(["system:serviceaccount:vmware-system-vmop:*"]);
    expect(flags).not.toHaveProperty("privileged-group");
  });

  test("has a certificate for the name of its Service, and no mounted files", () => {
    const { metadata } = only(base, "Service");
    expect(flags["cert-host"]).toEqual([`${metadata.name}.${NAMESPACE}.svc`]);
    expect(flags).not.toHaveProperty("cert-dir");
    expect([pod.volumes, container.volumeMounts]).toEqual([undefined, undefined]);
  });

  test("has a termination grace period longer than its shutdown deadline", () => {
    const { "shutdown-delay": shutdownDelay } = readFlags(["shutdown-delay"], flags, {});
    const toStop = (shutdownDelay + MAX_WAIT_FOR_QUIET + SHUTDOWN_DEADLINE) / SECOND;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(toStop);
    expect(pod.terminationGracePeriodSeconds).toBeLessThanOrEqual(toStop + 10);
  });

  test("has a heap for two indexes of the largest size, within the memory limit", () => {
    const options = container.env.find(({ name }) => name === "NODE_OPTIONS")?.value;
    const oldSpace =
      Number(/^--max-old-space-size=(\d+) --max-semi-space-size=\d+$/.exec(options ?? "")?.[1]) * MEBIBYTE;
    expect(oldSpace).toBeGreaterThanOrEqual(2 * DEFAULT_MAX_IMAGES * BYTES_PER_IMAGE + BYTES_OF_PROGRAM);
    expect(oldSpace).toBeLessThanOrEqual((bytes(container.resources.limits["memory"] ?? "") * 2) / 3);
    expect(container.resources.limits).not.toHaveProperty("cpu");
    expect(Object.keys(container.resources.requests).sort()).toEqual(["cpu", "memory"]);
  });
});

test("the pods are restricted: no root, no privileges, no writable files", () => {
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
  expect(pod.securityContext["runAsUser"]).toBeGreaterThan(0);
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  for (const shared of ["hostNetwork", "hostPID", "hostIPC"]) expect(pod).not.toHaveProperty(shared);
});

describe("two replicas", () => {
  test("run on different nodes, and a rollout never has fewer than two", () => {
    expect(deployment.spec.replicas).toBe(2);
    expect(deployment.spec.strategy.rollingUpdate).toMatchObject({ maxUnavailable: 0 });
    expect(pod.topologySpreadConstraints).toMatchObject([
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: deployment.spec.selector,
      },
    ]);
  });

  test("match every selector", () => {
    const labels = deployment.spec.template.metadata.labels;
    const { matchLabels } = deployment.spec.selector;
    expect(labels).toMatchObject(matchLabels);
    expect(only(base, "Service")["spec"]).toMatchObject({ selector: matchLabels });
    expect(only(base, "PodDisruptionBudget")["spec"]).toMatchObject({ maxUnavailable: 1, selector: { matchLabels } });
  });

  test("may use their priority class, which the quota names", () => {
    const { spec } = only(base, "ResourceQuota", "vm-image-webhook-priority");
    expect(spec.scopeSelector).toEqual({
      matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: [pod.priorityClassName] }],
    });
  });
});

test("the Service forwards the port of the configurations to the port for reviews", () => {
  const service = only(base, "Service");
  const [port, ...others] = service.spec.ports;
  expect(others).toEqual([]);
  expect(containerPort(port?.["targetPort"] ?? "")).toBe(readFlags(["listen"], flags, {}).listen.port);
  for (const kind of ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]) {
    for (const webhook of only(base, kind)["webhooks"] as readonly object[]) {
      expect(webhook).toMatchObject({
        clientConfig: {
          service: { name: service.metadata.name, namespace: service.metadata.namespace, port: port?.["port"] },
        },
      });
    }
  }
});

test("the image has the version of package.json, never `latest`", () => {
  const images = kustomization("base").images ?? [];
  expect(images).toMatchObject([{ name: container.image, newTag: packageJson.version }]);
  expect(container.image).not.toContain(":");
});
