import fc from "fast-check";
import { expect, it } from "vitest";
import type { Image } from "../../src/images/image.ts";
import { at, isJsonObject, type JsonObject } from "../../src/json.ts";
import { PINNED_ANNOTATION } from "../../src/references/pins.ts";
import { WRITE_MODES } from "../../src/references/policy.ts";
import { VERSIONS } from "../../src/references/references.ts";
import { answer, request } from "../support/admission.ts";
import { cvmi, indexOf, NAMESPACE, vmi } from "../support/catalogue.ts";
import { mutateOnCreate, toHub } from "../support/vm-operator.ts";

const RUNS = 1_500;

/** Few names, so that they meet: object names with and without the prefix, one that is both sorts of name. */
const OBJECT_NAMES = ["vmi-1", "vmi-2", "vmi-3", "vmi-4", "centos", "ubuntu"];
const DISPLAY_NAMES = ["ubuntu", "photon", "rocky", "vmi-2", "cl-a/ubuntu", "Ubuntu"];
const LIBRARIES = ["cl-a", "cl-b"];
const WRITTEN_NAMES = [...OBJECT_NAMES, ...DISPLAY_NAMES, "cl-b/photon", "cl-a/vmi-1", "UBUNTU", "nothing"];

const anyImage = fc
  .record({
    cluster: fc.boolean(),
    name: fc.constantFrom(...OBJECT_NAMES),
    displayName: fc.option(fc.constantFrom(...DISPLAY_NAMES), { nil: undefined }),
    library: fc.option(fc.constantFrom(...LIBRARIES), { nil: undefined }),
    terminating: fc.constantFrom(false, false, true),
  })
  .map(({ cluster, name, displayName, ...facts }) => (cluster ? cvmi : vmi)(name, displayName, facts));

const anyImages = fc.uniqueArray(anyImage, { maxLength: 7, selector: ({ kind, name }) => `${kind} ${name}` });

