import { expect, test } from "vitest";
import { run } from "../support/command-run.ts";

const UUID = "e1968c25-dd84-4506-8dc7-9beacb6b688e";
const ID = "vmi-0a0044d7c690bcbea";

test("each item's ID is a line", async () => {
  const { exitCode, output, errors } = await run(["vmi-id", UUID, "vm-42"]);
  expect([exitCode, errors]).toEqual([0, ""]);
  expect(output).toMatch(new RegExp(`^${ID}\\nvmi-[0-9a-f]{17}\\n$`));
});

test("a UUID may be written in capitals", async () => {
  expect((await run(["vmi-id", UUID.toUpperCase()])).output).toBe(`${ID}\n`);
});

test("-o json is a list of items and their IDs", async () => {
  const { output } = await run(["vmi-id", UUID, "-o", "json"]);
  expect(JSON.parse(output)).toEqual([{ item: UUID, vmiId: ID }]);
});
