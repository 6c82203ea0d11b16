import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, it } from "vitest";
import { type Image, VM_IMAGE_KINDS } from "../../src/images/image.ts";
import { at, type JsonObject } from "../../src/common/json.ts";
import { OS_IMAGE_ROWS } from "../../src/osimage/rows.ts";

import { PINNED_ANNOTATION } from "../../src/references/pinned-annotation.ts";
import { errorMessage } from "../../src/references/field-error.ts";
import { EACH } from "../../src/references/row.ts";
import type { Answer } from "../support/admission.ts";
import { osImage, vmi } from "../support/catalogue.ts";
import { asked, nodeProvider, OS_IMAGE, OS_IMAGES } from "../support/platform.ts";

const PROPERTY_ROWS = OS_IMAGE_ROWS.filter(({ role }) => role === "property");
const FIELD = `spec.properties[${OS_IMAGE}]`;
const GONE: readonly Image[] = OS_IMAGES.filter(({ name }) => name !== "noble");

function claim(name: unknown, metadata: object = {}): { metadata: object; spec: object } {
  return { metadata: { name: "node-1", ...metadata }, spec: { properties: { [OS_IMAGE]: name, other: "kept" } } };
}

function nameIn(answer: Answer): unknown {
  return at(answer.object, ["spec", "properties", OS_IMAGE]);
}

function pinsIn({ object }: Answer): unknown {
  const text = at(object, ["metadata", "annotations", PINNED_ANNOTATION]);
  return typeof text === "string" ? JSON.parse(text) : undefined;
}

function messages({ errors }: Answer): readonly string[] {
  return errors.map((problem) => `${problem.field}: ${errorMessage(problem)}`);
}

/** An object with this value at the path of a row; in a list, another entry comes first. */
function objectAt(path: readonly string[], value: string): JsonObject {
  const made = path.reduceRight<unknown>(
    (inner, step) =>
      step === EACH ? [{ name: "first" }, { name: "second", ...(inner as object) }] : { [step]: inner },
    value,
  );
  return made as JsonObject;
}

describe.each(PROPERTY_ROWS)("$group $kind $path", ({ group, kind, path }) => {
  const field = (list: string): string =>
    path
      .reduce((text, step) => text + (step === EACH ? list : /[./]/.test(step) ? `[${step}]` : `.${step}`), "")
      .slice(1);

  it("M22: a display name becomes the object name, and the pinned annotation records it", () => {
    const made = asked("mutate", kind, objectAt(path, "Ubuntu 24.04"), { group });
    expect(made.object).toMatchObject(objectAt(path, "noble"));
    expect(pinsIn(made)).toEqual({ [field("[second]")]: { requested: "Ubuntu 24.04", resolved: "noble" } });
    expect(asked("validate", kind, made.object, { group })).toMatchObject({ errors: [], warnings: [] });
    expect(asked("mutate", kind, made.object, { group }).patched).toEqual([]);
  });

  it("M22: an object name stays, without an annotation", () => {
    expect(asked("mutate", kind, objectAt(path, "noble"), { group }).patched).toEqual([]);
  });

  it.each(["mutate", "validate"] as const)("exists: an unknown name is refused at /%s", (endpoint) => {
    expect(messages(asked(endpoint, kind, objectAt(path, "Ubuntu 2404"), { group }))).toEqual([
      `${field("[1]")}: Not found: "Ubuntu 2404": no OSImage has this display name or object name; did you mean "Ubuntu 24.04" (noble) or "Ubuntu 22.04" (jammy)?`,
    ]);
  });
});

