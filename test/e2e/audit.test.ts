import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { AuditReport } from "../../src/audit/report.ts";
import { split } from "../docs/pages.ts";
import { ofCheckout } from "../support/command-run.ts";
import { clusterImage, namespaceImage } from "./cluster-images.ts";
import { ClusterPlane } from "./cluster-plane.ts";
import { ClusterWebhook } from "./cluster-webhook.ts";
import { CONTROL_PLANE_ASSETS, controlPlaneAssets, NAMESPACE, nonEmpty } from "./control-plane.ts";
import { OTHER_NAMESPACE, OWN_CRDS, PLATFORM_CRDS } from "./control-plane.ts";
import { Kubectl, type Printed, run } from "./kubectl.ts";
import { machineSet } from "./machines.ts";
import { requireControlPlane } from "./required.ts";
import { ENVIRONMENT, MAIN } from "./webhook.ts";

const GROUP = "vmoperator.vmware.com";
const KINDS = ["virtualmachines", "virtualmachinereplicasets", "virtualmachineimages", "clustervirtualmachineimages"];
const BOOT = "spec.imageName";

const realCrds = nonEmpty(process.env["VM_OPERATOR_CRDS"]);
const CRDS = realCrds === undefined ? [OWN_CRDS] : needed(realCrds);

