import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL_WARNINGS, MAX_WARNING, sentWarnings } from "../../src/admission/warnings.ts";
import { WarningHeaders } from "../support/api-server-warnings.ts";

/** What reaches a person of both endpoints' warnings. */
function shown(...answers: readonly (readonly string[])[]): WarningHeaders {
  const headers = new WarningHeaders();
  for (const text of answers.flat()) headers.add(text);
  return headers;
}

describe("sentWarnings", () => {
  it("leaves short ones as they are", () => {
    expect(sentWarnings(["spec.imageName: a", "spec.image: b"])).toEqual(["spec.imageName: a", "spec.image: b"]);
  });

  it("T8: says the same once", () => {
    expect(sentWarnings(["a", "b", "a"])).toEqual(["a", "b"]);
  });

  it("T8: drops an empty one, as the API server would", () => {
    expect(sentWarnings(["", "b"])).toEqual(["b"]);
  });

  it("T8: control characters are escaped, for the API server drops a warning that has one", () => {
    const sent = sentWarnings(["a\nb", "c\u007fd"]);
    expect(sent).toEqual(["a\\u000ab", "c\\u007fd"]);
    expect(shown(sent).shown).toEqual(sent);
    expect(shown(["a\nb"]).shown).toEqual([]);
  });

  it("T8: a long one keeps its field and what to do, and is cut between them", () => {
    const [sent = ""] = sentWarnings([`spec.imageName: "${"x".repeat(5_000)}": not ready; the VM waits until it is`]);
    expect(sent).toHaveLength(MAX_WARNING);
    expect(sent).toMatch(/^spec\.imageName: "x+ \.\.\. x+": not ready; the VM waits until it is$/);
  });

  it("T8: emoji count once and are never cut in two", () => {
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
  ])("T8: of %i long ones %i are sent, and the others counted", (count, kept, last) => {
    const all = Array.from({ length: count }, (_, at) => `${at}:`.padEnd(MAX_WARNING, "x"));
    expect(sentWarnings(all)).toEqual([...all.slice(0, kept), ...(last === undefined ? [] : [last])]);
  });

  it("T8: both endpoints' warnings reach a person whole, whatever they say", () => {
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