describe("a name that is unknown or ambiguous", () => {
  it("lists the object names where it is ambiguous", () => {
    expect(messages(asked("mutate", "NodeClaim", claim("Twin")))).toEqual([
      `${FIELD}: Invalid value: "Twin": ambiguous: 2 OSImages have this display name: twin-a, twin-b; use one of these object names`,
    ]);
  });

  it("is refused with the command that lists images where no name is similar", () => {
    expect(messages(asked("mutate", "NodeClaim", claim("windows")))).toEqual([
      `${FIELD}: Not found: "windows": no OSImage has this display name or object name; kubectl get osimages lists what can be written`,
    ]);
  });

  it("is refused with a suggestion where it is a mistyped object name", () => {
    expect(messages(asked("mutate", "NodeClaim", claim("noblee")))[0]).toContain(
      'did you mean "Ubuntu 24.04" (noble)?',
    );
  });

  it("gets no suggestion of an image that the caller may not use", () => {
    expect(messages(asked("mutate", "NodeClaim", claim("Closd")))[0]).toContain("kubectl get osimages");
    const user = { name: "granted", groups: [] };
    expect(messages(asked("mutate", "NodeClaim", claim("Closd"), { user }))[0]).toContain('"Closed" (closed)');
  });

  it("is refused where only a vm-operator image has it, and in a machine where only an OSImage has it", () => {
    const images = [...OS_IMAGES, vmi("vmi-a", "rocky")];
    expect(messages(asked("mutate", "NodeClaim", claim("rocky"), { images }))).toHaveLength(1);
    expect(messages(asked("mutate", "NodeClaim", claim("vmi-a"), { images }))).toHaveLength(1);
    const machine = { group: "vmoperator.vmware.com", version: "v1alpha6" };
    expect(messages(asked("mutate", "VirtualMachine", { spec: { imageName: "noble" } }, machine))).toHaveLength(1);
  });

  it("is refused with --resolution strict where it is a display name, as by the platform itself", () => {
    const strict = { resolution: "strict" } as const;
    expect(messages(asked("mutate", "NodeClaim", claim("Ubuntu 24.04"), strict))[0]).toContain(
      "no OSImage has this object name; did you mean",
    );
    expect(asked("mutate", "NodeClaim", claim("noble"), strict)).toMatchObject({ errors: [], patched: [] });
  });

  it("is kept with exists=warn, with a warning", () => {
    const levels = { ...DEFAULT_LEVELS, exists: "warn" } as const;
    expect(asked("mutate", "NodeClaim", claim("windows"), { levels })).toMatchObject({ patched: [], errors: [] });
    expect(asked("validate", "NodeClaim", claim("windows"), { levels }).warnings).toHaveLength(1);
  });
});

describe("kind", () => {
  it("OSImage is not supported in a machine", () => {
    const object = { spec: { image: { kind: "OSImage", name: "noble" } } };
    const facts = { group: "vmoperator.vmware.com", version: "v1alpha6", namespace: "dev" };
    expect(asked("mutate", "VirtualMachine", object, facts).errors).toMatchObject([
      { check: "kind", reason: "FieldValueNotSupported", field: "spec.image.kind" },
    ]);
  });
});

describe("a value that is not a reference", () => {
  it.each([[undefined], [null], [""]])("%j is admitted unchanged", (name) => {
    for (const endpoint of ["mutate", "validate"] as const) {
      expect(asked(endpoint, "NodeClaim", claim(name))).toMatchObject({ errors: [], warnings: [], patched: [] });
    }
  });

  it.each(["mutate", "validate"] as const)("a number is refused at /%s", (endpoint) => {
    expect(messages(asked(endpoint, "NodeClaim", claim(24.04)))).toEqual([
      `${FIELD}: Invalid value: 24.04: must be a string; put what you wrote in quotes`,
    ]);
  });

  it("the property of another kind, group or version is admitted unchanged", () => {
    const untouched = { errors: [], warnings: [], patched: [] };
    expect(asked("mutate", "NodeType", claim("windows"))).toMatchObject(untouched);
    expect(asked("mutate", "Machine", claim("windows"), { group: "cluster.x-k8s.io" })).toMatchObject(untouched);
    expect(asked("mutate", "NodeClaim", claim("windows"), { version: "v2" })).toMatchObject(untouched);
  });
});

