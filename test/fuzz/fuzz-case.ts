import fc from "fast-check";
import { REVIEW_VERSIONS } from "../../src/admission/review.ts";
import { VERSIONS } from "../../src/vm-operator/rows.ts";
import { createReview, type Json } from "../support/admission-review.ts";
import { anyImages, anyMachine, anyPolicy } from "../support/arbitrary-machines.ts";
import { anyBrokenText } from "./broken-text.ts";
import { WAYS } from "./fuzzed-server.ts";
import { anyMutatedFixture } from "./mutated-fixture.ts";

/** Parts of every case. One in eight is sent over TLS. */
const COMMON = {
  policy: anyPolicy,
  version: fc.constantFrom(...REVIEW_VERSIONS),
  way: fc.oneof({ weight: 7, arbitrary: fc.constant(WAYS[0]) }, fc.constant(WAYS[1])),
};

const anyPublishRequest = fc
  .record({
    version: fc.constantFrom(...VERSIONS),
    source: fc.option(fc.record({ name: fc.constantFrom<unknown>("web", "", 7) }, { requiredKeys: [] })),
    target: fc.option(
      fc.record({ item: fc.record({ name: fc.constantFrom<unknown>("ubuntu", "vmi-1", "", null, 7) }) }),
    ),
  })
  .map(({ version, ...spec }) =>
    createReview({ kind: kindOf("VirtualMachinePublishRequest", version), object: { spec } }),
  );

const anyGroupPublishRequest = fc
  .record({
    version: fc.constantFrom("v1alpha6", "v1alpha5"),
    name: fc.constantFrom<unknown>("golden", "vmi", "", 7),
    virtualMachines: fc.option(fc.array(fc.constantFrom<unknown>("web", "vmi-1", "", null, 7, {}), { maxLength: 4 })),
  })
  .map(({ version, name, virtualMachines }) =>
    createReview({
      kind: kindOf("VirtualMachineGroupPublishRequest", version),
      object: { metadata: { name }, spec: { source: "web", virtualMachines } },
    }),
  );

const anyOtherKind = fc
  .record({
    version: fc.constantFrom("v1alpha6", "v1alpha7", "v1"),
    object: fc.dictionary(fc.string(), fc.jsonValue()),
  })
  .map(({ version, object }) => createReview({ kind: kindOf("VirtualMachineService", version), object }));

const anyReview = fc.oneof(
  { weight: 6, arbitrary: anyMutatedFixture.map((review) => ({ images: "examples" as const, review })) },
  {
    weight: 1,
    arbitrary: fc.record({
      images: anyImages,
      review: fc.oneof(anyPublishRequest, anyGroupPublishRequest, anyOtherKind),
    }),
  },
);

/** The list of cases. Each has its own rules in `fuzzer.ts`. */
const CASES = {
  /** A machine is created, applied again, and changed into another one. */
  machine: fc.record({ ...COMMON, images: anyImages, later: anyImages, machine: anyMachine, other: anyMachine }),
  /** A review of any kind that the API server could send. */
  review: fc.record({ ...COMMON, asked: anyReview }),
  /** A broken body. */
  text: fc.record({ ...COMMON, text: anyBrokenText }),
};

type Cases = typeof CASES;
type CaseOf<K extends keyof Cases> = { readonly is: K } & Readonly<Cases[K] extends fc.Arbitrary<infer T> ? T : never>;
export type MachineCase = CaseOf<"machine">;
export type FuzzCase = MachineCase | CaseOf<"review"> | CaseOf<"text">;

export const anyFuzzCase: fc.Arbitrary<FuzzCase> = fc.oneof(
  { weight: 4, arbitrary: CASES.machine.map((each) => ({ is: "machine" as const, ...each })) },
  { weight: 4, arbitrary: CASES.review.map((each) => ({ is: "review" as const, ...each })) },
  { weight: 2, arbitrary: CASES.text.map((each) => ({ is: "text" as const, ...each })) },
);

export function kindOf(kind: string, version: string): Json {
  return { group: "vmoperator.vmware.com", version, kind };
}
