import { describe, expect, test } from "vitest";
import type { AdmissionRequest } from "../../src/admission/review.ts";
import { at, type JsonObject } from "../../src/common/json.ts";
import type { Image } from "../../src/images/image.ts";
import { applyPins, pinContext, type PinnedObject, pinObject } from "../../src/pin/pin-object.ts";
import { fieldOf } from "../../src/common/field-path.ts";
import { answer } from "../support/admission.ts";
import { cvmi, exampleImages, indexOf, NAMESPACE, osImage, vmi } from "../support/catalogue.ts";

type Request = AdmissionRequest & { readonly object: JsonObject };

const MACHINE = { group: "vmoperator.vmware.com", version: "v1alpha6", kind: "VirtualMachine" };

function request(spec: object, kind: Partial<AdmissionRequest["kind"]> = {}, metadata: object = {}): Request {
  const type = { ...MACHINE, ...kind };
  return {
    uid: "",
    kind: type,
    subResource: undefined,
    operation: "CREATE",
    namespace: NAMESPACE,
    name: "x",
    user: { name: "", groups: [] },
    object: {
      apiVersion: `${type.group}/${type.version}`,
      kind: type.kind,
      metadata: { name: "x", namespace: NAMESPACE, ...metadata },
      spec,
    },
    oldObject: undefined,
  };
}

function pinned(given: Request, images: readonly Image[] = exampleImages()): PinnedObject {
  return pinObject(given, pinContext(indexOf(images), "namespace-first"));
}

/** Field, old and new name of each pin. */
function changes(result: PinnedObject): readonly (readonly [string, string, string])[] {
  if (result.is !== "pinned") throw new Error(JSON.stringify(result));
  return result.pins.map(({ path, from, to }) => [fieldOf(path), from, to]);
}

function problems(result: PinnedObject): readonly string[] {
  if (result.is !== "refused") throw new Error(JSON.stringify(result));
  return result.problems.map(({ field, message }) => `${field}: ${message}`);
}

const UBUNTU = "vmi-0a0044d7c690bcbea";

describe("what is pinned", () => {
  test("every form of a name in every place", () => {
    const hardware = {
      cdrom: [{ name: "cd", image: { kind: "ClusterVirtualMachineImage", name: "ubuntu-24.04-live" } }],
    };
    const image = { kind: "VirtualMachineImage", name: "ubuntu-24.04" };
    const spec = { imageName: "cl-linux/ubuntu-24.04", image, hardware };
    expect(changes(pinned(request(spec)))).toEqual([
      ["spec.imageName", "cl-linux/ubuntu-24.04", UBUNTU],
      ["spec.image.name", "ubuntu-24.04", UBUNTU],
      ["spec.hardware.cdrom[0].image.name", "ubuntu-24.04-live", "vmi-cae970d7cebbffc03"],
    ]);
    const set = request({ template: { spec: { imageName: "ubuntu-24.04" } } }, { kind: "VirtualMachineReplicaSet" });
    expect(changes(pinned(set))).toEqual([["spec.template.spec.imageName", "ubuntu-24.04", UBUNTU]]);
    const claim = request(
      { properties: { "vcluster.com/os-image": "Hardened" } },
      { group: "management.loft.sh", version: "v1", kind: "NodeClaim" },
    );
    expect(changes(pinned(claim))).toEqual([["spec.properties[vcluster.com/os-image]", "Hardened", "hardened"]]);
  });

  test("not the display name that a publish request creates", () => {
    const publish = { target: { item: { name: "ubuntu-24.04" } } };
    expect(changes(pinned(request(publish, { kind: "VirtualMachinePublishRequest" })))).toEqual([]);
  });

  test("not what only other checks refuse: a CD-ROM without guestID, an image that is not ready", () => {
    expect(changes(pinned(request({ imageName: "debian-13" })))).toEqual([
      ["spec.imageName", "debian-13", "vmi-859800d0616bdde5a"],
    ]);
  });

  test("a pinned object is pinned, and admission rewrites nothing that it says and remembers nothing", () => {
    const image = { kind: "ClusterVirtualMachineImage", name: "rocky-9.5" };
    for (const spec of [{ imageName: "ubuntu-24.04" }, { image }, { imageName: "rocky-9.5", image }]) {
      const given = request(spec);
      const result = pinned(given);
      if (result.is !== "pinned") throw new Error(JSON.stringify(result));
      const object = applyPins(given.object, result.pins);
      expect(changes(pinned({ ...given, object }))).toEqual([]);
      const { decision } = answer("mutate", { ...given, object }, indexOf(exampleImages()));
      if (decision.is !== "allowed") throw new Error(decision.is);
      expect(decision.patch.filter(({ op, path }) => op !== "add" || path.includes("annotations"))).toEqual([]);
    }
  });
});