const anyAbsence = fc.constantFrom(undefined, null, "");
const anyName = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...WRITTEN_NAMES) }, anyAbsence);
const anyKind = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("VirtualMachineImage", "ClusterVirtualMachineImage") },
  fc.constantFrom("Secret", 7),
  anyAbsence,
);
const anyReference = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: anyKind, name: anyName, extra: fc.constantFrom(1, "x") }, { requiredKeys: [] }),
  },
  fc.constantFrom<unknown>(undefined, null, {}),
);
const anyCdrom = fc.record(
  { connected: fc.boolean(), image: fc.record({ kind: anyKind, name: anyName }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);
const anyCdroms = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  fc.constant([]),
  fc
    .array(anyCdrom, { minLength: 1, maxLength: 3 })
    .map((cdroms) => cdroms.map((cdrom, index) => ({ name: `cd${index + 1}`, ...cdrom }))),
);

const anyMachine = fc
  .record({
    version: fc.constantFrom(...VERSIONS),
    imageName: anyName,
    image: anyReference,
    cdroms: anyCdroms,
    metadata: fc.constantFrom<object | undefined>(undefined, {}, { annotations: null }, { annotations: { a: "b" } }),
    unknown: fc.dictionary(fc.constantFrom("className", "x", "__proto__", "constructor", "a/b", "c~d"), fc.jsonValue()),
  })
  .map(({ version, imageName, image, cdroms, metadata, unknown }) => {
    const isOld = version === "v1alpha3" || version === "v1alpha4";
    const media = cdroms === undefined ? {} : isOld ? { cdrom: cdroms } : { hardware: { cdrom: cdroms } };
    const spec = { ...unknown, imageName, image, ...media };
    return { version, object: JSON.parse(JSON.stringify({ metadata, spec, extra: unknown })) as JsonObject };
  });

const anyPolicy = fc.record({
  write: fc.constantFrom(...WRITE_MODES),
  resolution: fc.constantFrom("namespace-first", "strict"),
});

/** The object without what mutation may write. */
function rest(object: JsonObject): unknown {
  const { spec, metadata, ...others } = object;
  const unknown = Object.entries(spec ?? {}).filter(([key]) => key !== "imageName" && key !== "image");
  const annotations = Object.entries(at(metadata, ["annotations"]) ?? {});
  return {
    others,
    unknown,
    extra: at(spec, ["image", "extra"]),
    annotations: annotations.filter(([key]) => key !== PINNED_ANNOTATION),
  };
}

function references(object: unknown): unknown {
  return { imageName: at(object, ["spec", "imageName"]), image: at(object, ["spec", "image"]) };
}

it("M11: a patch applies to its own input, keeps unknown fields, and is empty on a second run", () => {
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { version, object }, policy) => {
      const index = indexOf(images);
      const first = answer("mutate", request(object, { version }), index, policy);
      fc.pre(first.decision.is === "allowed");
      expect(rest(first.object)).toEqual(rest({ metadata: { name: "web" }, ...object }));
      const second = answer("mutate", request(first.object, { version }), index, policy);
      expect(second.decision.is).toBe("allowed");
      expect(second.patched).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it("what /mutate admits with a resolved image, /validate does not refuse for its references", () => {
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { version, object }, policy) => {
      const index = indexOf(images);
      const first = answer("mutate", request(object, { version }), index, policy);
      fc.pre(first.decision.is === "allowed" && first.decision.images.length > 0);
      expect(answer("validate", request(first.object, { version }), index, policy).problems).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it("vm-operator admits what we admit, and means the same image", () => {
  let compared = 0;
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { version, object }, policy) => {
      const admitted = answer("mutate", request(object, { version }), indexOf(images), policy);
      const [name] = admitted.decision.is === "allowed" ? admitted.decision.images : [];
      // The README lists what cannot hold: images whose object name lacks the prefix.
      fc.pre(name?.startsWith("vmi-") === true);
      compared++;
      const outcome = mutateOnCreate(toHub(version, admitted.object), images, NAMESPACE);
      expect(outcome).toMatchObject({ is: "admitted", machine: { image: { name } } });
      if (outcome.is !== "admitted") return;
      const written = at(admitted.object, ["spec", "image"]);
      const hasImage = version !== "v1alpha1" && version !== "v1alpha2";
      if (hasImage && isJsonObject(written)) expect(outcome.machine.image).toMatchObject({ kind: written["kind"] });
      const imageName = at(admitted.object, ["spec", "imageName"]);
      if (typeof imageName === "string" && imageName !== "") {
        expect(outcome.machine.image?.kind).toBe(kindBesideImageName(images, name));
      }
    }),
    { numRuns: 2 * RUNS },
  );
  expect(compared, "cases that met the invariant's condition").toBeGreaterThan(RUNS / 10);
});

/** Rule 5 of resolution: the namespaced image, where the namespace has it. */
function kindBesideImageName(images: readonly Image[], name: string): string {
  const isNamespaced = images.some((image) => image.name === name && image.kind === "VirtualMachineImage");
  return isNamespaced ? "VirtualMachineImage" : "ClusterVirtualMachineImage";
}

it("M13: the original manifest applied again keeps the stored image, whatever became of the images", () => {
  fc.assert(
    fc.property(anyImages, anyImages, anyMachine, anyPolicy, (images, later, { version, object }, policy) => {
      const created = answer("mutate", request(object, { version }), indexOf(images), policy);
      fc.pre(created.decision.is === "allowed" && created.decision.images.length > 0);
      const oldObject = created.object;
      for (const index of [indexOf(images), indexOf([])]) {
        const replaced = answer("mutate", request(object, { version, oldObject }), index, policy);
        expect(replaced.decision.is, "replace").toBe("allowed");
        expect(references(replaced.object)).toEqual(references(oldObject));
        const again = answer("mutate", request(replaced.object, { version, oldObject }), index, policy);
        expect(again.patched, "a second run").toEqual([]);
      }
      const applied = answer("mutate", request(object, { version, oldObject }), indexOf(later), policy);
      if (applied.decision.is === "allowed") expect(references(applied.object)).toEqual(references(oldObject));
    }),
    { numRuns: RUNS },
  );
});
