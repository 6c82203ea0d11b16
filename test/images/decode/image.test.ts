import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/images/decode/decode-image.ts";
import { isClusterScopedVmImage, isVmImage, type VmImage } from "../../../src/images/image.ts";

const GROUP = "vmoperator.vmware.com";

function decoded(object: object): VmImage {
  const result = decodeImage({ apiVersion: `${GROUP}/v1alpha6`, kind: "VirtualMachineImage", ...object });
  if (result.is !== "image" || !isVmImage(result.image)) throw new Error(`decoded as ${JSON.stringify(result)}`);
  return result.image;
}

const METADATA = { name: "vmi-a", namespace: "dev" };
const READY = [{ type: "Ready", status: "True" }];

describe("decodeImage", () => {
  it.each(["v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6", "v1"])(
    "reads the newer layout of %s",
    (version) => {
      const image = decoded({
        apiVersion: `${GROUP}/${version}`,
        metadata: {
          ...METADATA,
          resourceVersion: "17",
          uid: "1f0c",
          labels: { "image.vmoperator.vmware.com/type": "OVF" },
        },
        status: { name: "ubuntu", type: "OVF", firmware: "EFI", capabilities: ["cloud-init"], conditions: READY },
      });
      expect(image).toEqual({
        kind: "VirtualMachineImage",
        namespace: "dev",
        name: "vmi-a",
        resourceVersion: "17",
        uid: "1f0c",
        displayName: "ubuntu",
        type: "OVF",
        firmware: "efi",
        capabilities: ["cloud-init"],
        library: undefined,
        readiness: { is: "ready" },
        terminating: false,
      });
    },
  );

  it("reads the fields of v1alpha1", () => {
    const image = decoded({
      apiVersion: `${GROUP}/v1alpha1`,
      metadata: METADATA,
      spec: { type: "ISO" },
      status: {
        imageName: "ubuntu",
        name: "not this one",
        firmware: "bios",
        contentLibraryRef: { kind: "ContentLibrary", name: "cl-a" },
        conditions: ["Synced", "ProviderReady", "ProviderSecurityCompliance"].map((condition) => ({
          type: `VirtualMachineImage${condition}`,
          status: "True",
        })),
      },
    });
    expect(image).toMatchObject({ displayName: "ubuntu", type: "ISO", firmware: "bios", library: "cl-a" });
    expect(image.readiness).toEqual({ is: "ready" });
  });

  it("requires all three conditions of v1alpha1", () => {
    const image = decoded({
      apiVersion: `${GROUP}/v1alpha1`,
      metadata: METADATA,
      status: {
        conditions: [
          { type: "VirtualMachineImageSynced", status: "True" },
          { type: "VirtualMachineImageProviderReady", status: "False", reason: "Down", message: "provider is down" },
        ],
      },
    });
    expect(image.readiness).toEqual({
      is: "notReady",
      condition: "VirtualMachineImageProviderReady",
      reason: "Down",
      message: "provider is down",
    });
  });

  it("takes the type of v1alpha2 from its label only", () => {
    const apiVersion = `${GROUP}/v1alpha2`;
    expect(decoded({ apiVersion, metadata: METADATA, status: { type: "OVF" } }).type).toBeUndefined();
    const labels = { "image.vmoperator.vmware.com/type": "ISO" };
    expect(decoded({ apiVersion, metadata: { ...METADATA, labels } }).type).toBe("ISO");
  });

  it("joins capabilities of status and labels, except labels of value false", () => {
    const prefix = "capability.image.vmoperator.vmware.com/";
    const image = decoded({
      metadata: {
        ...METADATA,
        labels: { [`${prefix}gpu`]: "true", [`${prefix}old`]: "", [`${prefix}no`]: "false", [`${prefix}a`]: "true" },
      },
      status: { capabilities: ["a", 7] },
    });
    expect(image.capabilities).toEqual(["a", "gpu", "old"]);
  });

  it("takes the library from the conversion annotation", () => {
    const annotations = (value: string): object => ({
      metadata: { ...METADATA, annotations: { "vmoperator.vmware.com/conversion-content-lib-ref": value } },
    });
    expect(decoded(annotations('{"kind":"ContentLibrary","name":"cl-a"}')).library).toBe("cl-a");
    expect(decoded(annotations("{")).library).toBeUndefined();
    expect(decoded(annotations('{"name":7}')).library).toBeUndefined();
    expect(decoded(annotations("null")).library).toBeUndefined();
  });

  it.each([
    ["no status", {}, "NoCondition"],
    ["no Ready condition", { conditions: [{ type: "Other", status: "True" }] }, "NoCondition"],
    ["Ready is False", { conditions: [{ type: "Ready", status: "False", reason: "Why" }] }, "Why"],
    ["Ready is Unknown", { conditions: [{ type: "Ready", status: "Unknown", reason: "Wait" }] }, "Wait"],
    ["conditions of a wrong type", { conditions: "Ready" }, "NoCondition"],
  ])("is not ready: %s", (_, status, reason) => {
    expect(decoded({ metadata: METADATA, status }).readiness).toMatchObject({ is: "notReady", reason });
  });

  it("is terminating from its deletionTimestamp on", () => {
    expect(decoded({ metadata: { ...METADATA, deletionTimestamp: "2026-01-01T00:00:00Z" } }).terminating).toBe(true);
  });

  it("uses default for a missing namespace, and no namespace for a cluster image", () => {
    expect(decoded({ metadata: { name: "vmi-a" } }).namespace).toBe("default");
    expect(decoded({ kind: "ClusterVirtualMachineImage", metadata: METADATA }).namespace).toBeUndefined();
  });

  it("knows a cluster-scoped VirtualMachineImage: an API server has stored it, and it has no namespace", () => {
    const ofCluster = decoded({ apiVersion: `${GROUP}/v1alpha1`, metadata: { name: "ubuntu", uid: "1f0c" } });
    expect([ofCluster.namespace, isClusterScopedVmImage(ofCluster)]).toEqual([undefined, true]);
    const others = [
      decoded({ metadata: { ...METADATA, uid: "1f0c" } }),
      decoded({ metadata: { name: "vmi-a" } }),
      decoded({ kind: "ClusterVirtualMachineImage", metadata: { name: "vmi-c", uid: "1f0c" } }),
    ];
    expect(others.map(isClusterScopedVmImage)).toEqual([false, false, false]);
  });

  it.each([
    ["a string", "text"],
    ["nothing", null],
    ["another kind", { apiVersion: `${GROUP}/v1alpha6`, kind: "VirtualMachine", metadata: METADATA }],
    ["another group", { apiVersion: "v1", kind: "VirtualMachineImage", metadata: METADATA }],
    ["a kind of Object.prototype", { apiVersion: `${GROUP}/v1alpha6`, kind: "toString" }],
  ])("is not an image: %s", (_, value) => {
    expect(decodeImage(value)).toEqual({ is: "otherKind" });
  });

  it("reads a version that is named like a member of Object.prototype as the newest", () => {
    expect(decoded({ apiVersion: `${GROUP}/constructor`, metadata: METADATA, status: { name: "u" } }).displayName).toBe(
      "u",
    );
  });

  it.each([
    ["no name", { metadata: {} }, "metadata.name"],
    ["a number as name", { metadata: { name: 7 } }, "metadata.name"],
    ["a number as display name", { metadata: METADATA, status: { name: 24.04 } }, "status.name"],
  ])("is malformed: %s", (_, object, field) => {
    const result = decodeImage({ apiVersion: `${GROUP}/v1alpha6`, kind: "VirtualMachineImage", ...object });
    expect(result).toMatchObject({ is: "malformed", field });
  });
});
