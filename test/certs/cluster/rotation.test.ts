import { describe, expect, it } from "vitest";
import type { Authority } from "../../../src/certs/cluster/signing-ca.ts";
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

/** Only its name and times count for the rules. */
function authority(id: string, { end = 360 * DAY, published }: { end?: number; published?: number } = {}): Authority {
  const times = { notAfter: at(end), published: published === undefined ? undefined : at(published) };
  return { id, name: id, cert: id, key: "", ...times };
}

function plan(situation: Partial<Situation>): {
  ids: readonly string[];
  needsNew: boolean;
  restored: string | undefined;
} {
  const { authorities, needsNew, restored } = planOf({
    stored: [],
    known: [],
    inUse: undefined,
    isTrusted: () => undefined,
    now: NOW,
    lifetimes: LIFETIMES,
    jitter: 0,
    ...situation,
  });
  return { ids: authorities.map(({ id }) => id), needsNew, restored };
}

describe("a new CA is made", () => {
  it("where there is none", () => {
    expect(plan({})).toEqual({ ids: [], needsNew: true, restored: undefined });
  });

  it("when a third of the newest one's life is left, or a little before with jitter", () => {
    const stored = [authority("a", { end: 121 * DAY, published: -200 * DAY })];
    expect(plan({ stored }).needsNew).toBe(false);
    expect(plan({ stored, now: at(1 * DAY) }).needsNew).toBe(true);
    expect(plan({ stored, jitter: 0.05 }).needsNew).toBe(true);
  });

  it("not while the newest one is not published: one rotation at a time", () => {
    const stored = [authority("a", { end: 90 * DAY, published: -200 * DAY }), authority("b", { end: 100 * DAY })];
    expect(plan({ stored }).needsNew).toBe(false);
    expect(plan({ stored: [authority("b", { end: 0 })] }).needsNew).toBe(true);
  });
});

describe("a CA is published", () => {
  it("when every configuration trusts it, and from that moment on", () => {
    const stored = [authority("a")];
    const published = planOf({ ...SITUATION, stored, isTrusted: () => true }).authorities[0]?.published;
    expect(published).toEqual(NOW);
    const later = planOf({ ...SITUATION, stored: [authority("a", { published: -1 })], isTrusted: () => true });
    expect(later.authorities[0]?.published).toEqual(at(-1));
  });

  it("not where that cannot be known", () => {
    expect(planOf({ ...SITUATION, stored: [authority("a")] }).authorities[0]?.published).toBeUndefined();
  });

  it("no more where a configuration lacks it, as after a backup, unless its certificate is in use", () => {
    const stored = [authority("a", { published: -DAY })];
    const [old] = planOf({ ...SITUATION, stored, isTrusted: () => false }).authorities;
    expect(old?.published).toBeUndefined();
    const [used] = planOf({ ...SITUATION, stored, inUse: stored[0], isTrusted: () => false }).authorities;
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
  const a = authority("a", { published: -200 * DAY });

  it("is the old one until the new one has been published for the settle time", () => {
    const b = authority("b", { published: 0 });
    expect(signerOf([a, authority("b")], NOW, LIFETIMES)?.id).toBe("a");
    expect(signerOf([a, b], at(SETTLE - 1), LIFETIMES)?.id).toBe("a");
    expect(signerOf([a, b], at(SETTLE), LIFETIMES)?.id).toBe("b");
  });

  it("is the only one at once: nobody trusts another", () => {
    expect(signerOf([authority("a")], NOW, LIFETIMES)?.id).toBe("a");
  });

  it("is one that has not ended, published or not", () => {
    const ended = authority("a", { end: 0, published: -DAY });
    expect(signerOf([ended, authority("b")], NOW, LIFETIMES)?.id).toBe("b");
    expect(signerOf([ended], NOW, LIFETIMES)).toBeUndefined();
  });

  it("of a CA with a short life settles in a share of it", () => {
    expect(settleTime(LIFETIMES)).toBe(SETTLE);
    expect(settleTime({ ca: 24_000, serving: 4_000 })).toBe(2_000);
  });
});

describe("an old CA is dropped", () => {
  const a = authority("a", { end: 100 * DAY, published: -200 * DAY });
  const b = authority("b", { published: 0 });

  it("not before it has ended: a replica that is cut off may go on with it", () => {
    expect(plan({ stored: [a, b], now: at(100 * DAY - 1) }).ids).toEqual(["a", "b"]);
    expect(plan({ stored: [a, b], now: at(100 * DAY) }).ids).toEqual(["b"]);
  });

  it("not before its successor signs", () => {
    const ended = authority("a", { end: 1 });
    expect(plan({ stored: [ended, b], now: at(SETTLE - 1) }).ids).toEqual(["a", "b"]);
    expect(plan({ stored: [ended, b], now: at(SETTLE) }).ids).toEqual(["b"]);
  });

  it("never while its successor is not published", () => {
    expect(plan({ stored: [a, authority("b")], now: at(101 * DAY) }).ids).toEqual(["a", "b"]);
  });
});

describe("a Secret that somebody else wrote", () => {
  const a = authority("a", { published: -DAY });
  const b = authority("b");

  it("gets back what memory has where it has no CA", () => {
    expect(plan({ known: [a, b], inUse: a })).toEqual({ ids: ["a", "b"], needsNew: false, restored: "lost" });
  });

  it("gets back the CA in use as the older one, so that what is there now comes by a rotation", () => {
    expect(plan({ stored: [b], known: [a], inUse: a })).toEqual({
      ids: ["a", "b"],
      needsNew: false,
      restored: "replaced",
    });
  });

  it("gets back nothing that is not in use: that another replica dropped it is right", () => {
    expect(plan({ stored: [b], known: [a, b], inUse: b })).toMatchObject({ ids: ["b"], restored: undefined });
  });
});

it("the next change by time is the nearest that is to come", () => {
  const now = NOW;
  const list = [authority("a", { end: 100 * DAY, published: -DAY }), authority("b", { published: 0 })];
  const facts = { lifetimes: LIFETIMES, jitter: 0 };
  expect(nextChange(list, { ...facts, now })).toEqual(at(SETTLE));
  expect(nextChange(list, { ...facts, now: at(SETTLE) })).toEqual(at(100 * DAY));
  expect(nextChange([], { ...facts, now })).toBeUndefined();
});
