import { decider } from "../../src/admission/decide.ts";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { admissionServer } from "../../src/server/admission-server.ts";
import type { Clock } from "../../src/common/timing.ts";
import { EventLoopLag } from "../../src/server/event-loop-lag.ts";
import {
  BODY_LIMIT,
  LAG_INTERVAL,
  MAX_REVIEW_BYTES,
  MAX_RETRIES,
  MAX_LAG,
  MAX_REVIEWS,
  SLOW_CLIENT,
} from "../../src/server/limits.ts";
import { type InFlight, Overload, type Rejected } from "../../src/server/overload.ts";
import { createReview, responseOf } from "../support/admission-review.ts";
import { LogLines } from "../support/log-lines.ts";
import { condition } from "../support/condition.ts";
import { JSON_HEADERS } from "../support/tls-client.ts";
import { DEFAULT_POLICY, webhook } from "../support/webhook.ts";

/** Overload with a clock and a lag that the test sets. */
class Load {
  time = 1_000_000;
  lag = 0;
  readonly overload = new Overload({ monotonic: () => this.time, lag: () => this.lag });
  readonly evicted: string[] = [];

  admit(bytes = 1_000, name = ""): InFlight | Rejected {
    return this.overload.admit({
      bytes,
      evict: (waiting) => {
        this.evicted.push(`${name} ${waiting}`);
      },
    });
  }

  place(bytes?: number, name?: string): InFlight {
    const place = this.admit(bytes, name);
    if (place.is === "rejected") throw new Error(place.because);
    return place;
  }

  /** Takes all places, with complete bodies. */
  fill(): readonly InFlight[] {
    const places = Array.from({ length: MAX_REVIEWS }, () => this.place());
    for (const place of places) this.overload.arrived(place);
    return places;
  }
}

describe("admission", () => {
  test("rejects a review beyond the limit, and admits one more for each that ends", () => {
    const load = new Load();
    const [first] = load.fill();
    if (first === undefined) throw new Error("no review is under way");
    expect(load.admit()).toMatchObject({ is: "rejected", because: "too many reviews are under way" });
    load.overload.leave(first, true);
    expect(load.admit().is).toBe("admitted");
    expect(load.admit().is).toBe("rejected");
    expect(load.overload.underWay).toBe(MAX_REVIEWS);
  });

  test("counts the end of a review once, even where it is reported twice", () => {
    const load = new Load();
    const [first] = load.fill();
    if (first === undefined) throw new Error("no review is under way");
    load.overload.leave(first, true);
    load.overload.leave(first, false);
    expect(load.overload.underWay).toBe(MAX_REVIEWS - 1);
    expect(load.overload.counts.canceled).toBe(0);
  });

  test("rejects a review beyond the limit of bytes", () => {
    const load = new Load();
    const most = Math.floor(MAX_REVIEW_BYTES / BODY_LIMIT);
    const first = load.place(BODY_LIMIT);
    for (let count = 1; count < most; count++) load.place(BODY_LIMIT);
    expect(load.admit(BODY_LIMIT).is).toBe("rejected");
    expect(load.admit(1_000).is).toBe("admitted");
    load.overload.leave(first, true);
    expect(load.admit(BODY_LIMIT - 1_000).is).toBe("admitted");
  });

  test("counts reviews whose caller went away", () => {
    const load = new Load();
    load.overload.leave(load.place(), false);
    load.overload.leave(load.place(), true);
    expect(load.overload.counts.canceled).toBe(1);
  });
});

describe("a slow body", () => {
  test("is evicted for another review where there is no room, the oldest first", () => {
    const load = new Load();
    for (let count = 0; count < MAX_REVIEWS; count++) load.place(1_000, `slow ${count}`);
    load.time += SLOW_CLIENT;
    expect(load.admit().is).toBe("admitted");
    expect(load.admit().is).toBe("admitted");
    expect(load.evicted).toEqual(["slow 0 arriving", "slow 1 arriving"]);
    expect(load.overload.counts.evicted).toBe(2);
    expect(load.overload.underWay).toBe(MAX_REVIEWS);
  });

  test("is evicted in its order, although other bodies arrived or left before", () => {
    const load = new Load();
    const inFlights = Array.from({ length: MAX_REVIEWS }, (_, count) => load.place(1_000, `slow ${count}`));
    const [, second, , fourth] = inFlights;
    if (second === undefined || fourth === undefined) throw new Error("no review is under way");
    for (const inFlight of inFlights.slice(6)) load.overload.arrived(inFlight);
    load.overload.arrived(second);
    load.overload.arrived(second);
    load.overload.leave(second, true);
    load.overload.leave(fourth, true);
    load.time += SLOW_CLIENT;
    for (let count = 0; count < 6; count++) expect(load.admit().is).toBe("admitted");
    expect(load.evicted).toEqual(["slow 0 arriving", "slow 2 arriving", "slow 4 arriving", "slow 5 arriving"]);
    expect(load.admit().is).toBe("rejected");
  });

  test("is not evicted while there is room", () => {
    const load = new Load();
    load.place();
    load.time += 10 * SLOW_CLIENT;
    load.place();
    expect(load.evicted).toEqual([]);
  });

  test("is not evicted before SLOW_CLIENT, nor once it is complete: the new review is rejected", () => {
    const load = new Load();
    const young = Array.from({ length: MAX_REVIEWS }, () => load.place());
    load.time += SLOW_CLIENT - 1;
    expect(load.admit().is).toBe("rejected");
    for (const inFlight of young) load.overload.arrived(inFlight);
    load.time += SLOW_CLIENT;
    expect(load.admit().is).toBe("rejected");
    expect(load.evicted).toEqual([]);
  });
});