describe("what is refused", () => {
  test("ambiguous, unknown, contradicting and malformed names, with the text of check", () => {
    expect(problems(pinned(request({ imageName: "photon-5" })))[0]).toMatch(/^spec\.imageName: .*ambiguous: 2 images/);
    expect(problems(pinned(request({ imageName: "ubuntu-2404" })))[0]).toMatch(/did you mean "ubuntu-24\.04"/);
    const image = { kind: "ClusterVirtualMachineImage", name: "rocky-9.5" };
    expect(problems(pinned(request({ imageName: "ubuntu-24.04", image })))[0]).toMatch(/names another image/);
    expect(problems(pinned(request({ imageName: 24.04 })))[0]).toMatch(
      /must be a string; put what you wrote in quotes/,
    );
    expect(problems(pinned(request({ image: { kind: "Image", name: "rocky-9.5" } })))[0]).toMatch(/supported values/);
  });

  test("an object name without vmi- in imageName, where vm-operator reads a display name (M8)", () => {
    const images = [vmi("golden", "Golden image")];
    for (const imageName of ["golden", "Golden image"]) {
      expect(problems(pinned(request({ imageName }), images))).toEqual([
        `spec.imageName: "${imageName}": not pinned: vm-operator does not find "golden" in this field, because it does not ` +
          "begin with vmi-; in v1alpha3 or newer, write it in spec.image.name with its kind, and leave this field out",
      ]);
    }
    const image = { kind: "VirtualMachineImage", name: "Golden image" };
    expect(changes(pinned(request({ image }), images))).toEqual([["spec.image.name", "Golden image", "golden"]]);
  });

  test("but not where VirtualMachineImages are of the cluster: vm-operator knows object names there (M8)", () => {
    const images = [vmi("golden", "Golden image", { namespace: undefined })];
    const old = request({ imageName: "Golden image" }, { version: "v1alpha1" });
    expect(changes(pinned(old, images))).toEqual([["spec.imageName", "Golden image", "golden"]]);
  });

  test("an object name without kind that is also a display name of another image (R2)", () => {
    const images = [cvmi("golden", "Golden image"), cvmi("vmi-1", "golden")];
    expect(problems(pinned(request({ image: { name: "Golden image" } }), images))[0]).toMatch(
      /write spec\.image\.kind, too$/,
    );
    const image = { kind: "ClusterVirtualMachineImage", name: "Golden image" };
    expect(changes(pinned(request({ image }), images))).toEqual([["spec.image.name", "Golden image", "golden"]]);
  });

  test("a machine whose images vm-operator takes from its annotation (M21)", () => {
    const annotations = {
      "vmoperator.vmware.com/conversion": JSON.stringify({ spec: { imageName: UBUNTU }, metadata: { name: "x" } }),
    };
    const converted = request({ imageName: "ubuntu-24.04" }, { version: "v1alpha1" }, { annotations, generation: 1 });
    expect(problems(pinned(converted))[0]).toMatch(/remove the annotation and metadata\.generation$/);
  });

  test("nothing where the index is not complete", () => {
    const context = pinContext(indexOf([], []), "namespace-first");
    expect(pinObject(request({ imageName: "x" }), context).is).toBe("undecided");
  });
});

describe("remembered names", () => {
  const images = [vmi("vmi-new", "ubuntu"), vmi("vmi-old", "ubuntu (2025)"), osImage("u-2", "Ubuntu")];
  const context = pinContext(indexOf(images), "namespace-first");

  function updated(given: Request): PinnedObject {
    return pinObject(given, context, () => (given.kind.kind === "NodeClaim" ? "Ubuntu" : "ubuntu"));
  }

  test("are resolved in place of object names, also of images that are gone", () => {
    for (const imageName of ["vmi-old", "vmi-gone"]) {
      expect(changes(updated(request({ imageName })))).toEqual([["spec.imageName", imageName, "vmi-new"]]);
    }
    expect(changes(updated(request({ imageName: "vmi-new" })))).toEqual([]);
    const kind = { group: "storage.loft.sh", version: "v1", kind: "NodeClaim" };
    const claim = request({ properties: { "vcluster.com/os-image": "u-1" } }, kind);
    expect(changes(updated(claim))).toEqual([["spec.properties[vcluster.com/os-image]", "u-1", "u-2"]]);
  });

  test("do not replace a display name that a person wrote since", () => {
    const result = updated(request({ imageName: "ubuntu (2025)" }));
    expect(changes(result)).toEqual([["spec.imageName", "ubuntu (2025)", "vmi-old"]]);
    expect(at(result, ["pins", 0, "requested"])).toBe("ubuntu (2025)");
    expect(problems(updated(request({ imageName: "ubunto" })))[0]).toMatch(/Not found: "ubunto"/);
  });
});
