import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLean } from "../src/lean-json.ts";

/** A machine with these managedFields, as an API server writes it: one beside the other on UPDATE. */
function review(...managedFields: unknown[]): string {
  const [object, oldObject] = managedFields.map((fields) => ({
    metadata: { labels: { app: "web" }, managedFields: fields, name: "web-1" },
    spec: { imageName: "ubuntu-24.04" },
  }));
  return JSON.stringify({ request: { uid: "u1", object, oldObject } });
}

function entry(key: string): unknown {
  return { manager: "kubectl", operation: "Update", fieldsType: "FieldsV1", fieldsV1: { "f:spec": { [key]: {} } } };
}

/** Keys with what could be taken for the end of a list, or for its start. */
const anyKey = fc.oneof(
  fc.string(),
  fc.constantFrom("]", "[", '"', "\\", '"]', '\\"]', "}]", '"managedFields":[', 'k:{"list":["a"]}', "]}}", '],"name":'),
);
const anyFields = fc.array(
  fc.oneof(
    anyKey.map(entry),
    fc.dictionary(anyKey, fc.oneof(anyKey, fc.array(anyKey), fc.array(fc.array(anyKey)))),
    fc.array(anyKey),
  ),
);

describe("parseLean", () => {
  it("leaves managedFields out", () => {
    const fields = [entry("f:imageName"), entry('k:{"type":"Ready"}')];
    expect(parseLean(review(fields, fields))).toEqual(JSON.parse(review([], [])));
  });

  it("keeps what only looks like managedFields", () => {
    const text = JSON.stringify({ annotation: review([entry("f:imageName")]), managedFields: { a: [1] } });
    expect(parseLean(text)).toEqual(JSON.parse(text));
  });

  it("keeps all of a review whose managedFields hold brackets", () => {
    for (const fields of [[entry("v:]")], [{ list: [["a"], "b"] }], [entry("v:]"), { list: [1] }]]) {
      expect(parseLean(review(fields, []))).toEqual(JSON.parse(review(fields, [])));
    }
  });

  it("loses nothing besides managedFields, whatever these hold", () => {
    fc.assert(
      fc.property(anyFields, anyFields, fc.boolean(), (one, other, isPretty) => {
        const text = isPretty ? JSON.stringify(JSON.parse(review(one, other)), null, 2) : review(one, other);
        const emptied = JSON.parse(review([], [])) as unknown;
        expect([JSON.parse(text), emptied]).toContainEqual(parseLean(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("says what is wrong with a text that is no JSON, by its own positions", () => {
    for (const text of ["", "{", `${review([entry("a")])}}`, review([entry("a")]).slice(0, -1)]) {
      expect(() => parseLean(text)).toThrow(errorOf(text));
    }
  });
});

function errorOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it is JSON");
}
