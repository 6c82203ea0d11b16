import { expect, it } from "vitest";
import { CHECKS, DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import type { Level } from "../../src/references/policy.ts";
import type { Endpoint } from "../../src/references/target.ts";
import { answer, request, type RequestFacts, type VirtualMachine } from "../support/admission.ts";
import { cvmi, indexOf, osImage, vmi } from "../support/catalogue.ts";

const VMI = "VirtualMachineImage";
const CVMI = "ClusterVirtualMachineImage";
const image = (kind: unknown, name: unknown): object => ({ kind, name });
const NOT_READY = { is: "notReady", condition: "Ready", reason: "NotSynced", message: "still copying" } as const;
const CAPABILITIES = "vm-image-webhook.dev/required-capabilities";

const IMAGES = [
  vmi("vmi-a", "ubuntu"),
  cvmi("vmi-c", "rocky"),
  vmi("vmi-n", "debian", { readiness: NOT_READY }),
  vmi("vmi-d", "doomed", { terminating: true }),
  vmi("vmi-iso", "installer", { type: "ISO" }),
  vmi("vmi-bios", "legacy", { firmware: "bios" }),
  osImage("closed", "Closed", { access: { users: [], teams: [] } }),
];

/** A powered-off machine of an OVF image with CD-ROMs cd1, cd2, ... */
function withCdroms(...names: readonly string[]): object {
  const cdrom = names.map((name, index) => ({ name: `cd${index + 1}`, image: image(VMI, name) }));
  return { imageName: "vmi-a", guestID: "otherLinux64Guest", hardware: { cdrom } };
}

const PLATFORM = { group: "storage.loft.sh", version: "v1" };
const SHA256 = "a".repeat(64);

function osImageWith(properties: object): { object: VirtualMachine; facts: RequestFacts } {
  return { object: { spec: { properties } }, facts: { ...PLATFORM, kind: "OSImage" } };
}

/** An object that fails exactly this check, at `/validate` unless the check runs at `/mutate` only. */
const FAILING: Readonly<Record<string, { object: VirtualMachine; facts?: RequestFacts }>> = {
  conversion: {
    object: {
      metadata: { annotations: { "vmoperator.vmware.com/conversion": '{"spec":{"imageName":"vmi-c"}}' } },
      spec: { imageName: "vmi-a" },
    },
    facts: { version: "v1alpha1" },
  },
  exists: { object: { spec: { imageName: "windows" } } },
  kind: { object: { spec: { image: image("Image", "vmi-a") } } },
  agree: { object: { spec: { imageName: "ubuntu", image: image(CVMI, "vmi-c") } } },
  required: { object: { spec: {} } },
  immutable: { object: { spec: { imageName: "vmi-c" } }, facts: { oldObject: { spec: { imageName: "vmi-a" } } } },
  ready: { object: { spec: { imageName: "vmi-n" } } },
  terminating: { object: { spec: { imageName: "vmi-d" } } },
  capabilities: { object: { metadata: { annotations: { [CAPABILITIES]: "sgx" } }, spec: { imageName: "vmi-a" } } },
  "cdrom-duplicate": { object: { spec: withCdroms("vmi-iso", "vmi-iso") } },
  "cdrom-type": { object: { spec: withCdroms("vmi-a") } },
  "cdrom-powered-on": {
    object: { spec: { ...withCdroms(), powerState: "PoweredOn" } },
    facts: { oldObject: { spec: { ...withCdroms("vmi-iso"), powerState: "PoweredOn" } } },
  },
  "cdrom-guest-id": { object: { spec: { ...withCdroms("vmi-iso"), guestID: "" } } },
  firmware: { object: { spec: { imageName: "vmi-bios", bootOptions: { efiSecureBoot: "Enabled" } } } },
  "boot-type": { object: { spec: { imageName: "vmi-iso" } } },
  "publish-collision": {
    object: { spec: { target: { item: { name: "rocky" } } } },
    facts: { kind: "VirtualMachinePublishRequest" },
  },
  access: {
    object: { spec: { properties: { "vcluster.com/os-image": "closed" } } },
    facts: { ...PLATFORM, kind: "NodeClaim" },
  },
  "osimage-source": osImageWith({
    "metal3.vcluster.com/image-url": "ftp://x/y",
    "metal3.vcluster.com/image-checksum": SHA256,
  }),
  "osimage-checksum": osImageWith({
    "metal3.vcluster.com/image-url": "http://x/y",
    "metal3.vcluster.com/image-checksum": "123",
  }),
  "osimage-empty-checksum": osImageWith({
    "metal3.vcluster.com/image-url": "http://x/y",
    "metal3.vcluster.com/image-checksum": "d41d8cd98f00b204e9800998ecf8427e",
  }),
  "osimage-property": osImageWith({ "metal3.vcluster.com/image-ulr": "http://x/y" }),
  "osimage-display-name": { object: { spec: { displayName: "Closed" } }, facts: { ...PLATFORM, kind: "OSImage" } },
  "osimage-owner": { object: { spec: { owner: { user: "a", team: "b" } } }, facts: { ...PLATFORM, kind: "OSImage" } },
};

const CASES = CHECKS.flatMap(({ id, mutate }) =>
  (["deny", "warn", "off"] as const).map((level): [string, Level, Endpoint] => [
    id,
    level,
    mutate === "only" ? "mutate" : "validate",
  ]),
);

it.each(CASES)("an object that fails only one check: %s=%s decides at /%s", (check, level, endpoint) => {
  const failing = FAILING[check];
  if (failing === undefined) throw new Error(`no object fails check ${check}`);
  const { object, facts } = failing;
  const policy = { levels: { ...DEFAULT_LEVELS, [check]: level } };
  const { decision, errors, warnings } = answer(endpoint, request(object, facts), indexOf(IMAGES), policy);
  expect(decision.is).toBe(level === "deny" ? "refused" : "allowed");
  expect(errors.map((problem) => problem.check)).toEqual(level === "deny" ? [check] : []);
  expect(warnings.length).toBe(level === "warn" ? 1 : 0);
});
