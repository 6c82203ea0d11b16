import { describe, expect, test } from "vitest";
import { run } from "../support/command-run.ts";
import { ProgramProcess } from "../support/program-process.ts";

const UUID = "e1968c25-dd84-4506-8dc7-9beacb6b688e";
const ID = "vmi-0a0044d7c690bcbea";

test("prints the ID of each item on a line", async () => {
  const { exitCode, output, errors } = await run(["vmi-id", UUID, UUID]);
  expect([exitCode, output, errors]).toEqual([0, `${ID}\n${ID}\n`, ""]);
});

test("accepts a UUID in capitals", async () => {
  expect((await run(["vmi-id", UUID.toUpperCase()])).output).toBe(`${ID}\n`);
});

test("prints a list of items and their IDs with -o json", async () => {
  const { output } = await run(["vmi-id", UUID, "-o", "json"]);
  expect(JSON.parse(output)).toEqual([{ item: UUID, vmiId: ID }]);
});

describe("an ID that is not a UUID", () => {
  const INSTEAD = `is not a UUID; write ${UUID}, or add --any to hash it as given`;

  test.each([
    ["", 'ID "": is empty; give the UUID of the item'],
    ["  ", 'ID "  ": is blank; give the UUID of the item'],
    ["notauuid", 'ID "notauuid": is not a UUID; add --any to hash it as given'],
    [`{${UUID}}`, `ID "{${UUID}}": ${INSTEAD}`],
    [` ${UUID} `, `ID " ${UUID} ": ${INSTEAD}`],
    [`urn:uuid:${UUID.toUpperCase()}`, `ID "urn:uuid:${UUID.toUpperCase()}": ${INSTEAD}`],
    [UUID.replaceAll("-", ""), `ID "${UUID.replaceAll("-", "")}": ${INSTEAD}`],
    [`${UUID}0`, `ID "${UUID}0": is not a UUID; add --any to hash it as given`],
    ["\u001b[2K", 'ID "\\u001b[2K": is not a UUID; add --any to hash it as given'],
  ])("%j exits 2 with the reason", async (item, problem) => {
    const found = await run(["vmi-id", item]);
    expect(found).toEqual({ exitCode: 2, output: "", errors: `vm-image-webhook: ${problem}\n` });
  });

  test("prints no ID of the others, and each wrong one is reported", async () => {
    const program = ProgramProcess.run({ args: ["vmi-id", UUID, "", "vm-42"] });
    expect([await program.exit(), program.output]).toEqual([2, ""]);
    expect(program.errors.match(/^vm-image-webhook: ID /gm)).toHaveLength(2);
  });

  test("is hashed as given with --any, also in capitals", async () => {
    const { exitCode, output } = await run(["vmi-id", "--any", "vm-42", UUID, UUID.toUpperCase(), ""]);
    const [machine, lower, upper, empty] = output.split("\n");
    expect([exitCode, machine, lower]).toEqual([0, "vmi-61c298930774eda41", ID]);
    expect([upper, empty]).toEqual(["vmi-bc631e4757b1bd1c1", "vmi-da39a3ee5e6b4b0d3"]);
  });
});
