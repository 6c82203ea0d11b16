import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/common/json.ts";

import { errorMessage } from "../../src/references/field-error.ts";
import { answer, type Answer, request, type RequestFacts, type VirtualMachine } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const IMAGES = [vmi("vmi-a", "ubuntu"), cvmi("vmi-c", "rocky")];

describe("a publish request", () => {
  const PUBLISH = { kind: "VirtualMachinePublishRequest" };
  const ask = (object: object, facts: RequestFacts = {}): Answer =>
    answer(
      "validate",
      request(object, { ...PUBLISH, ...facts }),
      indexOf([...IMAGES, vmi("vmi-w", "web-image"), vmi("vmi-g", "going", { terminating: true })]),
    );
  const item = (name: string): object => ({ spec: { source: { name: "web" }, target: { item: { name } } } });

  it.each([
    {
      title: "a display name of the namespace",
      object: item("ubuntu"),
      warns:
        /^spec\.target\.item\.name: "ubuntu": image vmi-a in namespace "dev" has this display name, so that it would be ambiguous; choose another item name$/,
    },
    {
      title: "a display name of the cluster",
      object: item("rocky"),
      warns:
        /image vmi-c in the cluster has this display name; in namespace "dev" it would mean the new image instead; choose another item name$/,
    },
    {
      title: "a VMI ID",
      object: item("vmi-new"),
      warns:
        /"vmi-new": vm-operator reads a name that begins with vmi- as a VMI ID, and never as a display name; choose another item name$/,
    },
    {
      title: "the source's name as default",
      object: { spec: { source: { name: "web" } } },
      warns: /"web-image": image vmi-w/,
    },
    {
      title: "its own name as default",
      object: { metadata: { name: "web" }, spec: {} },
      warns: /"web-image": image vmi-w/,
    },
  ])("publish-collision: $title warns", ({ object, warns }) => {
    const { decision, warnings } = ask(object);
    expect(decision).toMatchObject({ is: "allowed" });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warns);
  });

  it.each([
    { title: "a new name", object: item("brand-new"), facts: {} },
    { title: "a name of another namespace", object: item("ubuntu"), facts: { namespace: "prod" } },
    { title: "an UPDATE", object: item("ubuntu"), facts: { oldObject: { spec: {} } } },
    { title: "a name of an image that is being deleted", object: item("going"), facts: {} },
    { title: "no name at all", object: { metadata: { generateName: "x-" }, spec: {} }, facts: {} },
  ])("publish-collision: $title says nothing", ({ object, facts }) => {
    expect(ask(object, facts)).toMatchObject({ decision: { is: "allowed" }, warnings: [] });
  });

  it("publish-collision: with strict resolution a display name of the cluster becomes ambiguous", () => {
    const strict = { resolution: "strict" } as const;
    const { warnings } = answer("validate", request(item("rocky"), PUBLISH), indexOf(IMAGES), strict);
    expect(warnings).toEqual([
      'spec.target.item.name: "rocky": image vmi-c in the cluster has this display name, so that it would be ambiguous; choose another item name',
    ]);
  });

  it("publish-collision: with strict resolution an image that is being deleted counts, as for vm-operator", () => {
    const index = indexOf([vmi("vmi-g", "going", { terminating: true })]);
    const asked = request(item("going"), PUBLISH);
    expect(answer("validate", asked, index, { resolution: "strict" }).warnings).toHaveLength(1);
    expect(answer("validate", asked, index).warnings).toEqual([]);
  });

  it("is never mutated, and refused where a name is no text", () => {
    const asked = request({ spec: { target: { item: { name: 7 } } } }, PUBLISH);
    for (const endpoint of ["mutate", "validate"] as const) {
      const [problem] = answer(endpoint, asked, indexOf(IMAGES)).errors;
      expect(problem === undefined ? "" : errorMessage(problem)).toBe("Invalid value: 7: must be a string");
    }
  });

  it("needs an index that is complete", () => {
    const asked = request(item("ubuntu"), PUBLISH);
    expect(answer("validate", asked, indexOf([], [])).decision).toMatchObject({ is: "undecided" });
    expect(answer("mutate", asked, indexOf([], [])).decision).toMatchObject({ is: "allowed" });
  });
});

