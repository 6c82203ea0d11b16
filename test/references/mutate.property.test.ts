import fc from "fast-check";
import { expect, it } from "vitest";
import type { Image } from "../../src/images/image.ts";
import { at, isJsonObject, type JsonObject, listAt, textAt } from "../../src/json.ts";
import { WRITE_MODES } from "../../src/references/policy.ts";
import { VERSIONS } from "../../src/references/references.ts";
import { type Answer, answer, request } from "../support/admission.ts";
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

/** A machine, or a ReplicaSet with it as its template. */
const anyMachine = fc
  .record({
    kind: fc.constantFrom("VirtualMachine", "VirtualMachineReplicaSet"),
    version: fc.constantFrom(...VERSIONS),
    imageName: anyName,
    image: anyReference,
    cdroms: anyCdroms,
    metadata: fc.constantFrom<object | undefined>(undefined, {}, { annotations: null }, { annotations: { a: "b" } }),
    unknown: fc.dictionary(fc.constantFrom("className", "x", "__proto__", "constructor", "a/b", "c~d"), fc.jsonValue()),
  })
  .filter(({ kind, version }) => kind === "VirtualMachine" || version >= "v1alpha3")
  .map(({ kind, version, imageName, image, cdroms, metadata, unknown }) => {
    const isOld = version === "v1alpha3" || version === "v1alpha4";
    const media = cdroms === undefined ? {} : isOld ? { cdrom: cdroms } : { hardware: { cdrom: cdroms } };
    const spec = { ...unknown, imageName, image, ...media };
    const machine = { metadata, spec, extra: unknown };
    const made = kind === "VirtualMachine" ? machine : { metadata, spec: { replicas: 1, template: machine } };
    return { facts: { kind, version }, object: JSON.parse(JSON.stringify(made)) as JsonObject };
  });

interface Facts {
  readonly kind: string;
  readonly version: string;
}

/** The machine in an object: itself, or its template. */
function machineIn({ kind }: Facts, object: JsonObject): unknown {
  return kind === "VirtualMachine" ? object : at(object, ["spec", "template"]);
}

function cdromsIn(spec: unknown): readonly unknown[] {
  return [...listAt(spec, ["cdrom"]), ...listAt(spec, ["hardware", "cdrom"])];
}

const anyPolicy = fc.record({
  write: fc.constantFrom(...WRITE_MODES),
  resolution: fc.constantFrom("namespace-first", "strict"),
});

/** What mutation may write: strings of references, and whole values only where nothing is lost with them. */
const WRITABLE =
  /^(\/spec\/template)?\/spec\/(imageName|image(\/(kind|name))?|(hardware\/)?cdrom\/\d+\/image\/(kind|name))$|^\/metadata\/annotations\/vm-image-webhook.dev~1pinned$/;
const WHOLE = /^(\/spec\/template)?(\/spec)?(\/image)?$|^\/metadata(\/annotations)?$/;

/** Paths of a patch that could lose what the webhook does not know. */
function careless(object: JsonObject, { decision }: Answer): readonly string[] {
  const patch = decision.is === "allowed" ? decision.patch : [];
  return patch
    .map(({ path }) => path)
    .filter((path) => {
      const before = at(object, path.slice(1).split("/"));
      const isAbsent = before === undefined || before === null;
      return WHOLE.test(path) ? !isAbsent : !WRITABLE.test(path);
    });
}

function auditOf({ decision }: Answer): unknown {
  return decision.is === "allowed" ? decision.audit : undefined;
}

function references(machine: unknown): unknown {
  const spec = at(machine, ["spec"]);
  return { imageName: at(spec, ["imageName"]), image: at(spec, ["image"]), cdroms: cdromsIn(spec) };
}

/** Checks that references are judged by, wherever an object goes wrong besides. */
const REFERENCE_CHECKS = ["type", "exists", "kind", "agree", "immutable"];

