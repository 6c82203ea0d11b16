import { executionAsyncResource } from "node:async_hooks";
import { nextTick } from "node:process";
import { expect, it } from "vitest";
import { keepTickShape } from "../../src/server/tick-shape.ts";

it("keeps one object of the shape that nextTick makes, and no more", async () => {
  const kept = keepTickShape();
  const later = await new Promise<object>((resolve) => {
    nextTick(() => {
      resolve(executionAsyncResource());
    });
  });
  expect(Reflect.ownKeys(kept ?? {})).toEqual(Reflect.ownKeys(later));
  expect(Reflect.ownKeys(later)).toContain("callback");
  expect(keepTickShape()).toBe(kept);
});
