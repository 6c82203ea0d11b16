import { describe, expect, it } from "vitest";
import { follow, makeMistake } from "./follow.ts";
import { MemoryCluster } from "./memory-cluster.ts";
import { remediesOf } from "./remedies.ts";
import { MISTAKES } from "./table.ts";

it("the table has at least 41 mistakes, with titles that tell them apart", () => {
  expect(MISTAKES.length).toBeGreaterThanOrEqual(41);
  expect(new Set(MISTAKES.map(({ title }) => title)).size).toBe(MISTAKES.length);
});

describe.each(MISTAKES)("$title", (mistake) => {
  const { by, messages, outcome, remedied } = mistake;

  it(`is ${outcome} with the message of the table`, async () => {
    const { isRefused, messages: said } = await makeMistake(new MemoryCluster(by), mistake, "web");
    expect({ isRefused, messages: said }).toEqual({ isRefused: outcome === "refused", messages });
  });

  it("is mended by each remedy of its message, and no other is expected", async () => {
    const remedies = remediesOf(messages);
    expect(remedies, JSON.stringify(remedies)).toHaveLength(remedied.length);
    expect(remedies).not.toHaveLength(0);
    for (const [way, remedy] of remedies.entries()) {
      await follow(new MemoryCluster(by), mistake, { remedy, outcome: remedied[way] ?? {}, name: "web" });
    }
  });
});
