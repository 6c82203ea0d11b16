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
      title: "a name that begins with vmi-",
      object: item("vmi-new"),
      warns:
        /"vmi-new": vm-operator reads a name that begins with vmi- as a VMI ID, and never as a display name; choose another item name$/,
    },
    {
      title: "the default from the source's name",
      object: { spec: { source: { name: "web" } } },
      warns: /"web-image": image vmi-w/,
    },
    {
      title: "the default from the request's own name",
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
    { title: "a request without any name", object: { metadata: { generateName: "x-" }, spec: {} }, facts: {} },
  ])("publish-collision: $title has no warning", ({ object, facts }) => {
    expect(ask(object, facts)).toMatchObject({ decision: { is: "allowed" }, warnings: [] });
  });

  it("publish-collision: with strict resolution the warning for a display name of the cluster says ambiguous", () => {
    const strict = { resolution: "strict" } as const;
    const { warnings } = answer("validate", request(item("rocky"), PUBLISH), indexOf(IMAGES), strict);
    expect(warnings).toEqual([
      'spec.target.item.name: "rocky": image vmi-c in the cluster has this display name, so that it would be ambiguous; choose another item name',
    ]);
  });

  it("publish-collision: with strict resolution the name of an image that is being deleted warns, as vm-operator counts it", () => {
    const index = indexOf([vmi("vmi-g", "going", { terminating: true })]);
    const asked = request(item("going"), PUBLISH);
    expect(answer("validate", asked, index, { resolution: "strict" }).warnings).toHaveLength(1);
    expect(answer("validate", asked, index).warnings).toEqual([]);
  });

  it("is refused at both endpoints where the name is not a string", () => {
    const asked = request({ spec: { target: { item: { name: 7 } } } }, PUBLISH);
    for (const endpoint of ["mutate", "validate"] as const) {
      const [problem] = answer(endpoint, asked, indexOf(IMAGES)).errors;
      expect(problem === undefined ? "" : errorMessage(problem)).toBe(
        "Invalid value: 7: must be a string; put what you wrote in quotes",
      );
    }
  });

  it("is undecided at /validate without complete lists of images, and allowed at /mutate", () => {
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
    // Display names that result if one of the two parts is lost.
    vmi("vmi-x", "golden-"),
    vmi("vmi-y", "-web"),
  ];
  const group = (virtualMachines: unknown, metadata: object = { name: "golden" }): VirtualMachine => ({
    metadata,
    spec: { source: "web", virtualMachines },
  });
  const ask = (object: VirtualMachine, facts: RequestFacts = {}): Answer =>
    answer("validate", request(object, { ...GROUP, ...facts }), indexOf(GOLDEN));

  it.each(["v1alpha5", "v1alpha6"])(
    "publish-collision: each machine whose display name is in use warns, in %s",
    (version) => {
      const { decision, warnings } = ask(group(["web", "new", "db", "cache", "etcd"]), { version });
      expect(decision).toMatchObject({ is: "allowed" });
      expect(warnings).toEqual([
        'spec.virtualMachines[0]: "golden-web": image vmi-w (cl-a) in namespace "dev" has this display name, so that it would be ambiguous; choose another name for the request',
        'spec.virtualMachines[2]: "golden-db": image vmi-d in the cluster has this display name; in namespace "dev" it would mean the new image instead; the same remedy as for spec.virtualMachines[0]',
      ]);
    },
  );

  it("publish-collision: a display name that begins with vmi- warns", () => {
    expect(ask(group(["web"], { name: "vmi-golden" })).warnings).toEqual([
      expect.stringMatching(
        /^spec\.virtualMachines\[0\]: "vmi-golden-web": vm-operator reads a name that begins with vmi-/,
      ),
    ]);
  });

  it("publish-collision: level deny refuses the entry whose display name is in use", () => {
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
  ])("publish-collision: $title has no warning", ({ object, facts }) => {
    expect(ask(object, facts)).toMatchObject({ decision: { is: "allowed" }, warnings: [] });
  });

  it.each([
    {
      title: "an entry that is a number",
      list: ["web", 7],
      field: "spec.virtualMachines[1]",
      expected: "a string",
      remedy: "put what you wrote in quotes",
    },
    {
      title: "an entry that is an object",
      list: [{ name: "web" }],
      field: "spec.virtualMachines[0]",
      expected: "a string",
      remedy: 'write "web"',
    },
    {
      title: "a list that is a string",
      list: "web",
      field: "spec.virtualMachines",
      expected: "a list",
      remedy: 'make it a list: put "- " in front of it',
    },
  ])("type: $title is refused", ({ list, field, expected, remedy }) => {
    const { errors } = ask(group(list));
    expect(errors).toMatchObject([{ check: "type", field, why: `must be ${expected}` }]);
    expect(errors[0]?.remedy).toBe(remedy);
  });

  it("is undecided at /validate without complete lists of images, and allowed unchanged at /mutate", () => {
    const asked = request(group(["web"]), GROUP);
    expect(answer("mutate", asked, indexOf([], [])).decision).toMatchObject({ is: "allowed", patch: [] });
    expect(answer("validate", asked, indexOf([], [])).decision).toMatchObject({ is: "undecided" });
  });
});
