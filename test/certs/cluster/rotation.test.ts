import { describe, expect, it } from "vitest";
import type { SigningCa } from "../../../src/certs/cluster/signing-ca.ts";
import { nextChange, planOf, settleTime, signerOf, type Situation } from "../../../src/certs/cluster/rotation.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LIFETIMES = { ca: 360 * DAY, serving: 30 * DAY };
const NOW = new Date("2026-11-21T12:00:00Z");
const SETTLE = 5 * MINUTE;

function at(milliseconds: number): Date {
  return new Date(NOW.getTime() + milliseconds);
}

/** A CA with the only facts that matter to the rules: name and times. */
function ca(id: string, { end = 360 * DAY, published }: { end?: number; published?: number } = {}): SigningCa {
  const times = { notAfter: at(end), published: published === undefined ? undefined : at(published) };
  return { id, name: id, cert: id, key: "", ...times };
}

function plan(situation: Partial<Situation>): {
  ids: readonly string[];
  needsNew: boolean;
  restored: string | undefined;
} {
  const { cas, needsNew, restored } = planOf({
    stored: [],
    known: [],
    inUse: undefined,
    isTrusted: () => undefined,
    now: NOW,
    lifetimes: LIFETIMES,
    jitter: 0,
    ...situation,
  });
  return { ids: cas.map(({ id }) => id), needsNew, restored };
}

describe("a new CA is issued", () => {
  it("if there is none", () => {
    expect(plan({})).toEqual({ ids: [], needsNew: true, restored: undefined });
  });

  it("when a third of the lifetime of the newest one is left, or a little earlier with jitter", () => {
    const stored = [ca("a", { end: 121 * DAY, published: -200 * DAY })];
    expect(plan({ stored }).needsNew).toBe(false);
    expect(plan({ stored, now: at(1 * DAY) }).needsNew).toBe(true);
    expect(plan({ stored, jitter: 0.05 }).needsNew).toBe(true);
  });

  it("only after the newest one is published: one rotation at a time", () => {
    const stored = [ca("a", { end: 90 * DAY, published: -200 * DAY }), ca("b", { end: 100 * DAY })];
    expect(plan({ stored }).needsNew).toBe(false);
    expect(plan({ stored: [ca("b", { end: 0 })] }).needsNew).toBe(true);
  });
});

describe("a CA is published", () => {
  it("when every configuration trusts it, and keeps that time", () => {
    const stored = [ca("a")];
    const published = planOf({ ...SITUATION, stored, isTrusted: () => true }).cas[0]?.published;
    expect(published).toEqual(NOW);
    const later = planOf({ ...SITUATION, stored: [ca("a", { published: -1 })], isTrusted: () => true });
    expect(later.cas[0]?.published).toEqual(at(-1));
  });

  it("never without reading the configurations", () => {
    expect(planOf({ ...SITUATION, stored: [ca("a")] }).cas[0]?.published).toBeUndefined();
  });

  it("again if a configuration lacks it, as after a backup, unless its certificate is in use", () => {
    const stored = [ca("a", { published: -DAY })];
    const [old] = planOf({ ...SITUATION, stored, isTrusted: () => false }).cas;
    expect(old?.published).toBeUndefined();
    const [used] = planOf({ ...SITUATION, stored, inUse: stored[0], isTrusted: () => false }).cas;
    expect(used?.published).toEqual(at(-DAY));
  });
});

const SITUATION: Situation = {
  stored: [],
  known: [],
  inUse: undefined,
  isTrusted: () => undefined,
  now: NOW,
  lifetimes: LIFETIMES,
  jitter: 0,
};

describe("the CA that signs", () => {
  const a = ca("a", { published: -200 * DAY });

  it("is the old one until the settle time of the new one is over", () => {
    const b = ca("b", { published: 0 });
    expect(signerOf([a, ca("b")], NOW, LIFETIMES)?.id).toBe("a");
    expect(signerOf([a, b], at(SETTLE - 1), LIFETIMES)?.id).toBe("a");
    expect(signerOf([a, b], at(SETTLE), LIFETIMES)?.id).toBe("b");
  });

  it("is the only one, published or not", () => {
    expect(signerOf([ca("a")], NOW, LIFETIMES)?.id).toBe("a");
  });

  it("is one that has not expired, published or not", () => {
    const expired = ca("a", { end: 0, published: -DAY });
    expect(signerOf([expired, ca("b")], NOW, LIFETIMES)?.id).toBe("b");
    expect(signerOf([expired], NOW, LIFETIMES)).toBeUndefined();
  });

  it("settles in a share of a short lifetime", () => {
    expect(settleTime(LIFETIMES)).toBe(SETTLE);
    expect(settleTime({ ca: 24_000, serving: 4_000 })).toBe(2_000);
  });
});

describe("an old CA is dropped", () => {
  const a = ca("a", { end: 100 * DAY, published: -200 * DAY });
  const b = ca("b", { published: 0 });

  it("only after it has expired: a replica without a connection may still use it", () => {
    expect(plan({ stored: [a, b], now: at(100 * DAY - 1) }).ids).toEqual(["a", "b"]);
    expect(plan({ stored: [a, b], now: at(100 * DAY) }).ids).toEqual(["b"]);
  });

  it("only after its successor signs", () => {
    const expired = ca("a", { end: 1 });
    expect(plan({ stored: [expired, b], now: at(SETTLE - 1) }).ids).toEqual(["a", "b"]);
    expect(plan({ stored: [expired, b], now: at(SETTLE) }).ids).toEqual(["b"]);
  });

  it("never before its successor is published", () => {
    expect(plan({ stored: [a, ca("b")], now: at(101 * DAY) }).ids).toEqual(["a", "b"]);
  });
});

describe("a Secret that another client wrote", () => {
  const a = ca("a", { published: -DAY });
  const b = ca("b");

  it("without a CA gets the known CAs back", () => {
    expect(plan({ known: [a, b], inUse: a })).toEqual({ ids: ["a", "b"], needsNew: false, restored: "lost" });
  });

  it("gets the CA in use back as the oldest, so that its own CA takes over by a rotation", () => {
    expect(plan({ stored: [b], known: [a], inUse: a })).toEqual({
      ids: ["a", "b"],
      needsNew: false,
      restored: "replaced",
    });
  });

  it("does not get back a CA that is not in use, because another replica may have dropped it", () => {
    expect(plan({ stored: [b], known: [a, b], inUse: b })).toMatchObject({ ids: ["b"], restored: undefined });
  });
});

it("the next change is the nearest future one", () => {
  const now = NOW;
  const list = [ca("a", { end: 100 * DAY, published: -DAY }), ca("b", { published: 0 })];
  const facts = { lifetimes: LIFETIMES, jitter: 0 };
  expect(nextChange(list, { ...facts, now })).toEqual(at(SETTLE));
  expect(nextChange(list, { ...facts, now: at(SETTLE) })).toEqual(at(100 * DAY));
  expect(nextChange([], { ...facts, now })).toBeUndefined();
});