function needed(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((file) => KINDS.some((kind) => file.endsWith(`_${kind}.yaml`)));
  return files.map((file) => join(folder, file));
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The rules of a ClusterRole that docs/audit.md tells people to apply. */
function documentedRules(name: string): readonly Rule[] {
  const { blocks } = split(readFileSync(ofCheckout("docs/audit.md"), "utf8"));
  const roles = blocks
    .filter(({ language }) => language === "yaml")
    .map(({ lines }) => parse(lines.join("\n")) as { metadata: { name: string }; rules: readonly Rule[] });
  const role = roles.find(({ metadata }) => metadata.name === name);
  if (role === undefined) throw new Error(`docs/audit.md has no ClusterRole ${name}`);
  return role.rules;
}

function without(resource: string, rules: readonly Rule[]): readonly Rule[] {
  return rules.map((rule) => ({ ...rule, resources: rule.resources.filter((each) => each !== resource) }));
}

/** `error gone VirtualMachine web spec.imageName`, in the order of the report. */
function findingsOf({ namespaces }: AuditReport): readonly string[] {
  return namespaces.flatMap(({ findings }) =>
    findings.map(({ level, id, kind, name, field }) => `${level} ${id} ${kind} ${name} ${field}`),
  );
}

requireControlPlane();

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("audit of a real API server", () => {
  const images = {
    kept: namespaceImage("kept"),
    leaving: namespaceImage("leaving"),
    twin: clusterImage("twin"),
    second: clusterImage("twin"),
  };
  let started: ClusterPlane | undefined;
  const plane = (): ClusterPlane => {
    if (started === undefined) throw new Error("the control plane did not start");
    return started;
  };

  beforeAll(async () => {
    started = await ClusterPlane.start([...CRDS, PLATFORM_CRDS]);
    for (const image of [images.kept, images.leaving, images.twin]) await started.createImage(image);
    await createMachines(started, "before");
    await started.admin.ok(["apply", "-f", "-"], machineSet("before-set", { imageName: "kept" }));
    await started.createMachine("kept", OTHER_NAMESPACE, "elsewhere");
    await withWebhook(started, createMachines);
    await started.deleteImage(images.leaving);
    await started.createImage(images.second);
  });
  afterAll(() => started?.stop());

  async function createMachines(of: ClusterPlane, when: string): Promise<void> {
    for (const name of ["kept", "leaving", "twin"]) {
      const { status, text } = await of.createMachine(name, NAMESPACE, `${when}-${name}`);
      expect(status, text).toBe(201);
    }
  }

  /** Creates machines while a webhook pins them. */
  async function withWebhook(of: ClusterPlane, create: typeof createMachines): Promise<void> {
    const { certificate } = of;
    const before = (await of.machines()).map(({ metadata }) => metadata.name);
    const webhook = await ClusterWebhook.startReady({ kubeconfig: await of.accountKubeconfig(), certificate });
    try {
      await of.pointAt(webhook, "kept");
      const probes = (await of.machines()).map(({ metadata }) => metadata.name);
      const names = probes.filter((name) => !before.includes(name));
      await of.admin.ok(["delete", "virtualmachines", "-n", NAMESPACE, ...names]);
      await create(of, "pinned");
    } finally {
      await webhook.stop();
    }
  }

  /** A user with these rights and no others; returns the kubeconfig. */
  async function userWith(name: string, rules: readonly Rule[], namespace?: string): Promise<string> {
    const kind = namespace === undefined ? "ClusterRole" : "Role";
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const shared = { apiVersion: "rbac.authorization.k8s.io/v1", metadata };
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }];
    const items = [
      { ...shared, kind, rules },
      { ...shared, kind: `${kind}Binding`, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name }, subjects },
    ];
    await plane().admin.ok(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items });
    return plane().userKubeconfig(name);
  }

  function audit(kubeconfig: string, ...args: readonly string[]): Promise<Printed> {
    return run(process.execPath, [MAIN, "audit", "--kubeconfig", kubeconfig, ...args], { env: ENVIRONMENT });
  }

  async function report(kubeconfig: string, ...args: readonly string[]): Promise<AuditReport> {
    const { stdout, stderr } = await audit(kubeconfig, "-o", "json", ...args);
    expect(stderr).toBe("");
    return JSON.parse(stdout) as AuditReport;
  }

  const IN_DEV = [
    "warning display-name VirtualMachine before-kept spec.imageName",
    "error gone VirtualMachine before-leaving spec.imageName",
    "error ambiguous VirtualMachine before-twin spec.imageName",
    "info pinned VirtualMachine pinned-kept spec.imageName",
    "error gone VirtualMachine pinned-leaving spec.image.name",
    "info pinned VirtualMachine pinned-leaving spec.imageName",
    "info pinned VirtualMachine pinned-twin spec.imageName",
    "warning display-name VirtualMachineReplicaSet before-set spec.template.spec.imageName",
  ];

  test("the rights of docs/audit.md suffice, and each machine is found as it is", async () => {
    const kubeconfig = await userWith("auditor", documentedRules("image-audit"));
    const { code, stdout } = await audit(kubeconfig, "-o", "json");
    const found = JSON.parse(stdout) as AuditReport;
    expect(findingsOf(found)).toEqual([...IN_DEV, `error gone VirtualMachine elsewhere ${BOOT}`]);
    expect(found.totals).toEqual({ namespaces: 2, objects: 8, error: 4, warning: 2, info: 3 });
    expect(found.unread).toEqual([]);
    expect(code).toBe(1);
    const text = await audit(kubeconfig);
    expect(text.stdout).toContain(`namespace ${NAMESPACE}: 7 objects, 3 error, 2 warning, 3 info\n`);
    expect(text.stdout).toContain(`  error ambiguous: VirtualMachine before-twin: ${BOOT}: `);
    for (const { metadata } of [images.twin, images.second]) expect(text.stdout).toContain(metadata.name);
    expect(text.stdout).toContain(`    write "${images.kept.metadata.name}" in the manifest where it says "kept"\n`);
    expect(text.stdout.trimEnd().split("\n").at(-1)).toBe("8 objects in 2 namespaces: 4 error, 2 warning, 3 info");
    expect([text.code, text.stderr]).toEqual([1, ""]);
  });

  test("get and list of the machines change nothing", async () => {
    const before = await plane().machines();
    await audit(await userWith("reader", documentedRules("image-audit")));
    expect(await plane().machines()).toEqual(before);
  });

  test("a kind that the user may not list is named with a command that says so, and the rest is reported", async () => {
    const resource = "virtualmachinereplicasets";
    const kubeconfig = await userWith("no-sets", without(resource, documentedRules("image-audit")));
    const found = await report(kubeconfig);
    expect(found.totals).toMatchObject({ objects: 7, error: 4 });
    const command = `kubectl auth can-i list ${resource}.${GROUP} -A`;
    expect(found.unread).toEqual([
      { kind: "VirtualMachineReplicaSet", why: "forbidden", message: expect.any(String) as unknown, command },
    ]);
    const kubectl = await Kubectl.as(kubeconfig, { assets: controlPlaneAssets(), home: plane().directory });
    expect(await kubectl.run(command.split(" ").slice(1))).toMatchObject({ code: 1, stdout: "no\n" });
    const other = `kubectl auth can-i list virtualmachines.${GROUP} -A`;
    expect(await kubectl.run(other.split(" ").slice(1))).toMatchObject({ code: 0, stdout: "yes\n" });
  });

  test("a name is not looked up where a kind of image that may have it may not be listed", async () => {
    const rules = without("clustervirtualmachineimages", documentedRules("image-audit"));
    const kubeconfig = await userWith("no-images", rules);
    const { code, stdout } = await audit(kubeconfig);
    expect(stdout).toContain(`see \`kubectl auth can-i list clustervirtualmachineimages.${GROUP} -A\``);
    expect(stdout).toContain("  warning undecided: VirtualMachine before-leaving: spec: not looked up: ");
    expect(stdout.match(/error \w+: VirtualMachine \S+: \S+:/g)).toEqual([
      "error gone: VirtualMachine pinned-leaving: spec.image.name:",
    ]);
    expect(code).toBe(1);
    expect((await audit(kubeconfig, "-n", OTHER_NAMESPACE)).code).toBe(3);
  });

  test("rights in one namespace suffice for -n, beside those to the images of the cluster", async () => {
    const [rule] = documentedRules("image-audit");
    const cluster = ["clustervirtualmachineimages"];
    await userWith("tenant", [{ apiGroups: [GROUP], resources: cluster, verbs: ["get", "list"] }]);
    const kubeconfig = await userWith("tenant", rule === undefined ? [] : [rule], NAMESPACE);
    expect(findingsOf(await report(kubeconfig, "-n", NAMESPACE))).toEqual(IN_DEV);
  });

  test("--osimage needs the rights of its own", async () => {
    const { admin } = plane();
    const apiVersion = "storage.loft.sh/v1";
    const properties = (image: string): object => ({ spec: { properties: { "vcluster.com/os-image": image } } });
    const items = [
      { apiVersion, kind: "OSImage", metadata: { name: "noble" }, spec: { displayName: "Ubuntu Noble" } },
      {
        apiVersion,
        kind: "NodeClaim",
        metadata: { name: "gone", namespace: OTHER_NAMESPACE },
        ...properties("jammy"),
      },
      {
        apiVersion,
        kind: "Machine",
        metadata: { name: "named", namespace: OTHER_NAMESPACE },
        ...properties("Ubuntu Noble"),
      },
      { apiVersion, kind: "NodeProvider", metadata: { name: "metal" }, ...properties("noble") },
    ];
    await admin.ok(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items });
    const [vms, nodes] = [documentedRules("image-audit"), documentedRules("image-audit-osimage")];
    const found = await report(await userWith("platform", [...vms, ...nodes]), "--osimage");
    expect(found.unread).toEqual([]);
    const field = "spec.properties[vcluster.com/os-image]";
    expect(findingsOf(found)).toEqual(
      expect.arrayContaining([`warning display-name Machine named ${field}`, `error gone NodeClaim gone ${field}`]),
    );
    expect(found.namespaces.at(-1)).toMatchObject({ objects: 1, error: 0 });
    const limited = await report(await userWith("no-nodes", vms), "--osimage");
    expect(limited.unread.map(({ kind, why }) => `${kind} ${why}`)).toEqual([
      "OSImage forbidden",
      "NodeProvider forbidden",
      "NodeClaim forbidden",
      "Machine forbidden",
    ]);
  });
});
