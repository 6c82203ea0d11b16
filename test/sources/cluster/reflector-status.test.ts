import { expect, it } from "vitest";
import { ReflectorStatus } from "../../../src/sources/cluster/reflector-status.ts";
import { capturedLog } from "../../support/reflection.ts";

function newStatus(): { status: ReflectorStatus; lines: ReturnType<typeof capturedLog>["lines"]; pass: () => void } {
  const { log, lines } = capturedLog();
  let now = 0;
  const options = { kind: "VirtualMachineImage", log, timing: { now: () => new Date(now) }, images: () => 3 } as const;
  return { status: new ReflectorStatus(options), lines, pass: () => (now += 1_000) };
}

it("logs a state once with its first reason, and shows the last reason", () => {
  const { status, lines } = newStatus();
  status.enter("stale", "first");
  status.enter("stale", "second");
  expect(lines.map(({ because }) => because)).toEqual(["first"]);
  expect(status.current).toMatchObject({ state: "stale", because: "second", images: 3 });
});

it("a list, a watch, an event and a bookmark each renew lastProofAt, and only an event renews lastEventAt", () => {
  const { status, pass } = newStatus();
  const seconds = (): (number | undefined)[] =>
    [status.current.syncedAt, status.current.lastProofAt, status.current.lastEventAt, status.current.lastListAt].map(
      (time) => (time === undefined ? undefined : time.getTime() / 1_000),
    );
  expect(seconds()).toEqual([undefined, undefined, undefined, undefined]);
  pass();
  status.recordList("5");
  expect(seconds()).toEqual([1, 1, undefined, 1]);
  pass();
  status.recordWatch(true);
  expect(seconds()).toEqual([1, 2, undefined, 1]);
  pass();
  status.recordEvent("6", false);
  expect(seconds()).toEqual([1, 3, undefined, 1]);
  pass();
  status.recordEvent("7", true);
  expect(seconds()).toEqual([1, 4, 4, 1]);
  pass();
  status.recordList("8");
  expect(seconds()).toEqual([1, 5, 4, 5]);
  expect(status.current).toMatchObject({ relists: 1, watchRestarts: 0, resourceVersion: "8" });
});

it("an absent CRD renews lastProofAt, and keeps syncedAt", () => {
  const { status, pass } = newStatus();
  pass();
  status.recordList("5");
  pass();
  status.markEmpty();
  expect(status.current).toMatchObject({ syncedAt: new Date(1_000), lastProofAt: new Date(2_000) });
});

it("logs one bad object in each state, and counts all", () => {
  const { status, lines } = newStatus();
  for (let object = 0; object < 3; object++) status.recordBadObject("no name");
  status.enter("live", "opened");
  status.recordBadObject("no name");
  expect(status.current.badObjects).toBe(4);
  expect(lines.filter(({ why }) => why === "no name").length).toBe(2);
});
