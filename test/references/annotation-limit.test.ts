import { describe, expect, it } from "vitest";
import { decider } from "../../src/admission/decide.ts";
import type { JsonObject } from "../../src/common/json.ts";
import { PINNED_ANNOTATION } from "../../src/references/pinned-annotation.ts";
import { annotationsOf, answer, type Answer, POLICY, request, type RequestFacts } from "../support/admission.ts";
import { indexOf, vmi } from "../support/catalogue.ts";

const INDEX = indexOf([vmi("vmi-a", "ubuntu"), vmi("vmi-b", "rocky")]);
const PIN = JSON.stringify({ "spec.imageName": { requested: "ubuntu", resolved: "vmi-a" } });
/** The API server's limit for keys and values of annotations, less the reserve for vm-operator. */
const ROOM = 256 * 1_024 - 1_024;
const NOTES = "example.com/notes";
/** Length of the NOTES value that leaves exactly enough room for the pinned annotation. */
const FREE = ROOM - PINNED_ANNOTATION.length - PIN.length - NOTES.length;

const noted = (text: string, rest: object = {}): JsonObject => ({
  metadata: { name: "web", annotations: { [NOTES]: text } },
  spec: { imageName: "ubuntu" },
  ...rest,
});

function create(object: JsonObject, facts: RequestFacts = {}): Answer {
  return answer("mutate", request(object, facts), INDEX);
}

function pinnedIn({ object }: Answer): unknown {
  return annotationsOf(object)[PINNED_ANNOTATION];
}

function leftOut(bytes: number, room: number): string {
  return (
    `metadata.annotations[vm-image-webhook.dev/pinned]: left out, because the annotations would have ${bytes} bytes, and ` +
    `there is room for ${room}; write object names in the manifest, or make its annotations shorter`
  );
}

describe("M23: the pinned annotation", () => {
  it("is written where it fills the limit exactly", () => {
    const made = create(noted("x".repeat(FREE)));
    expect(pinnedIn(made)).toBe(PIN);
    expect(made.warnings).toEqual([]);
  });

  it("is left out with a warning where it is one byte too long, and the image is still pinned and audited", () => {
    const made = create(noted("x".repeat(FREE + 1)));
    expect(pinnedIn(made)).toBeUndefined();
    expect(made.spec).toMatchObject({ imageName: "vmi-a" });
    expect(made.warnings).toEqual([leftOut(ROOM + 1, ROOM)]);
    expect(made.decision).toMatchObject({
      audit: { requested: "spec.imageName=ubuntu", resolved: "spec.imageName=vmi-a" },
    });
  });

  it("is left out where the stored status takes the room, and none is sent", () => {
    const status = { notes: "x".repeat(120_000) };
    const old = { metadata: { name: "web" }, spec: { imageName: "vmi-a" }, status };
    const sent = noted("x".repeat(30_000));
    const { decision } = create(sent, { version: "v1alpha3", oldObject: old });
    expect(decision).toMatchObject({ warnings: [expect.stringContaining("left out")] });
  });

  it("is left out where characters that Go escapes take the room", () => {
    const spec = { imageName: "ubuntu", notes: "<".repeat(25_000) };
    expect(create(noted("", { spec }), { version: "v1alpha3" }).warnings).toEqual([
      expect.stringContaining("left out"),
    ]);
  });

  it("is measured in bytes of UTF-8", () => {
    const half = Math.floor(FREE / 2);
    expect(pinnedIn(create(noted("é".repeat(half))))).toBe(PIN);
    expect(pinnedIn(create(noted("é".repeat(half + 1))))).toBeUndefined();
  });

  it("stays left out on a second run", () => {
    const { object } = create(noted("x".repeat(FREE + 1)));
    expect(create(object)).toMatchObject({ patched: [], warnings: [] });
  });

  it("counts once where the object has it already", () => {
    const came = { metadata: { annotations: { [NOTES]: "x".repeat(FREE), [PINNED_ANNOTATION]: PIN } } };
    expect(create({ ...came, spec: { imageName: "ubuntu" } }).warnings).toEqual([]);
  });

  it("is left out of a ReplicaSet, too", () => {
    const set = { ...noted("x".repeat(FREE)), spec: { template: { spec: { imageName: "ubuntu" } } } };
    const made = create(set, { kind: "VirtualMachineReplicaSet" });
    expect(pinnedIn(made)).toBeUndefined();
    expect(made.warnings).toHaveLength(1);
  });
});

