import { expect, test } from "vitest";
import { run } from "../support/command-run.ts";

const UUID = "e1968c25-dd84-4506-8dc7-9beacb6b688e";
const ID = "vmi-0a0044d7c690bcbea";

test("prints the ID of each item on a line", async () => {
  const { exitCode, output, errors } = await run(["vmi-id", UUID, "vm-42"]);
  expect([exitCode, errors]).toEqual([0, ""]);
  expect(output).toMatch(new RegExp(`^${ID}\\nvmi-[0-9a-f]{17}\\n$`));
});

test("accepts a UUID in capitals", async () => {
  expect((await run(["vmi-id", UUID.toUpperCase()])).output).toBe(`${ID}\n`);
});

test("prints a list of items and their IDs with -o json", async () => {
  const { output } = await run(["vmi-id", UUID, "-o", "json"]);
  expect(JSON.parse(output)).toEqual([{ item: UUID, vmiId: ID }]);
});
