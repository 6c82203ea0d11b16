import { describe, expect, it } from "vitest";
import { refusalStatus } from "../../src/admission/status.ts";
import type { ImageIndex } from "../../src/images/image-index.ts";
import { levelsBy } from "../../src/admission/systems.ts";
import { answer, type Answer, request, type RequestFacts, type VirtualMachine } from "../support/admission.ts";
import { OS_IMAGE, PLATFORM } from "../support/platform.ts";

const BOTH = ["mutate", "validate"] as const;

/** Every lookup fails. */
const NO_LOOKUPS = new Proxy({} as ImageIndex, {
  get: (_, method) => () => {
    throw new Error(`the index was asked: ${String(method)}`);
  },
});

const cdroms = (count: number, name = "iso"): object[] =>
  Array.from({ length: count }, (_, at) => ({ name: `cd${at}`, image: { kind: "VirtualMachineImage", name } }));
const nodeTypes = (count: number): object => ({
  nodeTypes: Array.from({ length: count }, (_, at) => ({ name: `type${at}`, properties: { [OS_IMAGE]: "noble" } })),
});
const hardware = (count: number, name?: string): object => ({ hardware: { cdrom: cdroms(count, name) } });

function ask(object: VirtualMachine, facts: RequestFacts = {}, endpoint: (typeof BOTH)[number] = "mutate"): Answer {
  return answer(endpoint, request(object, facts), NO_LOOKUPS, { levels: levelsBy(() => "off") });
}

function reachesLookup(object: VirtualMachine, facts: RequestFacts = {}): boolean {
  try {
    return ask(object, facts).decision.is !== "refused";
  } catch (error) {
    return String(error).includes("the index was asked");
  }
}

interface Row {
  readonly title: string;
  readonly object: VirtualMachine;
  readonly facts?: RequestFacts;
  readonly field: string;
  readonly message: string;
}

const SET = { kind: "VirtualMachineReplicaSet" };
const PROVIDER = { ...PLATFORM, kind: "NodeProvider" };

const REFUSED: readonly Row[] = [
  {
    title: "257 CD-ROMs",
    object: { spec: hardware(257) },
    field: "spec.hardware.cdrom",
    message: "Too many: 257: a VM may have at most 256 CD-ROMs; leave 1 out",
  },
  {
    title: "257 CD-ROMs of v1alpha4",
    object: { spec: { cdrom: cdroms(257) } },
    facts: { version: "v1alpha4" },
    field: "spec.cdrom",
    message: "Too many: 257: a VM may have at most 256 CD-ROMs; leave 1 out",
  },
  {
    title: "45,000 CD-ROMs of a template",
    object: { spec: { template: { spec: hardware(45_000) } } },
    facts: SET,
    field: "spec.template.spec.hardware.cdrom",
    message: "Too many: 45000: a VM may have at most 256 CD-ROMs; leave 44744 out",
  },
  {
    title: "300 CD-ROMs of a wrong type",
    object: { spec: { hardware: { cdrom: Array(300).fill(7) } } },
    field: "spec.hardware.cdrom",
    message: "Too many: 300: a VM may have at most 256 CD-ROMs; leave 44 out",
  },
  {
    title: "1,001 node types",
    object: { spec: { metal3: nodeTypes(1_001) } },
    facts: PROVIDER,
    field: "spec.metal3.nodeTypes",
    message:
      "Too many: 1001: an object may have at most 1000 places that name images, and this one has 1001; leave 1 out, or make several objects",
  },
  {
    title: "1,001 references in several lists, reported at the longest,",
    object: { spec: { properties: { [OS_IMAGE]: "noble" }, metal3: nodeTypes(400), kubeVirt: nodeTypes(600) } },
    facts: { ...PROVIDER, group: "management.loft.sh" },
    field: "spec.kubeVirt.nodeTypes",
    message:
      "Too many: 600: an object may have at most 1000 places that name images, and this one has 1001; leave 1 out, or make several objects",
  },
  {
    title: "1,001 machines of a group publish request",
    object: { spec: { virtualMachines: Array(1_001).fill("web") } },
    facts: { kind: "VirtualMachineGroupPublishRequest" },
    field: "spec.virtualMachines",
    message:
      "Too many: 1001: an object may have at most 1000 places that name images, and this one has 1001; leave 1 out, or make several objects",
  },
];