describe("M23: room for vm-operator's conversion annotation", () => {
  const status = { phase: "Created" };
  const object = (length: number): JsonObject => noted("x".repeat(length), { status });
  const reserve = 2 * (JSON.stringify({ imageName: "ubuntu" }).length + JSON.stringify(status).length);

  it.each(["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5"])(
    "limits the pinned annotation in %s",
    (version) => {
      expect(pinnedIn(create(object(FREE - reserve), { version }))).toBe(PIN);
      const made = create(object(FREE - reserve + 1), { version });
      expect(pinnedIn(made)).toBeUndefined();
      expect(made.warnings).toEqual([leftOut(ROOM - reserve + 1, ROOM - reserve)]);
    },
  );

  it("is not needed in v1alpha6, the stored version", () => {
    expect(pinnedIn(create(object(FREE), { version: "v1alpha6" }))).toBe(PIN);
  });

  it("is measured in bytes of UTF-8, and may leave no room", () => {
    const large = noted("", { spec: { imageName: "ubuntu", notes: "é".repeat(70_000) } });
    const { warnings } = create(large, { version: "v1alpha2" });
    expect(warnings).toEqual([expect.stringContaining("and there is room for 0;")]);
  });

  it("cannot be measured for a deeply nested spec, so the pinned annotation is left out", () => {
    const deep = JSON.parse("[".repeat(20_000) + "]".repeat(20_000)) as unknown;
    const asked = request(noted("", { spec: { imageName: "ubuntu", deep } }), { version: "v1alpha1" });
    expect(decider(POLICY)("mutate", asked, INDEX)).toMatchObject({
      is: "allowed",
      patch: [{ path: "/spec/imageName" }],
      warnings: [expect.stringContaining("left out")],
    });
  });
});

describe("M23: on UPDATE", () => {
  const oldObject: JsonObject = {
    metadata: { name: "web", annotations: { [PINNED_ANNOTATION]: PIN } },
    spec: { template: { spec: { imageName: "vmi-a" } } },
  };
  const update = (name: string, length: number): Answer => {
    const annotations = { [NOTES]: "x".repeat(length), [PINNED_ANNOTATION]: PIN };
    const object = { metadata: { name: "web", annotations }, spec: { template: { spec: { imageName: name } } } };
    return create(object, { kind: "VirtualMachineReplicaSet", oldObject });
  };

  it("a stored annotation with old values is removed where the new one has no room", () => {
    const made = update("rocky", FREE);
    expect(made.spec).toMatchObject({ template: { spec: { imageName: "vmi-b" } } });
    expect(pinnedIn(made)).toBeUndefined();
    expect(annotationsOf(made.object)).toHaveProperty([NOTES]);
    expect(made.warnings).toHaveLength(1);
  });

  it("a stored annotation with current values is removed where other annotations need its room", () => {
    const stored = { ...oldObject, spec: { imageName: "vmi-a" } };
    const text = "x".repeat(FREE + 1);
    const sent = noted(text, { metadata: { annotations: { [NOTES]: text, [PINNED_ANNOTATION]: PIN } } });
    const made = create(sent, { oldObject: stored });
    expect(made.spec).toMatchObject({ imageName: "vmi-a" });
    expect(pinnedIn(made)).toBeUndefined();
    expect(made.warnings).toEqual([leftOut(ROOM + 1, ROOM)]);
  });

  it("a manifest whose annotation was left out can be applied again", () => {
    const manifest = noted("x".repeat(FREE + 1));
    const { object } = create(manifest);
    const again = create(manifest, { oldObject: object });
    expect(again.spec).toEqual(object["spec"]);
    expect(pinnedIn(again)).toBeUndefined();
  });
});
