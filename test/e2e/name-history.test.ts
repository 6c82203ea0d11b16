import { describe, expect, test } from "vitest";
import { couldMean } from "./meaning.ts";
import { LONGEST_LAG, NameHistory } from "./name-history.ts";

describe("what may be answered about a name", () => {
  /** Created from 10, known everywhere at 20; deleted from 30, known at 40. */
  const history = new NameHistory();
  history.begin("ubuntu", "vmi-1", 10);
  history.settle("ubuntu", 20);
  history.begin("ubuntu", "not found", 30);
  history.settle("ubuntu", 40);

  test.each([
    ["before anything began", 0, 5, ["not found"]],
    ["while a change began", 5, 15, ["not found", "vmi-1"]],
    ["while a change was not known everywhere", 12, 15, ["not found", "vmi-1"]],
    ["between two changes", 20, 25, ["vmi-1"]],
    ["over one change", 25, 35, ["vmi-1", "not found"]],
    ["over both", 5, 35, ["not found", "vmi-1", "not found"]],
    ["afterwards", 40, 50, ["not found"]],
  ])("%s", (_, asked, answered, possible) => {
    expect(history.possible("ubuntu", asked, answered)).toEqual(possible);
  });

  test("a name that was given a while ago, though not every webhook was seen to know", () => {
    const given = new NameHistory();
    given.begin("ubuntu", "vmi-1", 10);
    given.done("ubuntu", 20);
    expect(given.possible("ubuntu", LONGEST_LAG, LONGEST_LAG + 50)).toEqual(["not found", "vmi-1"]);
    expect(given.possible("ubuntu", LONGEST_LAG + 20, LONGEST_LAG + 50)).toEqual(["vmi-1"]);
  });

  test("a name that nothing ever had", () => {
    expect(history.possible("photon", 0, 100)).toEqual(["not found"]);
  });

  test.each([
    ["vmi-1", ["vmi-1", "not found"], true],
    ["not found", ["vmi-1"], false],
    ["gone vmi-1", ["vmi-1", "not found"], true],
    ["gone vmi-1", ["vmi-1"], false],
    ["gone vmi-2", ["vmi-1", "not found"], false],
  ] as const)("%s, where it means %j: %s", (meaning, possible, could) => {
    expect(couldMean(meaning, possible)).toBe(could);
  });
});
