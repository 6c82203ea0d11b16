import { expect, it } from "vitest";
import { KindRecord } from "../../../src/sources/cluster/kind-status.ts";
import { capturedLog } from "../../support/reflection.ts";

function record(): { record: KindRecord; lines: ReturnType<typeof capturedLog>["lines"]; pass: () => void } {
  const { log, lines } = capturedLog();
  let now = 0;
  const options = { kind: "VirtualMachineImage", log, now: () => new Date(now), images: () => 3 } as const;
  return { record: new KindRecord(options), lines, pass: () => (now += 1_000) };
}

it("logs a state once, with its first reason, and shows the last", () => {
  const { record: kind, lines } = record();
  kind.enter("stale", "first");
  kind.enter("stale", "second");
  expect(lines.map(({ because }) => because)).toEqual(["first"]);
  expect(kind.current).toMatchObject({ state: "stale", because: "second", images: 3 });
});

it("takes lists, events and bookmarks for proof, and only events for events", () => {
  const { record: kind, pass } = record();
  const seconds = (): (number | undefined)[] =>
    [kind.current.syncedAt, kind.current.lastProofAt, kind.current.lastEventAt, kind.current.lastListAt].map((time) =>
      time === undefined ? undefined : time.getTime() / 1_000,
    );
  expect(seconds()).toEqual([undefined, undefined, undefined, undefined]);
  pass();
  kind.listed("5");
  expect(seconds()).toEqual([1, 1, undefined, 1]);
  pass();
  kind.watching(true);
  expect(seconds()).toEqual([1, 2, undefined, 1]);
  pass();
  kind.told("6", false);
  expect(seconds()).toEqual([1, 3, undefined, 1]);
  pass();
  kind.told("7", true);
  expect(seconds()).toEqual([1, 4, 4, 1]);
  pass();
  kind.listed("8");
  expect(seconds()).toEqual([1, 5, 4, 5]);
  expect(kind.current).toMatchObject({ relists: 1, watchRestarts: 0, resourceVersion: "8" });
});

it("takes the absence of the CRD for proof", () => {
  const { record: kind, pass } = record();
  pass();
  kind.listed("5");
  pass();
  kind.emptied();
  expect(kind.current).toMatchObject({ syncedAt: new Date(1_000), lastProofAt: new Date(2_000) });
});

it("logs bad objects once in each state, and counts all", () => {
  const { record: kind, lines } = record();
  for (let object = 0; object < 3; object++) kind.badObject("no name");
  kind.enter("live", "opened");
  kind.badObject("no name");
  expect(kind.current.badObjects).toBe(4);
  expect(lines.filter(({ why }) => why === "no name").length).toBe(2);
});
