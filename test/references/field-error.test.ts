import { describe, expect, it } from "vitest";
import { plain, errorMessage, quote, warningMessage, withRemediesOnce } from "../../src/references/field-error.ts";

describe("quote", () => {
  it.each([
    ["plain", '"plain"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ["line\nbreak", '"line\\u000abreak"'],
    ["\u001b[31mred", '"\\u001b[31mred"'],
    ["a\u2028b\u202ec\ufeff", '"a\\u2028b\\u202ec\\ufeff"'],
    ["\ud800", '"\\ud800"'],
    ["emoji \u{1f600}", '"emoji \u{1f600}"'],
    [7, "7"],
    [true, "true"],
    [null, "null"],
    [[1], "[...]"],
    [{ a: 1 }, "{...}"],
  ])("writes %j as %s", (value, text) => {
    expect(quote(value)).toBe(text);
  });

  it("cuts a long text and gives its length", () => {
    expect(quote("u".repeat(1_000))).toBe(`"${"u".repeat(256)}... (1000 characters)"`);
  });
});

it("plain escapes control characters, too", () => {
  expect(plain("a\tb")).toBe("a\\u0009b");
});

it("a message has the wording of Kubernetes, the value and the cause", () => {
  const problem = { check: "exists", reason: "FieldValueNotFound", field: "spec.x", value: "v", why: "w" } as const;
  expect(errorMessage(problem)).toBe('Not found: "v": w');
  expect(warningMessage(problem)).toBe('spec.x: "v": w');
});

it("a message about an absent value names none", () => {
  const problem = { check: "required", reason: "FieldValueRequired", field: "spec.x", why: "w" } as const;
  expect(errorMessage(problem)).toBe("Required value: w");
  expect(warningMessage(problem)).toBe("spec.x: w");
});

it("a newline in the cause of a message is escaped, so it cannot forge a line", () => {
  const problem = { check: "required", reason: "FieldValueRequired", field: "spec.x", why: "-n a\nb" } as const;
  expect(errorMessage(problem)).toBe("Required value: -n a\\u000ab");
  expect(warningMessage(problem)).toBe("spec.x: -n a\\u000ab");
});

it("a message ends with the remedy, on the same line", () => {
  const remedy = "write this\nor that";
  const problem = { check: "required", reason: "FieldValueRequired", field: "spec.x", why: "w", remedy } as const;
  expect(errorMessage(problem)).toBe("Required value: w; write this\\u000aor that");
  expect(warningMessage(problem)).toBe("spec.x: w; write this\\u000aor that");
});

it("errors with the same remedy say it once, and the others name the field that has it", () => {
  const problem = { check: "exists", reason: "FieldValueNotFound", why: "w" } as const;
  const errors = [
    { ...problem, field: "spec.a", remedy: "write x" },
    { ...problem, field: "spec.b", remedy: "write y" },
    { ...problem, field: "spec.c", remedy: "write x" },
    { ...problem, field: "spec.d" },
    { ...problem, field: "spec.e", remedy: "write x" },
    { ...problem, field: "spec.f" },
  ];
  expect(withRemediesOnce(errors).map((error) => error.remedy)).toEqual([
    "write x",
    "write y",
    "the same remedy as for spec.a",
    undefined,
    "the same remedy as for spec.a",
    undefined,
  ]);
});
