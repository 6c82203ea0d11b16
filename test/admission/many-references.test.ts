import { describe, expect, it } from "vitest";
import { at } from "../../src/json.ts";
import { PINNED_ANNOTATION } from "../../src/references/pins.ts";
import { answer, request } from "../support/admission.ts";
import { indexOf, vmi } from "../support/catalogue.ts";

/** Nothing but the size of a request bounds it, and whoever may create a machine can send that: 2 MB here. */
const MANY = 20_000;

const INDEX = indexOf([
  vmi("vmi-1", "installer", { type: "ISO" }),
  ...Array.from({ length: 5_000 }, (_, position) => vmi(`vmi-x${position}`, `ubuntu-24.04-build-${position}`)),
]);

function cdroms(
  imageOf: (position: number) => unknown,
  nameOf = (position: number): unknown => `cd${position}`,
): object {
  const cdrom = Array.from({ length: MANY }, (_, position) => ({ name: nameOf(position), image: imageOf(position) }));
  return { spec: { hardware: { cdrom } } };
}

/** Were any step of it quadratic, each of these would take minutes. */
describe("a machine with very many references is answered", () => {
  it("where all are pinned, and on a second run", () => {
    const first = answer("mutate", request(cdroms(() => ({ kind: "", name: "installer" }))), INDEX);
    expect(first.decision).toMatchObject({ is: "allowed" });
    expect(at(first.spec, ["hardware", "cdrom", MANY - 1, "image", "name"])).toBe("vmi-1");
    const pins = JSON.parse(String(at(first.object, ["metadata", "annotations", PINNED_ANNOTATION]))) as object;
    expect(Object.keys(pins)).toHaveLength(MANY);
    const again = answer("mutate", request(first.object), INDEX);
    expect(again.decision).toMatchObject({ is: "allowed", patch: [] });
  });

  it("where all are put back on UPDATE", () => {
    const written = cdroms(() => ({ kind: "", name: "installer" }));
    const { object } = answer("mutate", request(written), INDEX);
    const update = answer("mutate", request(written, { oldObject: object }), INDEX);
    expect(at(update.spec, ["hardware", "cdrom", MANY - 1, "image", "name"])).toBe("vmi-1");
  });

  it("where nothing has their names, the first ones with what may have been meant", () => {
    const { problems } = answer(
      "mutate",
      request(cdroms((position) => ({ name: `ubuntu-24.04-build-${position}x` }))),
      INDEX,
    );
    expect(problems).toHaveLength(MANY);
    expect(problems[9]?.why).toContain("did you mean");
    expect(problems[10]?.why).toContain("lists what can be written");
  });

  it("where none has the right type, or a name", () => {
    const { problems } = answer(
      "validate",
      request(
        cdroms(
          () => 3,
          () => undefined,
        ),
      ),
      INDEX,
    );
    expect(problems).toHaveLength(MANY);
  });

  it("where those of a running machine are gone", () => {
    const machine = (rest: object): object => ({ spec: { powerState: "PoweredOn", ...rest } });
    const oldObject = machine(
      at(
        cdroms(() => ({ kind: "VirtualMachineImage", name: "vmi-1" })),
        ["spec"],
      ) as object,
    );
    const { problems } = answer("validate", request(machine({}), { oldObject: oldObject as never }), INDEX);
    expect(problems).toHaveLength(MANY);
  });
});