describe("a rejected review", () => {
  test("is asked to retry, up to MAX_RETRIES within a second", () => {
    const load = new Load();
    load.fill();
    const rejected = Array.from({ length: MAX_RETRIES + 2 }, () => load.admit() as Rejected);
    expect(rejected.filter(({ mayRetry }) => mayRetry)).toHaveLength(MAX_RETRIES);
    expect(rejected.slice(-2)).toMatchObject([{ mayRetry: false }, { mayRetry: false }]);
    expect(load.overload.counts).toMatchObject({ rejected: MAX_RETRIES + 2, rejectedWithoutRetry: 2 });
    load.time += 999;
    expect(load.admit()).toMatchObject({ mayRetry: false });
    load.time += 1;
    expect(load.admit()).toMatchObject({ mayRetry: true });
  });

  test("is logged once a second", () => {
    const load = new Load();
    load.fill();
    const logged = (): boolean => (load.admit() as Rejected).shouldLog;
    expect([logged(), logged()]).toEqual([true, false]);
    load.time += 1_000;
    expect([logged(), logged()]).toEqual([true, false]);
  });
});

describe("lag of the event loop", () => {
  test("rejects reviews above the limit, not at the limit", () => {
    const load = new Load();
    load.lag = MAX_LAG;
    expect(load.admit().is).toBe("admitted");
    load.lag = MAX_LAG + 1;
    expect(load.admit()).toMatchObject({ is: "rejected", because: "the event loop is late", mayRetry: true });
  });

  test("of one second is overload only where it repeats", () => {
    let time = 0;
    const lag = new EventLoopLag(() => time);
    const tick = (late: number): boolean => {
      time += LAG_INTERVAL + late;
      lag.tick();
      return lag.milliseconds > MAX_LAG;
    };
    expect([tick(0), tick(1_000), tick(0), tick(0)]).toEqual([false, false, false, false]);
    expect([tick(800), tick(800)]).toEqual([false, true]);
    expect([tick(0), tick(0)]).toEqual([false, false]);
  });

  test("counts during a turn: a turn of twice the limit is overload before it ends", () => {
    let time = 0;
    const lag = new EventLoopLag(() => time);
    time = LAG_INTERVAL + 2 * MAX_LAG;
    expect(lag.milliseconds).toBe(MAX_LAG);
    time++;
    expect(lag.milliseconds).toBeGreaterThan(MAX_LAG);
    lag.tick();
    expect(lag.milliseconds).toBeGreaterThan(MAX_LAG);
  });

  test("is measured by the real timer: a blocked event loop shows", async () => {
    const lag = new EventLoopLag(() => performance.now());
    lag.start();
    await condition("the lag shows", () => {
      const end = performance.now() + 3 * LAG_INTERVAL;
      while (performance.now() < end);
      return lag.milliseconds > 0;
    });
    lag.stop();
  });
});

/** A clock that advances by a tenth of a second each time it is read. */
function elapsing(): Clock {
  let time = 0;
  return { monotonic: () => (time += 100), delay: () => Promise.resolve() };
}

