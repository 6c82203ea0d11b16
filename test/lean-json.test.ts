import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLean } from "../src/lean-json.ts";
import { withoutManagedFields } from "./support/managed-fields.ts";

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

/**
 * Keys with what could be taken for the end of a list, or for its start. None has a backslash of its own: after such a
 * key JSON.parse takes another, with an escape, for it (nodejs/node issue 63785).
 */
const anyKey = fc.oneof(
  fc.string().filter((key) => !key.includes("\\")),
  fc.constantFrom("]", "[", '"', '"]', '""]', "}]", '"managedFields":[', 'k:{"list":["a"]}', "]}}", '],"name":'),
);
const anyText = fc.oneof(anyKey, fc.constantFrom("\\", '\\"]', '\\"managedFields":[', "\\]"));
const anyFields = fc.array(
  fc.oneof(
    anyKey.map(entry),
    fc.dictionary(anyKey, fc.oneof(anyText, fc.array(anyText), fc.array(fc.array(anyText)))),
    fc.array(anyText),
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

  it("keeps a list that holds brackets, and leaves out the one beside it", () => {
    const plain = [entry("f:imageName")];
    for (const fields of [[{ list: ["a"] }], [{ list: [["a"], "b"] }], [entry("k:["), entry("k:]")]]) {
      expect(parseLean(review(fields, plain))).toEqual(JSON.parse(review(fields, [])));
    }
  });

  it("keeps all of a review where a text inside holds the bracket that could end it", () => {
    for (const fields of [[entry("v:]")], [entry("v:]"), { list: [1] }]]) {
      expect(parseLean(review(fields, []))).toEqual(JSON.parse(review(fields, [])));
    }
  });

  it("loses nothing besides managedFields, whatever these hold", () => {
    fc.assert(
      fc.property(anyFields, anyFields, fc.boolean(), (one, other, isPretty) => {
        const text = isPretty ? JSON.stringify(JSON.parse(review(one, other)), null, 2) : review(one, other);
        const [object, oldObject] = managedFieldsOf(parseLean(text));
        expect([one, []]).toContainEqual(object);
        expect([other, []]).toContainEqual(oldObject);
        expect(parseLean(text)).toEqual(JSON.parse(isPretty ? text : review(object, oldObject)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes no text whose managedFields have no end", () => {
    const fields = [entry("f:imageName")];
    const around = ["finalizers", "items", "managedFields"].flatMap((name) => [
      `{"metadata":{"managedFields":${JSON.stringify(fields)},"name":"web","${name}":["x"],"uid":"u"}}`,
      `{"${name}":[{"metadata":{"managedFields":${JSON.stringify(fields)},"name":"web"}}],"uid":"u"}`,
      `{"metadata":{"managedFields":${JSON.stringify(fields)},"name":"web"},"${name}":"]"}`,
    ]);
    for (const text of around) {
      const open = text.replace("}]", "}");
      expect(() => parseLean(open)).toThrow(errorOf(open));
      expect(parseLean(text)).toEqual(JSON.parse(withoutManagedFields(text)));
    }
  });

  it("says what is wrong with a text that is no JSON, by its own positions", () => {
    for (const text of ["", "{", `${review([entry("a")])}}`, review([entry("a")]).slice(0, -1)]) {
      expect(() => parseLean(text)).toThrow(errorOf(text));
    }
  });
});

function managedFieldsOf(value: unknown): unknown[] {
  const { request } = value as { request: Record<string, { metadata: { managedFields: unknown } }> };
  return ["object", "oldObject"].map((name) => request[name]?.metadata.managedFields);
}

function errorOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it is JSON");
}