describe("limit: too many references are refused with every check off, before any lookup", () => {
  it.each(REFUSED)("$title are refused", ({ object, facts, field, message }) => {
    for (const endpoint of BOTH) {
      const { errors } = ask(object, facts, endpoint);
      expect(errors).toMatchObject([{ check: "limit", reason: "FieldValueTooMany", field }]);
      const status = refusalStatus(request(object, facts), errors);
      expect(status).toMatchObject({ code: 422, reason: "Invalid", message: `${field}: ${message}` });
      expect(status.details.causes).toEqual([{ reason: "FieldValueTooMany", field, message }]);
    }
  });

  it("257 CD-ROMs of a privileged caller are refused", () => {
    const { errors } = ask({ spec: hardware(257) }, { user: { name: "admin", groups: ["system:masters"] } });
    expect(errors).toMatchObject([{ check: "limit" }]);
  });

  it("the finding names the check limit", () => {
    const { decision } = ask({ spec: hardware(257) });
    expect(decision).toMatchObject({ lookups: [], findings: { denials: [{ check: "limit" }] } });
  });
});

describe("limit: references within the limit are read", () => {
  it.each([
    { title: "256 CD-ROMs", object: { spec: hardware(256) }, facts: {} },
    { title: "1,000 node types", object: { spec: { metal3: nodeTypes(1_000) } }, facts: PROVIDER },
    {
      title: "999 node types and a property",
      object: { spec: { properties: { [OS_IMAGE]: "noble" }, metal3: nodeTypes(999) } },
      facts: PROVIDER,
    },
    {
      title: "1,000 node types beside a property that is empty",
      object: { spec: { properties: { [OS_IMAGE]: "" }, metal3: nodeTypes(1_000) } },
      facts: PROVIDER,
    },
    {
      title: "5,000 entries in a list without references",
      object: { spec: { ...hardware(1), disks: Array(5_000).fill({}) } },
      facts: {},
    },
  ])("$title are read", ({ object, facts }) => {
    expect(reachesLookup(object, facts)).toBe(true);
  });
});

it("limit: a value that is not a list is refused by the check type", () => {
  expect(ask({ spec: { hardware: { cdrom: "cd1" } } }).errors).toMatchObject([{ check: "type" }]);
});

it("limit: CD-ROMs of the conversion annotation are counted on CREATE", () => {
  const clone = (count: number): VirtualMachine => {
    const annotations = { "vmoperator.vmware.com/conversion": JSON.stringify({ spec: hardware(count) }) };
    return { metadata: { annotations }, spec: { imageName: "vmi-a" } };
  };
  expect(ask(clone(257), { version: "v1alpha1" }).errors).toMatchObject([
    { check: "limit", field: "metadata.annotations[vmoperator.vmware.com/conversion]", value: 257 },
  ]);
  expect(reachesLookup(clone(256), { version: "v1alpha1" })).toBe(true);
});

it("limit: node types that name no image are not counted", () => {
  const object = { spec: { metal3: { nodeTypes: Array(1_001).fill({ name: "small" }) } } };
  expect(reachesLookup(object, PROVIDER)).toBe(true);
});

describe("limit: on UPDATE", () => {
  const from = (spec: object): RequestFacts => ({ oldObject: { metadata: { name: "web" }, spec } });

  it("a single reference may be added beside lists over the limit that do not grow", () => {
    const old = { spec: { metal3: nodeTypes(1_001) } };
    const sent = { spec: { ...old.spec, properties: { [OS_IMAGE]: "noble" } } };
    expect(reachesLookup(sent, { ...PROVIDER, oldObject: { ...old } })).toBe(true);
  });

  it("a list over the limit that grows is refused with 403", () => {
    const facts = from(hardware(300));
    const { errors } = ask({ spec: hardware(310) }, facts);
    expect(refusalStatus(request({ spec: {} }, facts), errors)).toMatchObject({
      code: 403,
      reason: "Forbidden",
      message: "spec.hardware.cdrom: Too many: 310: a VM may have at most 256 CD-ROMs; leave 10 out",
    });
  });

  it("references over the limit that grow are refused with 403, at the list that grew", () => {
    const facts = { ...PROVIDER, ...from({ metal3: nodeTypes(900), kubeVirt: nodeTypes(99) }) };
    const { errors } = ask({ spec: { metal3: nodeTypes(900), kubeVirt: nodeTypes(102) } }, facts);
    expect(errors).toMatchObject([{ field: "spec.kubeVirt.nodeTypes", value: 102 }]);
    expect(refusalStatus(request({ spec: {} }, facts), errors)).toMatchObject({ code: 403 });
  });

  it.each([
    { title: "stays unchanged", old: hardware(300), now: { ...hardware(300), className: "large" }, facts: {} },
    { title: "gets other images", old: hardware(300), now: hardware(300, "other"), facts: {} },
    { title: "shrinks", old: hardware(300), now: hardware(299), facts: {} },
    {
      title: "grows by as much as another shrinks",
      old: { metal3: nodeTypes(900), kubeVirt: nodeTypes(200) },
      now: { metal3: nodeTypes(1_000), kubeVirt: nodeTypes(100) },
      facts: PROVIDER,
    },
  ])("a list over the limit that $title is admitted", ({ old, now, facts }) => {
    expect(reachesLookup({ spec: now }, { ...facts, ...from(old) })).toBe(true);
  });
});
