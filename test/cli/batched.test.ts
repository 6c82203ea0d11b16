import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Batched, LONGEST_WAIT } from "../../src/cli/batched.ts";

function batched(): { readonly batch: Batched; readonly written: string[] } {
  const written: string[] = [];
  return { batch: new Batched((text) => written.push(text)), written };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("batched text", () => {
  it("is written once for all of a moment, in its order", () => {
    const { batch, written } = batched();
    batch.print("one\n");
    vi.advanceTimersByTime(LONGEST_WAIT - 1);
    batch.print("two\n");
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual(["one\ntwo\n"]);
    batch.print("three\n");
    vi.advanceTimersByTime(LONGEST_WAIT);
    expect(written).toEqual(["one\ntwo\n", "three\n"]);
  });

  it("is written at once by a flush, and not again", () => {
    const { batch, written } = batched();
    batch.print("last words\n");
    batch.flush();
    expect(written).toEqual(["last words\n"]);
    vi.advanceTimersByTime(LONGEST_WAIT);
    batch.flush();
    expect(written).toEqual(["last words\n"]);
  });
});