describe("a group publish request", () => {
  const GROUP = { kind: "VirtualMachineGroupPublishRequest" };
  const GOLDEN = [
    vmi("vmi-w", "golden-web", { library: "cl-a" }),
    cvmi("vmi-d", "golden-db"),
    vmi("vmi-g", "golden-cache", { terminating: true }),
    vmi("vmi-o", "golden-etcd", { namespace: "prod" }),
    // What a missing part would leave.
    vmi("vmi-x", "golden-"),
    vmi("vmi-y", "-web"),
  ];
  const group = (virtualMachines: unknown, metadata: object = { name: "golden" }): VirtualMachine => ({
    metadata,
    spec: { source: "web", virtualMachines },
  });
  const ask = (object: VirtualMachine, facts: RequestFacts = {}): Answer =>
    answer("validate", request(object, { ...GROUP, ...facts }), indexOf(GOLDEN));

  it.each(["v1alpha5", "v1alpha6"])("publish-collision: each machine's display name is compared, in %s", (version) => {
    const { decision, warnings } = ask(group(["web", "new", "db", "cache", "etcd"]), { version });
    expect(decision).toMatchObject({ is: "allowed" });
    expect(warnings).toEqual([
      'spec.virtualMachines[0]: "golden-web": image vmi-w (cl-a) in namespace "dev" has this display name, so that it would be ambiguous; choose another name for the request',
      'spec.virtualMachines[2]: "golden-db": image vmi-d in the cluster has this display name; in namespace "dev" it would mean the new image instead; choose another name for the request',
    ]);
  });

  it("publish-collision: a name that would be read as a VMI ID", () => {
    expect(ask(group(["web"], { name: "vmi-golden" })).warnings).toEqual([
      expect.stringMatching(
        /^spec\.virtualMachines\[0\]: "vmi-golden-web": vm-operator reads a name that begins with vmi-/,
      ),
    ]);
  });

  it("publish-collision: deny refuses by the entry", () => {
    const levels = { ...DEFAULT_LEVELS, "publish-collision": "deny" } as const;
    const { errors } = answer("validate", request(group(["new", "web"]), GROUP), indexOf(GOLDEN), { levels });
    expect(errors).toMatchObject([{ check: "publish-collision", field: "spec.virtualMachines[1]" }]);
  });

  it.each([
    { title: "an absent list, which vm-operator fills in", object: { metadata: { name: "golden" }, spec: {} } },
    { title: "an empty list", object: group([]) },
    { title: "an empty or absent entry", object: group(["", null]) },
    { title: "a request whose name is not known yet", object: group(["web"], { generateName: "golden-" }) },
    { title: "a version without the kind", object: group(["web"]), facts: { version: "v1alpha4" } },
    { title: "an UPDATE", object: group(["web"]), facts: { oldObject: group([]) as JsonObject } },
  ])("publish-collision: $title says nothing", ({ object, facts }) => {
    expect(ask(object, facts)).toMatchObject({ decision: { is: "allowed" }, warnings: [] });
  });

  it.each([
    { title: "an entry that is a number", list: ["web", 7], field: "spec.virtualMachines[1]", says: "a string" },
    {
      title: "an entry that is an object",
      list: [{ name: "web" }],
      field: "spec.virtualMachines[0]",
      says: "a string",
    },
    { title: "a list that is a string", list: "web", field: "spec.virtualMachines", says: "a list" },
  ])("type: $title is refused", ({ list, field, says }) => {
    const { errors } = ask(group(list));
    expect(errors).toMatchObject([{ check: "type", field, why: `must be ${says}` }]);
  });

  it("is never mutated, and needs an index that is complete", () => {
    const asked = request(group(["web"]), GROUP);
    expect(answer("mutate", asked, indexOf([], [])).decision).toMatchObject({ is: "allowed", patch: [] });
    expect(answer("validate", asked, indexOf([], [])).decision).toMatchObject({ is: "undecided" });
  });
});
