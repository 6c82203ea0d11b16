import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { createReview, type Json } from "../support/admission-review.ts";
import { ofCheckout, run } from "../support/command-run.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const GROUP = "vmoperator.vmware.com";
/** Images of examples/images: the second is a cluster's, the third a CD-ROM of the cluster. */
const UBUNTU = "vmi-0a0044d7c690bcbea";
const ROCKY = "vmi-5cb0d0fbeb78ad7a5";
const LIVE = "vmi-cae970d7cebbffc03";

interface Answer {
  readonly allowed: boolean;
  readonly after: { readonly spec: Json };
}

/** The answer of /mutate to an update of these specs, and whether both endpoints allow it. */
async function updated(kind: string, before: Json, spec: Json): Promise<{ allowed: boolean; spec: Json }> {
  const object = (each: Json): Json => ({
    apiVersion: `${GROUP}/v1alpha6`,
    kind,
    metadata: { name: "m", namespace: "dev" },
    spec: each,
  });
  const review = createReview({
    operation: "UPDATE",
    kind: { group: GROUP, version: "v1alpha6", kind },
    object: object(spec),
    oldObject: object(before),
  });
  const given = { stdin: JSON.stringify(review) };
  const { output } = await run(["replay", "-", "-o", "json", "--diff", ...IMAGES], given);
  const answers = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
  const allowed = answers.length === 2 && answers.every((answer) => answer.allowed);
  return { allowed, spec: answers[0]?.after.spec ?? {} };
}

function image(name: string, kind?: string): Json {
  return kind === undefined ? { name } : { kind, name };
}

describe("an update by replay", () => {
  const stored = { imageName: "ubuntu-24.04", image: image("ubuntu-24.04") };

  test.each([
    ["imageName and image", { imageName: UBUNTU, image: image(UBUNTU, "VirtualMachineImage") }],
    ["imageName", { imageName: UBUNTU }],
  ])("with the same image by its ID in %s keeps the stored display name", async (_, sent) => {
    expect(await updated("VirtualMachine", stored, sent)).toEqual({ allowed: true, spec: stored });
  });

  test("that corrects the kind of a CD-ROM, which named nothing, is taken", async () => {
    const machine = (kind: string): Json => ({
      guestID: "ubuntu64Guest",
      powerState: "PoweredOff",
      imageName: UBUNTU,
      image: image(UBUNTU, "VirtualMachineImage"),
      hardware: { cdrom: [{ name: "cd1", connected: true, image: image(LIVE, kind) }] },
    });
    const corrected = machine("ClusterVirtualMachineImage");
    expect(await updated("VirtualMachine", machine("VirtualMachineImage"), corrected)).toEqual({
      allowed: true,
      spec: corrected,
    });
  });

  test("of a template takes a corrected kind, and an ID in place of a display name", async () => {
    const set = (spec: Json): Json => ({ template: { spec } });
    const wrong = set({ image: image(ROCKY, "VirtualMachineImage") });
    const corrected = set({ image: image(ROCKY, "ClusterVirtualMachineImage") });
    const byId = set({ imageName: UBUNTU, image: image(UBUNTU, "VirtualMachineImage") });
    const kind = "VirtualMachineReplicaSet";
    expect(await updated(kind, wrong, corrected)).toEqual({ allowed: true, spec: corrected });
    expect(await updated(kind, set({ imageName: "ubuntu-24.04" }), byId)).toEqual({ allowed: true, spec: byId });
  });
});

describe("an OSImage by check", () => {
  const SHA256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
  const KUBEVIRT = {
    "machines.vcluster.com/os-image-type": "kubevirt",
    "kubevirt.vcluster.com/root-disk-size": "20Gi",
    "kubevirt.vcluster.com/image-url": "https://img.example.com/noble.img",
  };
  const METAL3 = { "metal3.vcluster.com/image-url": "https://img.example.com/noble.img" };

  test.each<readonly [string, Json, readonly [refused: number, warned: number], string]>([
    [
      "an OCI URL for Metal3",
      { "metal3.vcluster.com/image-url": "oci://reg.example.com/os/noble:1" },
      [0, 0],
      "^1 object",
    ],
    [
      "a checksum in upper case for Metal3",
      { ...METAL3, "metal3.vcluster.com/image-checksum": SHA256.toUpperCase() },
      [0, 1],
      "warning: .*: Metal3 compares it with digits in lower case",
    ],
    [
      "an algorithm that KubeVirt does not know",
      { ...KUBEVIRT, "kubevirt.vcluster.com/image-checksum": `sha384:${SHA256}` },
      [1, 0],
      'error: .*: KubeVirt does not know the algorithm "sha384"',
    ],
    [
      "a checksum with a line break at its end for KubeVirt, which trims it",
      { ...KUBEVIRT, "kubevirt.vcluster.com/image-checksum": `sha256:${SHA256}\n` },
      [0, 0],
      "^1 object",
    ],
    [
      "the property of a template to merge",
      { ...KUBEVIRT, "kubevirt.vcluster.com/merge-virtual-machine-template": "x: y" },
      [0, 0],
      "^1 object",
    ],
  ])("with %s", async (_, properties, [refused, warned], text) => {
    const object = { apiVersion: "storage.loft.sh/v1", kind: "OSImage", metadata: { name: "k" } };
    const stdin = stringify({ ...object, spec: { displayName: "Display of k", properties } });
    const { exitCode, output } = await run(["check", "-", ...IMAGES], { stdin });
    expect(exitCode).toBe(refused);
    expect(output).toMatch(new RegExp(text));
    expect(output).toContain(`1 object checked: ${refused} refused, ${warned} warned; 0 skipped\n`);
  });
});