describe("on UPDATE", () => {
  const pin = { [PINNED_ANNOTATION]: JSON.stringify({ [FIELD]: { requested: "Ubuntu 24.04", resolved: "noble" } }) };
  const stored = claim("noble", { annotations: pin });
  const update = (object: object, images = OS_IMAGES, oldObject: object = stored): Answer =>
    asked("mutate", "NodeClaim", object, { oldObject: oldObject as JsonObject, images });

  it.each([
    ["the requested name, which names another image now", "Ubuntu 24.04", [...GONE, osImage("newer", "Ubuntu 24.04")]],
    ["the requested name, which is ambiguous now", "Ubuntu 24.04", [...OS_IMAGES, osImage("newer", "Ubuntu 24.04")]],
    ["the requested name, whose image is deleted", "Ubuntu 24.04", GONE],
    ["another display name of the stored image", "Ubuntu LTS", [osImage("noble", "Ubuntu LTS")]],
  ])("M22: the stored name is restored for %s", (_, name, images) => {
    const applied = update(claim(name), images);
    expect(nameIn(applied)).toBe("noble");
    expect(applied.errors).toEqual([]);
    const validated = asked("validate", "NodeClaim", applied.object, { oldObject: { ...stored }, images });
    expect(validated).toMatchObject({ errors: [], warnings: [] });
  });

  it("M22: the pinned annotation is restored where the manifest lacks it", () => {
    expect(pinsIn(update(claim("Ubuntu 24.04")))).toEqual({
      [FIELD]: { requested: "Ubuntu 24.04", resolved: "noble" },
    });
  });

  it("an unchanged reference is never refused, even if its name is unknown", () => {
    const old = claim("no such image");
    for (const endpoint of ["mutate", "validate"] as const) {
      const object = { ...old, metadata: { labels: { a: "b" } } };
      const answer = asked(endpoint, "NodeClaim", object, { oldObject: { ...old } });
      expect(answer).toMatchObject({ errors: [], warnings: [], patched: [] });
    }
  });

  it("another name is resolved again: an OSImage reference is not immutable", () => {
    const changed = update(claim("Ubuntu 22.04", { annotations: pin }));
    expect(nameIn(changed)).toBe("jammy");
    expect(pinsIn(changed)).toEqual({ [FIELD]: { requested: "Ubuntu 22.04", resolved: "jammy" } });
    expect(messages(update(claim("windows")))).toHaveLength(1);
  });

  it("removing the property removes its pin", () => {
    const removed = update({ metadata: { annotations: pin }, spec: { properties: { other: "kept" } } });
    expect(nameIn(removed)).toBeUndefined();
    expect(pinsIn(removed)).toBeUndefined();
  });

  it("node types are matched by their names, in any order", () => {
    const type = (name: string): object => ({ [OS_IMAGE]: name });
    const before = nodeProvider(undefined, { metal3: { small: type("gone"), big: type("noble") } });
    const reordered = nodeProvider(undefined, { metal3: { big: type("noble"), small: type("gone") } });
    expect(asked("mutate", "NodeProvider", reordered, { oldObject: before })).toMatchObject({
      errors: [],
      patched: [],
    });
    const renamed = nodeProvider(undefined, { metal3: { other: type("gone"), big: type("noble") } });
    expect(messages(asked("mutate", "NodeProvider", renamed, { oldObject: before }))[0]).toMatch(
      /^spec\.metal3\.nodeTypes\[0\]\.properties\[vcluster\.com\/os-image\]: Not found: "gone"/,
    );
  });

  it("an object that is being deleted is admitted unchanged", () => {
    const old = claim("noble", { deletionTimestamp: "2026-01-15T10:00:00Z" });
    expect(update(claim("windows"), OS_IMAGES, old)).toMatchObject({ errors: [], patched: [] });
  });
});

