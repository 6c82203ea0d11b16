import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { DEFAULT_REVIEW_TIMEOUT, MAX_REVIEW_TIMEOUT } from "../../src/server/limits.ts";
import { reviewTimeout } from "../../src/server/review-timeout.ts";
import { createReview, responseOf } from "../support/admission-review.ts";
import { type Answer, JSON_HEADERS } from "../support/tls-client.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

describe("?timeout=", () => {
  test.each([
    ["5s", 5_000],
    ["30s", 30_000],
    ["1s", 1_000],
    ["250ms", 250],
    ["1.5s", 1_500],
  ])("%s is %d milliseconds", (text, milliseconds) => {
    expect(reviewTimeout({ timeout: text })).toBe(milliseconds);
    expect(reviewTimeout({ timeout: [text, "7s"] })).toBe(milliseconds);
  });

  test.each(["", "5", "s", "-5s", "5 s", "garbage", "5h", "Infinitys", "1e9s"])("%j means the default", (text) => {
    expect(reviewTimeout({ timeout: text })).toBe(DEFAULT_REVIEW_TIMEOUT);
  });

  test.each(["0s", "0ms", "0m", "0.0s"])("%s, which clients send for no timeout, means the default", (text) => {
    expect(reviewTimeout({ timeout: text })).toBe(DEFAULT_REVIEW_TIMEOUT);
  });

  test("that is absent means the default", () => {
    expect(reviewTimeout({})).toBe(DEFAULT_REVIEW_TIMEOUT);
  });

  test.each(["31s", "1m", "50000m"])("%s is limited to the longest timeout of a webhook", (text) => {
    expect(reviewTimeout({ timeout: text })).toBe(MAX_REVIEW_TIMEOUT);
  });
});

describe("a late body", () => {
  /** Sends the headers at once, and the body when the server has had them for a while. */
  async function askSlowly(path: string): Promise<Answer & Pick<Webhook, "logged">> {
    const arrival = Promise.withResolvers<undefined>();
    const { client, logged } = await webhook({
      prepare: (server) => {
        server.server.once("request", () => {
          arrival.resolve(undefined);
        });
      },
    });
    const { request, answer } = client.open({ path, headers: JSON_HEADERS });
    request.flushHeaders();
    await arrival.promise;
    await delay(50);
    request.end(JSON.stringify(createReview()));
    const answered = { ...(await answer), logged };
    expect((await client.post("/mutate", createReview())).status).toBe(200);
    return answered;
  }

  test("is answered 504 in text after the caller's deadline", async () => {
    const { status, headers, text, logged } = await askSlowly("/mutate?timeout=1ms");
    expect(status).toBe(504);
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(text).toMatch(/^[^\n]+\n$/);
    expect(text).not.toContain("allowed");
    expect(logged.lines[0]).toMatchObject({ level: "warn", msg: "review came too late to answer" });
  });

  test.each([
    "/mutate?timeout=20s",
    "/mutate?timeout=0s",
    "/mutate?timeout=garbage",
    "/mutate?timeout=50000m",
    "/mutate",
  ])("is decided before the deadline of %s", async (path) => {
    const { status, text } = await askSlowly(path);
    expect(status).toBe(200);
    expect(responseOf(text)["allowed"]).toBe(true);
  });
});