it("M11, T5: a patch applies to its own input, keeps unknown fields, and is empty on a second run", () => {
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { facts, object }, policy) => {
      const index = indexOf(images);
      const asked = request(object, facts);
      const first = answer("mutate", asked, index, policy);
      fc.pre(first.decision.is === "allowed");
      expect(careless(asked.object ?? {}, first)).toEqual([]);
      const second = answer("mutate", request(first.object, facts), index, policy);
      expect(second.decision).toMatchObject({ is: "allowed", patch: [] });
      expect(auditOf(second), "T8: what the audit log keeps").toEqual(auditOf(first));
      expect(second.warnings.filter((warning) => !first.warnings.includes(warning))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it("what /mutate admits with a resolved image, /validate does not refuse for its references", () => {
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { facts, object }, policy) => {
      const index = indexOf(images);
      const first = answer("mutate", request(object, facts), index, policy);
      fc.pre(first.decision.is === "allowed" && first.decision.images.length > 0);
      const { problems } = answer("validate", request(first.object, facts), index, policy);
      expect(problems.filter(({ check }) => REFERENCE_CHECKS.includes(check))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it("vm-operator admits what we admit, and means the same image", () => {
  let compared = 0;
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { facts, object }, policy) => {
      const admitted = answer("mutate", request(object, facts), indexOf(images), policy);
      const resolved = admitted.decision.is === "allowed" ? admitted.decision.images : [];
      // The README lists what cannot hold: images whose object name lacks the prefix.
      fc.pre(resolved.length > 0 && resolved.every((name) => name.startsWith("vmi-")));
      const machine = machineIn(facts, admitted.object);
      // What lacks a name is refused by /validate.
      fc.pre(
        answer("validate", request(admitted.object, facts), indexOf(images), policy).problems.every(
          ({ check }) => check !== "required",
        ),
      );
      compared++;
      const outcome = mutateOnCreate(toHub(facts.version, machine), images, NAMESPACE);
      expect(outcome.is).toBe("admitted");
      if (outcome.is !== "admitted") return;
      const { image } = outcome.machine;
      const imageName = textAt(machine, ["spec", "imageName"]);
      expectWritten(at(machine, ["spec", "image"]), facts, image);
      if (imageName === "") return;
      expect(image?.kind).toBe(kindBesideImageName(images, image?.name ?? ""));
      if (policy.write !== "image") expect(image?.name).toBe(imageName);
    }),
    { numRuns: 2 * RUNS },
  );
  expect(compared, "cases that met the invariant's condition").toBeGreaterThan(RUNS / 10);
});

/** What we wrote into `spec.image`, where the version has it, is what vm-operator means. */
function expectWritten(written: unknown, { version }: Facts, meant: object | undefined): void {
  if (version < "v1alpha3" || !isJsonObject(written)) return;
  expect(meant).toMatchObject({ kind: written["kind"], name: written["name"] });
}

/** Rule 5 of resolution: the namespaced image, where the namespace has it. */
function kindBesideImageName(images: readonly Image[], name: string): string {
  const isNamespaced = images.some((image) => image.name === name && image.kind === "VirtualMachineImage");
  return isNamespaced ? "VirtualMachineImage" : "ClusterVirtualMachineImage";
}

it("M13, M19, M20: the original manifest applied again keeps the stored images, whatever became of the images", () => {
  fc.assert(
    fc.property(anyImages, anyImages, anyMachine, anyPolicy, (images, later, { facts, object }, policy) => {
      const created = answer("mutate", request(object, facts), indexOf(images), policy);
      fc.pre(created.decision.is === "allowed" && created.decision.images.length > 0);
      const oldObject = created.object;
      const stored = references(machineIn(facts, oldObject));
      for (const index of [indexOf(images), indexOf([])]) {
        const replaced = answer("mutate", request(object, { ...facts, oldObject }), index, policy);
        expect(replaced.decision.is, "replace").toBe("allowed");
        expect(references(machineIn(facts, replaced.object))).toEqual(stored);
        const again = answer("mutate", request(replaced.object, { ...facts, oldObject }), index, policy);
        expect(again.patched, "a second run").toEqual([]);
        expect(auditOf(again)).toEqual(auditOf(replaced));
      }
      const applied = answer("mutate", request(object, { ...facts, oldObject }), indexOf(later), policy);
      if (applied.decision.is === "allowed") expect(references(machineIn(facts, applied.object))).toEqual(stored);
    }),
    { numRuns: RUNS },
  );
});
