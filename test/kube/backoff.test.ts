import { describe, expect, it } from "vitest";
import { Backoff, type Timing } from "../../src/kube/backoff.ts";
import { rowOf, TROUBLES, type Wait } from "../../src/kube/trouble.ts";

let now = 0;

function backoff(random: () => number = () => 1): Backoff {
  const delay: Timing["delay"] = () => Promise.resolve();
  return new Backoff({ now: () => new Date(now), random, delay });
}

describe("backoff", () => {
  it("doubles from 0.8 s up to 30 s, and stays there", () => {
    const waits = backoff();
    const seconds = Array.from({ length: 8 }, () => waits.next("backoff", 1) / 1_000);
    expect(seconds).toEqual([0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]);
  });

  it("has full jitter: anything from nothing to its limit", () => {
    expect(backoff(() => 0).next("backoff", 1)).toBe(0);
    expect(backoff(() => 0.25).next("backoff", 1)).toBe(200);
  });

  it("is forgotten after two good minutes, and not before", () => {
    now = 0;
    const waits = backoff();
    for (let attempt = 0; attempt < 3; attempt++) waits.next("backoff", 1);
    now = 150_000;
    expect(waits.next("backoff", 1)).toBe(6_400);
    now = 300_001;
    expect(waits.next("backoff", 1)).toBe(800);
  });

  it.each<[Wait, number, number]>([
    ["spread", 0, 2_000],
    ["forbidden", 15_000, 60_000],
    ["absent", 15_000, 30_000],
    ["degraded", 30_000, 30_000],
    ["overflow", 30_000, 60_000],
  ])("waits %s from %d to %d ms", (wait, least, most) => {
    expect(backoff(() => 0).next(wait, 1)).toBe(least);
    expect(backoff(() => 1).next(wait, 1)).toBe(most);
  });

  it("keeps the lists of replicas that met the same 410 apart", () => {
    let chance = 0;
    const waits = Array.from({ length: 10 }, () => backoff(() => (chance += 0.1)).next("spread", 1));
    expect(new Set(waits.map((wait) => Math.round(wait / 200))).size).toBe(10);
  });

  it("grows from the second trouble in a row, whatever the first wait was: a server of 410s gets no list each second", () => {
    const waits = backoff();
    const seconds = [1, 2, 3, 4, 5, 6].map((troubles) => waits.next("spread", troubles) / 1_000);
    expect(seconds).toEqual([2, 2, 2, 3.2, 6.4, 12.8]);
  });

  it("waits as long as the server asks, up to a minute", () => {
    expect(backoff().next("backoff", 1, 5_000)).toBe(5_000);
    expect(backoff().next("backoff", 1, 86_400_000)).toBe(60_000);
    expect(backoff().next("forbidden", 1, 5_000)).toBe(60_000);
  });
});

describe("a refusal", () => {
  it("is doubted five times where a watch has been open, and never before", () => {
    for (const code of ["forbidden", "watchForbidden"] as const) {
      expect(rowOf(code, 1, false)).toBe(TROUBLES[code]);
      expect(rowOf(code, 5, true)).toBe(TROUBLES.server);
      expect(rowOf(code, 6, true)).toBe(TROUBLES[code]);
    }
    expect(rowOf("expired", 1, true)).toBe(TROUBLES.expired);
  });
});