describe("a NodeProvider", () => {
  it("gets all its references pinned in one patch", () => {
    const sent = nodeProvider(
      { [OS_IMAGE]: "Ubuntu 24.04" },
      {
        metal3: { small: { [OS_IMAGE]: "Ubuntu 22.04" }, big: { [OS_IMAGE]: "twin-a" }, none: {} },
        kubeVirt: { vm: { [OS_IMAGE]: "Closed" } },
      },
    );
    const made = asked("mutate", "NodeProvider", sent);
    expect(made.spec).toEqual(
      nodeProvider(
        { [OS_IMAGE]: "noble" },
        {
          metal3: { small: { [OS_IMAGE]: "jammy" }, big: { [OS_IMAGE]: "twin-a" }, none: {} },
          kubeVirt: { vm: { [OS_IMAGE]: "closed" } },
        },
      ).spec,
    );
    expect(made.patched).toEqual([
      "/spec/properties/vcluster.com~1os-image",
      "/spec/metal3/nodeTypes/0/properties/vcluster.com~1os-image",
      "/spec/kubeVirt/nodeTypes/0/properties/vcluster.com~1os-image",
      "/metadata/annotations",
    ]);
    expect(made.decision).toMatchObject({
      audit: {
        resolved:
          "spec.properties[vcluster.com/os-image]=noble, spec.metal3.nodeTypes[small].properties[vcluster.com/os-image]=jammy, spec.kubeVirt.nodeTypes[vm].properties[vcluster.com/os-image]=closed",
      },
    });
  });

  it("is refused with all errors at once", () => {
    const sent = nodeProvider({ [OS_IMAGE]: "windows" }, { metal3: { a: { [OS_IMAGE]: "Twin" } } });
    expect(asked("mutate", "NodeProvider", sent).errors.map(({ field }) => field)).toEqual([
      FIELD,
      `spec.metal3.nodeTypes[0].properties[${OS_IMAGE}]`,
    ]);
  });
});

describe("an index without a list of OSImages", () => {
  it.each(["mutate", "validate"] as const)("leaves a reference undecided at /%s", (endpoint) => {
    const { decision } = asked(endpoint, "NodeClaim", claim("noble"), { images: [], synced: VM_IMAGE_KINDS });
    expect(decision).toMatchObject({ is: "undecided", because: "the index has no complete list of OSImage yet" });
  });

  it("does not affect an object without a reference or without a change", () => {
    const special = { images: [], synced: VM_IMAGE_KINDS };
    expect(asked("mutate", "NodeClaim", claim(""), special)).toMatchObject({ decision: { is: "allowed" } });
    const oldObject = { ...claim("noble") };
    expect(asked("validate", "NodeClaim", claim("noble"), { ...special, oldObject })).toMatchObject({
      decision: { is: "allowed" },
    });
  });

  it("is complete without the lists of vm-operator images", () => {
    const { decision } = asked("mutate", "NodeClaim", claim("Ubuntu 24.04"), { synced: ["OSImage"] });
    expect(decision).toMatchObject({ is: "allowed", images: ["noble"] });
  });
});

describe("warnings", () => {
  it("ready: an image that is not uploaded yet warns", () => {
    const readiness = { is: "notReady", condition: "Uploaded", reason: "Uploading", message: "" } as const;
    const images = [osImage("noble", "Ubuntu", { readiness })];
    expect(asked("validate", "NodeClaim", claim("noble"), { images }).warnings).toEqual([
      `${FIELD}: "noble": Ubuntu: the image is not ready (Uploading); nothing can be provisioned with it until it is`,
    ]);
  });

  it("terminating: an image that is being deleted warns", () => {
    const images = [osImage("noble", "Ubuntu", { terminating: true })];
    expect(asked("validate", "NodeClaim", claim("noble"), { images }).warnings).toEqual([
      `${FIELD}: "noble": Ubuntu: the image is being deleted; choose another one (kubectl get osimages lists them)`,
    ]);
  });
});
