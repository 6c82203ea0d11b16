import { describe, expect, test } from "vitest";
import { MAX_MARGIN } from "../../src/server/limits.ts";
import { timeForDecision } from "../../src/server/review-aborted.ts";
import { Overload } from "../../src/server/overload.ts";
import { createReview, UID, virtualMachine } from "../support/admission-review.ts";
import { condition } from "../support/condition.ts";
import { JSON_HEADERS } from "../support/tls-client.ts";
import { webhook } from "../support/webhook.ts";

const UNKNOWN = JSON.stringify(createReview({ object: virtualMachine({ imageName: "rocky" }) }));

describe("the time for a decision", () => {
  test.each([
    ["a second", 1_000, 900],
    ["the default", 10_000, 10_000 - MAX_MARGIN],
    ["the longest", 30_000, 30_000 - MAX_MARGIN],
  ])("leaves a margin for the answer within a timeout of %s", (_, timeout, most) => {
    expect(timeForDecision(timeout)).toBe(most);
  });
});

describe("a live read that never ends", () => {
  test("is answered 500 with the uid within the timeout, and the server goes on", async () => {
    const { client, logged } = await webhook({ confirm: () => new Promise<never>(() => undefined) });
    const answer = await client.post("/mutate?timeout=100ms", UNKNOWN);
    expect(answer).toMatchObject({ status: 500, text: `no decision within the timeout in review ${UID}\n` });
    expect(logged.lines).toMatchObject([{ level: "error", uid: UID, msg: "review found no decision in its time" }]);
    expect((await client.post("/mutate", createReview())).status).toBe(200);
  });
});

describe("a caller that goes away during a live read", () => {
  test("cancels the review: it is logged once and counted, and nothing is written after the read", async () => {
    const asked = Promise.withResolvers<undefined>();
    const read = Promise.withResolvers<boolean>();
    const overload = new Overload({ monotonic: () => 0, lag: () => 0 });
    const { client, logged } = await webhook({
      overload,
      confirm: () => {
        asked.resolve(undefined);
        return read.promise;
      },
    });
    const { request, answer } = client.open({ path: "/mutate?timeout=30s", headers: JSON_HEADERS });
    const unanswered = expect(answer).rejects.toThrow();
    request.end(UNKNOWN);
    await asked.promise;
    request.destroy();
    await unanswered;
    await condition("the review is over", () => logged.saying("review").length === 1);
    expect(logged.lines).toMatchObject([{ uid: UID, decision: "canceled" }]);
    expect(overload.counts.canceled).toBe(1);
    expect(overload.underWay).toBe(0);
    read.resolve(true);
    expect((await client.post("/mutate", createReview())).status).toBe(200);
    expect(logged.lines.map(({ decision }) => decision)).toEqual(["canceled", "patched"]);
  });
});

describe("a live read that throws a value that is no Error", () => {
  test.each([
    [
      "rejects",
      async (): Promise<boolean> => {
        await Promise.resolve();
        throw "broken" as unknown as Error;
      },
    ],
    [
      "throws",
      (): Promise<boolean> => {
        throw "broken" as unknown as Error;
      },
    ],
  ])("%s: the answer is 500 with the uid, and the server goes on", async (_, confirm) => {
    const { client, logged } = await webhook({ confirm });
    const answer = await client.post("/mutate", UNKNOWN);
    expect(answer).toMatchObject({ status: 500, text: `internal error in review ${UID}\n` });
    expect(logged.lines).toMatchObject([{ level: "error", uid: UID, err: "broken" }]);
    expect((await client.post("/mutate", createReview())).status).toBe(200);
  });
});
