import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL_WARNINGS, MAX_WARNING, sentWarnings } from "../../src/admission/warnings.ts";
import { WarningHeaders } from "../support/api-server-warnings.ts";

/** The warnings of both endpoints that the API server shows to the user. */
function shown(...answers: readonly (readonly string[])[]): WarningHeaders {
  const headers = new WarningHeaders();
  for (const text of answers.flat()) headers.add(text);
  return headers;
}

describe("sentWarnings", () => {
  it("keeps short warnings unchanged", () => {
    expect(sentWarnings(["spec.imageName: a", "spec.image: b"])).toEqual(["spec.imageName: a", "spec.image: b"]);
  });

  it("sends equal warnings once", () => {
    expect(sentWarnings(["a", "b", "a"])).toEqual(["a", "b"]);
  });

  it("drops an empty warning, as the API server would", () => {
    expect(sentWarnings(["", "b"])).toEqual(["b"]);
  });

  it("escapes control characters, because the API server drops a warning with one", () => {
    const sent = sentWarnings(["a\nb", "c\u007fd"]);
    expect(sent).toEqual(["a\\u000ab", "c\\u007fd"]);
    expect(shown(sent).shown).toEqual(sent);
    expect(shown(["a\nb"]).shown).toEqual([]);
  });

  it("cuts a long warning between its field and its remedy", () => {
    const [sent = ""] = sentWarnings([`spec.imageName: "${"x".repeat(5_000)}": not ready; the VM waits until it is`]);
    expect(sent).toHaveLength(MAX_WARNING);
    expect(sent).toMatch(/^spec\.imageName: "x+ \.\.\. x+": not ready; the VM waits until it is$/);
  });

  it("counts an emoji as one character and never cuts it in two", () => {
    const [fits, cut = ""] = sentWarnings(["🔥".repeat(MAX_WARNING), "🔥".repeat(MAX_WARNING + 1)]);
    expect(fits).toBe("🔥".repeat(MAX_WARNING));
    expect(cut).toMatch(/^🔥+ \.\.\. 🔥+$/u);
    expect(Array.from(cut)).toHaveLength(MAX_WARNING);
    const eight = Array.from({ length: 8 }, (_, at) => String(at) + "🔥".repeat(MAX_WARNING - 1));
    expect(sentWarnings(eight)).toEqual(eight);
  });

  it.each([
    [8, 8, undefined],
    [9, 7, "2 more warnings were left out"],
    [50, 7, "43 more warnings were left out"],
  ])("given %i long warnings, sends %i and counts the others", (count, kept, last) => {
    const all = Array.from({ length: count }, (_, at) => `${at}:`.padEnd(MAX_WARNING, "x"));
    expect(sentWarnings(all)).toEqual([...all.slice(0, kept), ...(last === undefined ? [] : [last])]);
  });

  it("keeps the warnings of both endpoints within the API server's limits, for any text", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 600 }),
      fc.string({ minLength: 200, maxLength: 5_000 }),
    );
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 40 }), fc.array(anyText, { maxLength: 40 }), (mutate, validate) => {
        const answers = [sentWarnings(mutate), sentWarnings(validate)];
        for (const sent of answers) {
          expect(sent.reduce((sum, text) => sum + Array.from(text).length, 0)).toBeLessThanOrEqual(ALL_WARNINGS);
          for (const text of sent) expect(Array.from(text).length).toBeLessThanOrEqual(MAX_WARNING);
        }
        const headers = shown(...answers);
        expect(headers.shown).toEqual([...new Set(answers.flat())]);
        expect(headers.isTruncating).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
