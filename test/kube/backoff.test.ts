import { describe, expect, it } from "vitest";
import { Backoff, SPREAD, UNTIL_GRANTED, waitAfter } from "../../src/kube/backoff.ts";

let now = 0;

function backoff(random: () => number = () => 1): Backoff {
  return new Backoff({ now: () => new Date(now), random });
}

describe("an exponential wait", () => {
  it("doubles from 0.8 s up to 30 s, and stays there", () => {
    const waits = backoff();
    const seconds = Array.from({ length: 8 }, () => waits.next("exponential", 1) / 1_000);
    expect(seconds).toEqual([0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]);
  });

  it("has full jitter: it is between 0 and its limit", () => {
    expect(backoff(() => 0).next("exponential", 1)).toBe(0);
    expect(backoff(() => 0.25).next("exponential", 1)).toBe(200);
  });

  it("starts again after two minutes without error, and not earlier", () => {
    now = 0;
    const waits = backoff();
    for (let attempt = 0; attempt < 3; attempt++) waits.next("exponential", 1);
    now = 150_000;
    expect(waits.next("exponential", 1)).toBe(6_400);
    now = 300_001;
    expect(waits.next("exponential", 1)).toBe(800);
  });
});

describe("a wait from a range", () => {
  it.each([
    ["spread", SPREAD, 0, 2_000],
    ["until granted", UNTIL_GRANTED, 15_000, 60_000],
  ])("%s is between its limits", (_, range, min, max) => {
    expect(backoff(() => 0).next(range, 1)).toBe(min);
    expect(backoff(() => 1).next(range, 1)).toBe(max);
  });

  it("keeps the lists of replicas that get 410 at the same moment apart", () => {
    let random = 0;
    const waits = Array.from({ length: 10 }, () => backoff(() => (random += 0.1)).next(SPREAD, 1));
    expect(new Set(waits.map((wait) => Math.round(wait / 200))).size).toBe(10);
  });

  it("grows from the second error in a row, so that a server of 410s does not get a list each second", () => {
    const waits = backoff();
    const seconds = [1, 2, 3, 4, 5, 6].map((errors) => waits.next(SPREAD, errors) / 1_000);
    expect(seconds).toEqual([2, 2, 2, 3.2, 6.4, 12.8]);
  });
});

it("a wait is at least as long as Retry-After asks, up to a minute", () => {
  expect(backoff().next("exponential", 1, 5_000)).toBe(5_000);
  expect(backoff().next("exponential", 1, 86_400_000)).toBe(60_000);
  expect(backoff().next(UNTIL_GRANTED, 1, 5_000)).toBe(60_000);
});

it("a single request waits for rights, spreads after 410, and backs off after other errors", () => {
  expect(waitAfter("forbidden")).toBe(UNTIL_GRANTED);
  expect(waitAfter("expired")).toBe(SPREAD);
  for (const code of ["connection", "server", "notFound", "internal"] as const)
    expect(waitAfter(code)).toBe("exponential");
});
