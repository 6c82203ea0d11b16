import { describe, expect, test } from "vitest";
import { couldMean } from "./meaning.ts";
import { MAX_LAG, NameHistory } from "./name-history.ts";

describe("the possible meanings of a name", () => {
  /** The creation begins at 10 and settles at 20; the deletion begins at 30 and settles at 40. */
  const history = new NameHistory();
  history.begin("ubuntu", "vmi-1", 10);
  history.settle("ubuntu", 20);
  history.begin("ubuntu", "not found", 30);
  history.settle("ubuntu", 40);

  test.each([
    ["are the old one before a change begins", 0, 5, ["not found"]],
    ["are the old and the new one while a change begins", 5, 15, ["not found", "vmi-1"]],
    ["are the old and the new one before a change has settled", 12, 15, ["not found", "vmi-1"]],
    ["are the new one after a change has settled", 20, 25, ["vmi-1"]],
    ["are both over one change", 25, 35, ["vmi-1", "not found"]],
    ["are all over two changes", 5, 35, ["not found", "vmi-1", "not found"]],
    ["are the last one after all changes", 40, 50, ["not found"]],
  ])("%s", (_, asked, answered, possible) => {
    expect(history.possible("ubuntu", asked, answered)).toEqual(possible);
  });

  test("are only the new one MAX_LAG after the API server acknowledged it, even if it has not settled", () => {
    const given = new NameHistory();
    given.begin("ubuntu", "vmi-1", 10);
    given.done("ubuntu", 20);
    expect(given.possible("ubuntu", MAX_LAG, MAX_LAG + 50)).toEqual(["not found", "vmi-1"]);
    expect(given.possible("ubuntu", MAX_LAG + 20, MAX_LAG + 50)).toEqual(["vmi-1"]);
  });

  test("are `not found` for a name that no image ever had", () => {
    expect(history.possible("photon", 0, 100)).toEqual(["not found"]);
  });

  test.each([
    ["vmi-1", ["vmi-1", "not found"], true],
    ["not found", ["vmi-1"], false],
    ["gone vmi-1", ["vmi-1", "not found"], true],
    ["gone vmi-1", ["vmi-1"], false],
    ["gone vmi-2", ["vmi-1", "not found"], false],
  ] as const)("the answer %s to a name that means %j is possible: %s", (meaning, possible, could) => {
    expect(couldMean(meaning, possible)).toBe(could);
  });
});
