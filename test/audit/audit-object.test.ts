import { describe, expect, it } from "vitest";
import { decider } from "../../src/admission/decide.ts";
import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { auditObject } from "../../src/audit/audit-object.ts";
import type { AuditFinding } from "../../src/audit/finding.ts";
import { reportOf } from "../../src/audit/report.ts";
import { decodeImage } from "../../src/images/decode/decode-image.ts";
import { VM_IMAGE_KINDS } from "../../src/images/image.ts";
import { MemoryImageIndex } from "../../src/images/image-index.ts";

const GROUP = "vmoperator.vmware.com";

interface ImageState {
  readonly type?: string;
  readonly ready?: boolean;
  readonly deleted?: boolean;
}

function image(name: string, displayName: string, state: ImageState = {}): object {
  const { type = "OVF", ready = true, deleted = false } = state;
  return {
    apiVersion: `${GROUP}/v1alpha6`,
    kind: "VirtualMachineImage",
    metadata: { name, namespace: "dev", ...(deleted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
    status: { name: displayName, type, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

const IMAGES = [
  image("vmi-1", "ubuntu"),
  image("vmi-2", "twice"),
  image("vmi-3", "twice"),
  image("vmi-4", "later", { ready: false }),
  image("vmi-5", "leaving", { deleted: true }),
  image("vmi-6", "live", { type: "ISO" }),
];

function indexOf(isSynced = true): MemoryImageIndex {
  const index = new MemoryImageIndex();
  for (const kind of isSynced ? VM_IMAGE_KINDS : []) index.relist(kind).replace();
  for (const object of IMAGES) {
    const decoded = decodeImage(object);
    if (decoded.is !== "image") throw new Error("not an image");
    index.apply(decoded.image);
  }
  return index;
}

const decide = decider({
  resolution: "namespace-first",
  write: "both",
  levels: DEFAULT_LEVELS,
  isPrivileged: () => false,
  teamGroupPrefix: "",
});

function audited(...given: Parameters<typeof findings>): readonly string[] {
  return findings(...given).map(({ level, id, field }) => `${level} ${id} ${field}`);
}

function findings(
  spec: object,
  metadata: object = {},
  index = indexOf(),
  kind = "VirtualMachine",
): readonly AuditFinding[] {
  const object = { metadata: { name: "web", namespace: "dev", ...metadata }, spec };
  return auditObject(
    {
      uid: "",
      kind: { group: GROUP, version: "v1alpha6", kind },
      subResource: undefined,
      operation: "CREATE",
      namespace: "dev",
      name: "web",
      user: { name: "", groups: [] },
      object,
      oldObject: undefined,
    },
    index,
    decide,
  );
}

/** A CD-ROM for each image. */
function cdroms(...names: readonly string[]): object {
  return {
    cdrom: names.map((name, position) => ({ name: `cdrom${position}`, image: { kind: "VirtualMachineImage", name } })),
  };
}

function pinned(pins: unknown): object {
  const text = typeof pins === "string" ? pins : JSON.stringify(pins);
  return { annotations: { "vm-image-webhook.dev/pinned": text } };
}

const PIN = { "spec.imageName": { requested: "ubuntu", resolved: "vmi-1" } };

describe("the findings about a machine", () => {
  it.each([
    ["an object name", { imageName: "vmi-1" }, {}, []],
    ["a display name", { imageName: "ubuntu" }, {}, ["warning display-name spec.imageName"]],
    ["an image that is gone", { imageName: "vmi-9" }, {}, ["error gone spec.imageName"]],
    ["several images", { imageName: "twice" }, {}, ["error ambiguous spec.imageName"]],
    ["an image that is not ready", { imageName: "vmi-4" }, {}, ["warning not-ready spec.imageName"]],
    ["an image that is being deleted", { imageName: "vmi-5" }, {}, ["warning terminating spec.imageName"]],
    [
      "two images",
      { imageName: "vmi-1", image: { kind: "VirtualMachineImage", name: "vmi-2" } },
      {},
      ["error disagree spec.imageName"],
    ],
    ["no image", {}, {}, ["info no-image spec.imageName"]],
    ["another kind", { image: { kind: "Disk", name: "vmi-1" } }, {}, ["error refused spec.image.kind"]],
    ["a pinned name", { imageName: "vmi-1" }, pinned(PIN), ["info pinned spec.imageName"]],
    ["a pin of another name", { imageName: "vmi-2" }, pinned(PIN), ["warning stale-pin spec.imageName"]],
    [
      "an annotation that is no JSON",
      { imageName: "vmi-1" },
      pinned("{"),
      ["warning stale-pin metadata.annotations[vm-image-webhook.dev/pinned]"],
    ],
    ["anything while it is deleted", { imageName: "vmi-9" }, { deletionTimestamp: "2026-01-01T00:00:00Z" }, []],
  ])("that names %s", (_, spec, metadata, findings) => {
    expect(audited(spec, metadata)).toEqual(findings);
  });

  it.each([
    ["an object name", cdroms("vmi-6"), []],
    ["a display name", cdroms("live"), ["warning display-name spec.hardware.cdrom[0].image.name"]],
    ["an image that is gone", cdroms("vmi-6", "vmi-9"), ["error gone spec.hardware.cdrom[1].image.name"]],
    ["several images", cdroms("twice"), ["error ambiguous spec.hardware.cdrom[0].image.name"]],
  ])("whose CD-ROM names %s", (_, hardware, findings) => {
    expect(audited({ imageName: "vmi-1", guestID: "ubuntu64Guest", hardware })).toEqual(findings);
  });

  it("say that nothing was looked up where a kind of image is missing", () => {
    expect(audited({ imageName: "ubuntu" }, pinned(PIN), indexOf(false))).toEqual([
      "warning undecided spec",
      "warning stale-pin spec.imageName",
    ]);
  });
});

it("the remedies of the annotation can be typed", () => {
  const remedies = (object: object, metadata: object): unknown => findings(object, metadata).map((each) => each.remedy);
  expect(remedies({ imageName: "vmi-1" }, pinned("{"))).toEqual([
    "remove the annotation: kubectl annotate -n dev virtualmachines.vmoperator.vmware.com/web vm-image-webhook.dev/pinned-",
  ]);
  expect(remedies({ imageName: "vmi-1" }, pinned(PIN))).toEqual([
    'write "vmi-1" in the manifest where it says "ubuntu"',
  ]);
});

describe("the findings about a ReplicaSet", () => {
  it.each([
    ["an object name", { imageName: "vmi-1" }, []],
    ["a display name", { imageName: "ubuntu" }, ["warning display-name spec.template.spec.imageName"]],
    [
      "a kind and a display name",
      { image: { kind: "VirtualMachineImage", name: "ubuntu" } },
      ["warning display-name spec.template.spec.image.name"],
    ],
    ["an image that is gone", { imageName: "vmi-9" }, ["error gone spec.template.spec.imageName"]],
    [
      "two images",
      { imageName: "vmi-1", image: { kind: "VirtualMachineImage", name: "vmi-2" } },
      ["error disagree spec.template.spec.imageName"],
    ],
    [
      "a display name in a CD-ROM",
      { imageName: "vmi-1", guestID: "ubuntu64Guest", hardware: cdroms("live") },
      ["warning display-name spec.template.spec.hardware.cdrom[0].image.name"],
    ],
  ])("whose template names %s", (_, template, findings) => {
    expect(audited({ template: { spec: template } }, {}, indexOf(), "VirtualMachineReplicaSet")).toEqual(findings);
  });

  it("whose template was pinned", () => {
    const pins = { "spec.template.spec.imageName": { requested: "ubuntu", resolved: "vmi-1" } };
    const spec = { template: { spec: { imageName: "vmi-1" } } };
    expect(audited(spec, pinned(pins), indexOf(), "VirtualMachineReplicaSet")).toEqual([
      "info pinned spec.template.spec.imageName",
    ]);
  });
});

it("a report is ordered by namespace, and counts levels", () => {
  const finding = {
    id: "gone",
    kind: "VirtualMachine",
    name: "web",
    field: "f",
    message: "m",
    remedy: undefined,
  } as const;
  const report = reportOf(
    [
      { namespace: undefined, findings: [] },
      { namespace: "prod", findings: [{ ...finding, namespace: "prod", level: "info" }] },
      { namespace: "dev", findings: [{ ...finding, namespace: "dev", level: "error" }] },
      { namespace: "dev", findings: [] },
    ],
    [],
  );
  expect(report.namespaces.map(({ namespace, objects }) => [namespace, objects])).toEqual([
    ["dev", 2],
    ["prod", 1],
    [undefined, 1],
  ]);
  expect(report.totals).toEqual({ namespaces: 3, objects: 4, error: 1, warning: 0, info: 1 });
});
