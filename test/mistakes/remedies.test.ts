import { describe, expect, it } from "vitest";
import { remedied } from "./edits.ts";
import { readMessage } from "./message.ts";
import { remediesOf } from "./remedies.ts";

describe("a message is read literally", () => {
  it.each([
    ['spec.imageName: Not found: "x\\"y": why', { field: "spec.imageName", value: '"x\\"y"', why: "why" }],
    ["spec.guestID: Required value: why: more", { field: "spec.guestID", value: undefined, why: "why: more" }],
    ["spec.imageName: Invalid value: 7.9: why", { field: "spec.imageName", value: "7.9", why: "why" }],
    ['spec.imageName: "vmi-1": name: why', { field: "spec.imageName", value: '"vmi-1"', why: "name: why" }],
  ])("%s", (text, message) => {
    expect(readMessage(text)).toEqual(message);
  });

  it("which has no field is none", () => {
    expect(() => readMessage("no")).toThrow("no field");
  });
});

describe("remedies", () => {
  it("are those that the message has, in its order", () => {
    const message = 'spec.a: Not found: "x": none; did you mean "b c" (vmi-1), "d" or "e" (f) of kind K?';
    expect(remediesOf([message.replaceAll("spec.a", "spec.image.name")])).toEqual([
      [{ do: "write", field: "spec.image.name", value: "b c" }],
      [{ do: "write", field: "spec.image.name", value: "d" }],
      [
        { do: "write", field: "spec.image.name", value: "e" },
        { do: "write", field: "spec.image.kind", value: "K" },
      ],
    ]);
  });

  it("are none where the message has none", () => {
    expect(remediesOf(['spec.imageName: Invalid value: "x": it is wrong'])).toEqual([]);
  });

  it("of a message that points to another one are those of the other, at its own field", () => {
    const [first, second] = ['spec.a: "x": no; leave this field out', 'spec.b: "x": no; the same remedy as for spec.a'];
    expect(remediesOf([first, second])).toEqual([
      [
        { do: "remove", field: "spec.a" },
        { do: "remove", field: "spec.b" },
      ],
    ]);
  });

  it("must say how to see what can be chosen", () => {
    expect(() => remediesOf(["spec.imageName: no; choose another image"])).toThrow("no command");
  });
});

it("edits write, remove, add and move at the field of the message", () => {
  const manifest = { spec: { list: [{ image: "a" }, { image: "b" }], gone: 1 } };
  const mended = remedied(
    manifest,
    [
      { do: "write", field: "metadata.annotations[a.b/c]", value: "x" },
      { do: "remove", field: "spec.list[1]" },
      { do: "remove", field: "spec.gone" },
      { do: "add", field: "spec.list", value: "c" },
      { do: "move", field: "spec.list[0].image", to: "spec.list[0].image.name" },
      { do: "choose", field: "spec.chosen", command: "kubectl get vmi" },
    ],
    "typed",
  );
  expect(mended).toEqual({
    metadata: { annotations: { "a.b/c": "x" } },
    spec: { list: [{ image: { name: "a" } }, "c"], chosen: "typed" },
  });
});
