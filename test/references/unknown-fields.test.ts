import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { REFERENCES } from "../../src/admission/systems.ts";
import { isJsonObject, type JsonObject, listAt, member, textAt } from "../../src/common/json.ts";
import { type UnknownField, unknownFields } from "../../src/references/unknown-fields.ts";

const VM_OPERATOR = "vmoperator.vmware.com";

function found(
  object: JsonObject,
  { version = "v1alpha6", kind = "VirtualMachine", group = VM_OPERATOR } = {},
): readonly UnknownField[] {
  const rows = REFERENCES.filter((row) => row.group === group && row.kind === kind);
  return unknownFields(object, version, rows);
}

const NAME = "ubuntu-24.04";

describe("a misspelled field", () => {
  test.each([
    ["spec.imagename", { spec: { imagename: NAME } }, "imageName"],
    ["spec.ImageName", { spec: { ImageName: NAME } }, "imageName"],
    ["spec.image_name", { spec: { image_name: NAME } }, "imageName"],
    ["spec.imageNmae", { spec: { imageNmae: NAME } }, "imageName"],
    ["spec.images", { spec: { images: {} } }, "image"],
    ["spec.imgae", { spec: { imgae: {} } }, "image"],
    ["spec.image.nam", { spec: { image: { nam: NAME } } }, "name"],
    ["spec.image.Kind", { spec: { image: { Kind: "x" } } }, "kind"],
    ["Spec", { Spec: { imageName: NAME } }, "spec"],
    ["spec.hardware.cdroms", { spec: { hardware: { cdroms: [] } } }, "cdrom"],
    ["spec.hardware.cdrom[1].img", { spec: { hardware: { cdrom: [{ image: {} }, { img: {} }] } } }, "image"],
  ])("%s names the field that was meant", (field, object, meant) => {
    expect(found(object)).toEqual([{ field, message: `unknown field; did you mean ${meant}?` }]);
  });

  test("is found in templates, publish requests and objects of vCluster Platform", () => {
    const template = { spec: { template: { spec: { imagename: NAME } } } };
    expect(found(template, { kind: "VirtualMachineReplicaSet" })).toMatchObject([
      { field: "spec.template.spec.imagename" },
    ]);
    const request = { spec: { target: { items: { name: NAME } } } };
    expect(found(request, { kind: "VirtualMachinePublishRequest" })).toMatchObject([{ field: "spec.target.items" }]);
    const platform = { group: "storage.loft.sh", version: "v1" };
    const provider = { spec: { kubevirt: { nodeTypes: [] } } };
    expect(found(provider, { kind: "NodeProvider", ...platform })).toMatchObject([{ field: "spec.kubevirt" }]);
    const claim = { spec: { properties: { "vcluster.com/os-imag": NAME } } };
    expect(found(claim, { kind: "NodeClaim", ...platform })).toEqual([]);
  });

  test("is safe to print", () => {
    expect(found({ spec: { "imageName\u001b": NAME } })).toMatchObject([{ field: "spec[imageName\\u001b]" }]);
  });
});

describe("a field of other versions", () => {
  test.each(["v1alpha1", "v1alpha2"])("spec.image in %s names the field of this version", (version) => {
    expect(found({ spec: { image: { name: NAME } } }, { version })).toEqual([
      {
        field: "spec.image",
        message: `unknown field in ${version}; write spec.imageName, or use one of the versions that have it: v1alpha6, v1alpha5, v1alpha4, v1alpha3`,
      },
    ]);
  });

  test("CD-ROMs are elsewhere before v1alpha5, and nowhere before v1alpha3", () => {
    const [hardware, cdrom] = [{ spec: { hardware: { cdrom: [] } } }, { spec: { cdrom: [{ image: {} }] } }];
    const field = "unknown field in";
    expect(found(cdrom)).toMatchObject([
      {
        field: "spec.cdrom",
        message: expect.stringContaining(`${field} v1alpha6; write spec.hardware.cdrom[].image`) as unknown,
      },
    ]);
    expect(found(hardware, { version: "v1alpha4" })).toMatchObject([
      {
        field: "spec.hardware",
        message: expect.stringContaining(`${field} v1alpha4; write spec.cdrom[].image, or`) as unknown,
      },
    ]);
    expect(found(cdrom, { version: "v1alpha2" })).toMatchObject([
      { field: "spec.cdrom", message: `${field} v1alpha2; use one of the versions that have it: v1alpha4, v1alpha3` },
    ]);
  });

  test("is left out where it is absent or null, and where nothing is known of the version", () => {
    expect(found({ spec: { image: null } }, { version: "v1alpha2" })).toEqual([]);
    expect(found({ spec: { image: {}, imagename: NAME } }, { version: "v2" })).toEqual([]);
  });
});

describe("real fields are no misspellings", () => {
  /** The fields of VirtualMachineSpec beside those that name images (vm-operator config/crd/bases, v1alpha1 to v1alpha6). */
  const SPEC =
    "advanced advancedOptions affinity biosUUID bootOptions bootstrap class className cpuAdvanced crypto currentSnapshotName " +
    "groupName guestID instanceUUID memoryAdvanced minHardwareVersion network networkInterfaces nextRestartTime policies " +
    "ports powerOffMode powerState promoteDisksMode readinessProbe reserved resourcePolicyName resources restartMode " +
    "storageClass suspendMode vmMetadata volumeAttributesClassName volumes";

  test("of a VirtualMachine", () => {
    const spec = Object.fromEntries(SPEC.split(" ").map((name) => [name, {}]));
    const controllers = { ideControllers: [], nvmeControllers: [], sataControllers: [], scsiControllers: [] };
    const cdrom = [{ name: "cd1", connected: true, allowGuestControl: true, image: { kind: "", name: "" } }];
    const hardware = { ...controllers, cdrom };
    const object = { apiVersion: "", kind: "", metadata: {}, spec: { ...spec, hardware }, status: {} };
    expect(found(object)).toEqual([]);
    expect(found({ ...object, spec: { ...spec, cdrom } }, { version: "v1alpha3" })).toEqual([]);
  });

  const folder = process.env["VM_OPERATOR_CRDS"] ?? "";
  const crds = (folder === "" ? [] : readdirSync(folder))
    .map((file) => parse(readFileSync(join(folder, file), "utf8")) as unknown)
    .map((crd) => ({ kind: textAt(crd, ["spec", "names", "kind"]), versions: listAt(crd, ["spec", "versions"]) }))
    .filter(({ kind }) => REFERENCES.some((row) => row.kind === kind));

  test.skipIf(crds.length === 0)("of every CRD in VM_OPERATOR_CRDS", () => {
    for (const { kind, versions } of crds) {
      for (const each of versions) {
        const object = exampleOf(member(member(each, "schema"), "openAPIV3Schema"));
        expect(isJsonObject(object) && found(object, { kind, version: textAt(each, ["name"]) })).toEqual([]);
      }
    }
  });
});

/** An object with every field of a schema. */
function exampleOf(schema: unknown): unknown {
  const properties = member(schema, "properties");
  if (isJsonObject(properties)) {
    return Object.fromEntries(Object.entries(properties).map(([name, below]) => [name, exampleOf(below)]));
  }
  return member(schema, "type") === "array" ? [exampleOf(member(schema, "items"))] : "";
}
