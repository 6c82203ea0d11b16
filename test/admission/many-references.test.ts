import { describe, expect, it } from "vitest";
import type { AdmissionRequest } from "../../src/admission/review.ts";
import { at } from "../../src/common/json.ts";
import { answer, request } from "../support/admission.ts";
import { indexOf, vmi } from "../support/catalogue.ts";

/**
 * A CREATE may have 256 CD-ROMs (reference-limit.test.ts). A machine that is stored with more can still be changed, so
 * only the size of a request limits their number; it is 2 MB here.
 */
const MANY = 20_000;

const LAST = `vmi-${MANY - 1}`;

const INDEX = indexOf([
  ...Array.from({ length: 5_000 }, (_, position) => vmi(`vmi-x${position}`, `ubuntu-24.04-build-${position}`)),
  ...Array.from({ length: MANY }, (_, position) => vmi(`vmi-${position}`, `installer-${position}`, { type: "ISO" })),
]);

function cdroms(
  imageOf: (position: number) => unknown,
  nameOf = (position: number): unknown => `cd${position}`,
): object {
  const cdrom = Array.from({ length: MANY }, (_, position) => ({ name: nameOf(position), image: imageOf(position) }));
  return { spec: { hardware: { cdrom } } };
}

/** With a quadratic step, each of these tests would take minutes. */
describe("UPDATE of a machine with 20,000 CD-ROMs is answered without quadratic work", () => {
  const guest = (object: object): object => ({ spec: { guestID: "g", ...(at(object, ["spec"]) as object) } });
  const stored = guest(cdroms(() => ({ kind: "VirtualMachineImage", name: "vmi-old" })));
  const on = (object: object, oldObject = stored): AdmissionRequest =>
    request(guest(object), { oldObject: { ...oldObject } });

  it("where all get another image, also on a second run", () => {
    const first = answer("mutate", on(cdroms((position) => ({ kind: "", name: `installer-${position}` }))), INDEX);
    expect(first.decision).toMatchObject({ is: "allowed" });
    expect(at(first.spec, ["hardware", "cdrom", MANY - 1, "image", "name"])).toBe(LAST);
    const again = answer("mutate", on(first.object), INDEX);
    expect(again.decision).toMatchObject({ is: "allowed", patch: [] });
  });

  it("where all stored names are restored", () => {
    const written = cdroms((position) => ({ kind: "", name: `installer-${position}` }));
    const { object } = answer("mutate", on(written), INDEX);
    const update = answer("mutate", on(written, object), INDEX);
    expect(at(update.spec, ["hardware", "cdrom", MANY - 1, "image", "name"])).toBe(LAST);
  });

  it("where all names are unknown, with suggestions for the first ten", () => {
    const { errors } = answer("mutate", on(cdroms((position) => ({ name: `ubuntu-24.04-build-${position}x` }))), INDEX);
    expect(errors).toHaveLength(MANY);
    expect(errors[9]?.remedy).toContain("did you mean");
    expect(errors[10]?.remedy).toContain("lists what can be written");
  });

  it("where all have no name and an image of a wrong type", () => {
    const { errors } = answer(
      "validate",
      on(
        cdroms(
          () => 3,
          () => undefined,
        ),
      ),
      INDEX,
    );
    expect(errors).toHaveLength(MANY);
  });

  it("where all are removed from a running machine", () => {
    const machine = (rest: object): object => ({ spec: { powerState: "PoweredOn", ...rest } });
    const oldObject = machine(
      at(
        cdroms(() => ({ kind: "VirtualMachineImage", name: "vmi-1" })),
        ["spec"],
      ) as object,
    );
    const { errors } = answer("validate", request(machine({}), { oldObject: oldObject as never }), INDEX);
    expect(errors).toHaveLength(MANY);
  });
});
