import { WRITE_MODES } from "../../src/vm-operator/policy.ts";
/** Random machines and images, for property tests and the fuzzer. */
import fc from "fast-check";
import type { JsonObject } from "../../src/common/json.ts";

import { VERSIONS } from "../../src/vm-operator/rows.ts";
import { cvmi, vmi } from "./catalogue.ts";

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

/** Images of namespace dev and of the cluster, few enough that names meet. */
export const anyImages = fc.uniqueArray(anyImage, { maxLength: 7, selector: ({ kind, name }) => `${kind} ${name}` });

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

export interface MachineFacts {
  readonly kind: string;
  readonly version: string;
}

/** A machine, or a ReplicaSet with it as its template. */
export const anyMachine = fc
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

/** Of a server: how it resolves and what it writes. */
export const anyPolicy = fc.record({
  write: fc.constantFrom(...WRITE_MODES),
  resolution: fc.constantFrom("namespace-first", "strict"),
});
