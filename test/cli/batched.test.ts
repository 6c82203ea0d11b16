import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Batched } from "../../src/cli/batched.ts";

function batched(): { readonly batch: Batched; readonly written: string[] } {
  const written: string[] = [];
  return { batch: new Batched((text) => written.push(text)), written };
}

describe("batched text", () => {
  it("is written once for a turn of the event loop, in its order", async () => {
    const { batch, written } = batched();
    batch.print("one\n");
    batch.print("two\n");
    expect(written).toEqual([]);
    await turn();
    expect(written).toEqual(["one\ntwo\n"]);
    batch.print("three\n");
    await turn();
    expect(written).toEqual(["one\ntwo\n", "three\n"]);
  });

  it("is written at once by a flush, and not again", async () => {
    const { batch, written } = batched();
    batch.print("last words\n");
    batch.flush();
    expect(written).toEqual(["last words\n"]);
    await turn();
    batch.flush();
    expect(written).toEqual(["last words\n"]);
  });
});