describe("an overloaded server", () => {
  /** With room for so many reviews. */
  function nearlyFull(free: number): Load {
    const load = new Load();
    for (const inFlight of load.fill().slice(0, free)) load.overload.leave(inFlight, true);
    return load;
  }

  /** With room, but with MAX_RETRIES callers that were asked to retry. */
  function withoutRetries(): Load {
    const load = new Load();
    while (load.overload.reserveRetry());
    return load;
  }

  test("answers 503 before the body arrives, and keeps the connection", async () => {
    const load = nearlyFull(0);
    const { client, logged } = await webhook({ overload: load.overload });
    const { request, answer } = client.open({ path: "/mutate", headers: { ...JSON_HEADERS, "content-length": 1_000 } });
    request.flushHeaders();
    expect(await answer).toMatchObject({
      status: 503,
      headers: { "retry-after": "1", "content-type": "text/plain; charset=utf-8", connection: "keep-alive" },
      text: "overloaded: too many reviews are under way\n",
    });
    request.destroy();
    expect(logged.lines).toMatchObject([{ level: "warn", msg: "overloaded", rejected: 1 }]);
  });

  test("answers 503 to a body of the largest size, and keeps the connection", async () => {
    const load = nearlyFull(0);
    const { client } = await webhook({ overload: load.overload });
    const refused = await client.post("/mutate", " ".repeat(BODY_LIMIT - 1));
    expect(refused.status).toBe(503);
    const again = await client.post("/mutate", createReview());
    expect([again.status, again.localPort]).toEqual([503, refused.localPort]);
  });

  test("answers without Retry-After once MAX_RETRIES are reserved", async () => {
    const load = nearlyFull(0);
    for (let count = 0; count < MAX_RETRIES; count++) load.admit();
    const { client } = await webhook({ overload: load.overload });
    const { status, headers } = await client.post("/mutate", createReview());
    expect(status).toBe(503);
    expect(headers).not.toHaveProperty("retry-after");
  });

  test("answers 503 over an incomplete index without Retry-After, too", async () => {
    const { client } = await webhook({ overload: withoutRetries().overload, index: new MemoryImageIndex() });
    const { status, headers, text } = await client.post("/mutate", createReview());
    expect(status).toBe(503);
    expect(text).not.toContain("overloaded");
    expect(headers).not.toHaveProperty("retry-after");
  });

  test("answers 503 while the event loop lags", async () => {
    const load = new Load();
    const { client } = await webhook({ overload: load.overload });
    load.lag = 1_000;
    expect((await client.post("/mutate", createReview())).status).toBe(503);
    load.lag = 0;
    expect((await client.post("/mutate", createReview())).status).toBe(200);
  });

  test("frees the place of each review, whatever its status: one place is enough for a sequence", async () => {
    const load = nearlyFull(1);
    const { client } = await webhook({ overload: load.overload });
    for (const body of [JSON.stringify(createReview()), "", "no JSON", "{}", " ".repeat(BODY_LIMIT + 1)]) {
      expect([200, 400, 413]).toContain((await client.post("/mutate", body)).status);
      await condition("its place is free", () => load.overload.underWay === MAX_REVIEWS - 1);
    }
    expect(load.overload.counts).toEqual({ rejected: 0, rejectedWithoutRetry: 0, evicted: 0, canceled: 0 });
  });

  test("frees the place of a review whose caller goes away within the body, and logs it", async () => {
    const load = new Load();
    const { client, logged } = await webhook({ overload: load.overload });
    const headers = { ...JSON_HEADERS, "content-length": 1_000, expect: "100-continue" };
    const { request, answer } = client.open({ path: "/mutate", headers });
    const unanswered = expect(answer).rejects.toThrow();
    request.flushHeaders();
    await once(request, "continue");
    request.write("{");
    expect(load.overload.underWay).toBe(1);
    request.destroy();
    await unanswered;
    await condition("the place is free", () => load.overload.underWay === 0);
    expect(load.overload.counts.canceled).toBe(1);
    await condition("the log says so", () => logged.lines.length > 0);
    expect(logged.lines).toMatchObject([{ msg: "the caller went away before its review had arrived" }]);
  });

  test("answers a slow body 408 where another review needs its place", async () => {
    const load = nearlyFull(1);
    const served = await webhook({ overload: load.overload });
    const headers = { ...JSON_HEADERS, "content-length": 1_000, expect: "100-continue" };
    const { request, answer } = served.client.open({ path: "/mutate", headers });
    request.flushHeaders();
    await once(request, "continue");
    load.time += SLOW_CLIENT;
    load.overload.leave(load.place(), true);
    expect(await answer).toMatchObject({ status: 408, headers: { connection: "close" } });
    // Drops the late body: the review is already answered.
    request.on("error", () => undefined);
    request.end(JSON.stringify(createReview()).slice(0, 1_000));
    expect(served.logged.saying("review")).toEqual([]);
    expect(responseOf((await served.client.post("/mutate", createReview())).text)["allowed"]).toBe(true);
  });

  test("is never overloaded without a port: replay may ask any number of reviews", async () => {
    const admission = { index: new MemoryImageIndex(), decide: decider(DEFAULT_POLICY), log: new LogLines().log };
    const server = admissionServer(admission, undefined, { clock: elapsing() });
    const ask = (): Promise<{ body: string }> =>
      server.inject({ method: "POST", url: "/mutate", headers: JSON_HEADERS, payload: JSON.stringify(createReview()) });
    for (let count = 0; count < MAX_REVIEWS; count++) await ask();
    expect((await ask()).body).not.toContain("overloaded");
    await server.close();
  });
});
