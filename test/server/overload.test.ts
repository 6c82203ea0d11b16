import { once } from "node:events";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { admissionServer } from "../../src/server/admission-server.ts";
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

/** With a clock and a lag that a test sets. */
class Load {
  time = 1_000_000;
  lag = 0;
  readonly overload = new Overload({ now: () => this.time, lag: () => this.lag });
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

  /** All places, with their bodies here. */
  fill(): readonly InFlight[] {
    const places = Array.from({ length: MAX_REVIEWS }, () => this.place());
    for (const place of places) this.overload.arrived(place);
    return places;
  }
}

describe("T16: reviews under way", () => {
  test("are bounded: one more is shed, and each that leaves makes room for one", () => {
    const load = new Load();
    const [first] = load.fill();
    if (first === undefined) throw new Error("nobody is there");
    expect(load.admit()).toMatchObject({ is: "rejected", because: "too many reviews are under way" });
    load.overload.leave(first, true);
    expect(load.admit().is).toBe("admitted");
    expect(load.admit().is).toBe("rejected");
    expect(load.overload.underWay).toBe(MAX_REVIEWS);
  });

  test("leave once, however often they are said to", () => {
    const load = new Load();
    const [first] = load.fill();
    if (first === undefined) throw new Error("nobody is there");
    load.overload.leave(first, true);
    load.overload.leave(first, false);
    expect(load.overload.underWay).toBe(MAX_REVIEWS - 1);
    expect(load.overload.counts.canceled).toBe(0);
  });

  test("are bounded in bytes, too", () => {
    const load = new Load();
    const most = Math.floor(MAX_REVIEW_BYTES / BODY_LIMIT);
    const first = load.place(BODY_LIMIT);
    for (let count = 1; count < most; count++) load.place(BODY_LIMIT);
    expect(load.admit(BODY_LIMIT).is).toBe("rejected");
    expect(load.admit(1_000).is).toBe("admitted");
    load.overload.leave(first, true);
    expect(load.admit(BODY_LIMIT - 1_000).is).toBe("admitted");
  });

  test("whose caller went away are counted", () => {
    const load = new Load();
    load.overload.leave(load.place(), false);
    load.overload.leave(load.place(), true);
    expect(load.overload.counts.canceled).toBe(1);
  });
});

describe("T14: a slow body", () => {
  test("gives way where there is no room, the oldest first", () => {
    const load = new Load();
    for (let count = 0; count < MAX_REVIEWS; count++) load.place(1_000, `slow ${count}`);
    load.time += SLOW_CLIENT;
    expect(load.admit().is).toBe("admitted");
    expect(load.admit().is).toBe("admitted");
    expect(load.evicted).toEqual(["slow 0 arriving", "slow 1 arriving"]);
    expect(load.overload.counts.gaveWay).toBe(2);
    expect(load.overload.underWay).toBe(MAX_REVIEWS);
  });

  test("gives way in its turn, whoever arrived or left in between", () => {
    const load = new Load();
    const guests = Array.from({ length: MAX_REVIEWS }, (_, count) => load.place(1_000, `slow ${count}`));
    const [, second, , fourth] = guests;
    if (second === undefined || fourth === undefined) throw new Error("nobody is there");
    for (const guest of guests.slice(6)) load.overload.arrived(guest);
    load.overload.arrived(second);
    load.overload.arrived(second);
    load.overload.leave(second, true);
    load.overload.leave(fourth, true);
    load.time += SLOW_CLIENT;
    for (let count = 0; count < 6; count++) expect(load.admit().is).toBe("admitted");
    expect(load.evicted).toEqual(["slow 0 arriving", "slow 2 arriving", "slow 4 arriving", "slow 5 arriving"]);
    expect(load.admit().is).toBe("rejected");
  });

  test("keeps its place while there is room", () => {
    const load = new Load();
    load.place();
    load.time += 10 * SLOW_CLIENT;
    load.place();
    expect(load.evicted).toEqual([]);
  });

  test("is none before its time, nor once it is here: then the new one is shed", () => {
    const load = new Load();
    const young = Array.from({ length: MAX_REVIEWS }, () => load.place());
    load.time += SLOW_CLIENT - 1;
    expect(load.admit().is).toBe("rejected");
    for (const guest of young) load.overload.arrived(guest);
    load.time += SLOW_CLIENT;
    expect(load.admit().is).toBe("rejected");
    expect(load.evicted).toEqual([]);
  });
});

describe("T16: who is shed", () => {
  test("is asked to come back, until many are held by that; a second later they are not held any more", () => {
    const load = new Load();
    load.fill();
    const shed = Array.from({ length: MAX_RETRIES + 2 }, () => load.admit() as Rejected);
    expect(shed.filter(({ mayRetry }) => mayRetry)).toHaveLength(MAX_RETRIES);
    expect(shed.slice(-2)).toMatchObject([{ mayRetry: false }, { mayRetry: false }]);
    expect(load.overload.counts).toMatchObject({ shed: MAX_RETRIES + 2, turnedAway: 2 });
    load.time += 999;
    expect(load.admit()).toMatchObject({ mayRetry: false });
    load.time += 1;
    expect(load.admit()).toMatchObject({ mayRetry: true });
  });

  test("is news once a second", () => {
    const load = new Load();
    load.fill();
    const news = (): boolean => (load.admit() as Rejected).shouldLog;
    expect([news(), news()]).toEqual([true, false]);
    load.time += 1_000;
    expect([news(), news()]).toEqual([true, false]);
  });
});

describe("T16: lag of the event loop", () => {
  test("above the limit sheds, at the limit not", () => {
    const load = new Load();
    load.lag = MAX_LAG;
    expect(load.admit().is).toBe("admitted");
    load.lag = MAX_LAG + 1;
    expect(load.admit()).toMatchObject({ is: "rejected", because: "the event loop is late", mayRetry: true });
  });

  test("of one second, once, is no overload; again and again it is, until it is over", () => {
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

  test("counts while a turn lasts: a turn of twice the limit sheds before it ends", () => {
    let time = 0;
    const lag = new EventLoopLag(() => time);
    time = LAG_INTERVAL + 2 * MAX_LAG;
    expect(lag.milliseconds).toBe(MAX_LAG);
    time++;
    expect(lag.milliseconds).toBeGreaterThan(MAX_LAG);
    lag.tick();
    expect(lag.milliseconds).toBeGreaterThan(MAX_LAG);
  });

  test("is measured while the timer runs: a blocked loop shows", async () => {
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

/** A clock on which each look is a tenth of a second later. */
function elapsing(): () => number {
  let time = 0;
  return () => (time += 100);
}

describe("T16: an overloaded server", () => {
  /** Full but for so many places. */
  function nearlyFull(free: number): Load {
    const load = new Load();
    for (const guest of load.fill().slice(0, free)) load.overload.leave(guest, true);
    return load;
  }

  /** Free, but as many callers as may be were asked to come back. */
  function heldOut(): Load {
    const load = new Load();
    while (load.overload.reserveRetry());
    return load;
  }

  test("answers 503 at once, before the body is there, and keeps the connection", async () => {
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
    expect(logged.lines).toMatchObject([{ level: "warn", msg: "overloaded", shed: 1 }]);
  });

  test("says so to a body of the largest size, too, and takes the next review over the same connection", async () => {
    const load = nearlyFull(0);
    const { client } = await webhook({ overload: load.overload });
    const refused = await client.post("/mutate", " ".repeat(BODY_LIMIT - 1));
    expect(refused.status).toBe(503);
    const again = await client.post("/mutate", createReview());
    expect([again.status, again.localPort]).toEqual([503, refused.localPort]);
  });

  test("has no Retry-After for whom it cannot hold", async () => {
    const load = nearlyFull(0);
    for (let count = 0; count < MAX_RETRIES; count++) load.admit();
    const { client } = await webhook({ overload: load.overload });
    const { status, headers } = await client.post("/mutate", createReview());
    expect(status).toBe(503);
    expect(headers).not.toHaveProperty("retry-after");
  });

  test("has none either for whom an index that is not complete cannot be held", async () => {
    const { client } = await webhook({ overload: heldOut().overload, index: new MemoryImageIndex() });
    const { status, headers, text } = await client.post("/mutate", createReview());
    expect(status).toBe(503);
    expect(text).not.toContain("overloaded");
    expect(headers).not.toHaveProperty("retry-after");
  });

  test("is one that lags, too", async () => {
    const load = new Load();
    const { client } = await webhook({ overload: load.overload });
    load.lag = 1_000;
    expect((await client.post("/mutate", createReview())).status).toBe(503);
    load.lag = 0;
    expect((await client.post("/mutate", createReview())).status).toBe(200);
  });

  test("lets each review go, whatever became of it: one place is enough for all, one after the other", async () => {
    const load = nearlyFull(1);
    const { client } = await webhook({ overload: load.overload });
    for (const body of [JSON.stringify(createReview()), "", "no JSON", "{}", " ".repeat(BODY_LIMIT + 1)]) {
      expect([200, 400, 413]).toContain((await client.post("/mutate", body)).status);
      await condition("its place is free", () => load.overload.underWay === MAX_REVIEWS - 1);
    }
    expect(load.overload.counts).toEqual({ shed: 0, turnedAway: 0, gaveWay: 0, canceled: 0 });
  });

  test("lets a review go whose caller goes away with half a body, and says so", async () => {
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

  test("tells a slow body to give way with 408, and takes the review that needs its place", async () => {
    const load = nearlyFull(1);
    const served = await webhook({ overload: load.overload });
    const headers = { ...JSON_HEADERS, "content-length": 1_000, expect: "100-continue" };
    const { request, answer } = served.client.open({ path: "/mutate", headers });
    request.flushHeaders();
    await once(request, "continue");
    load.time += SLOW_CLIENT;
    load.overload.leave(load.place(), true);
    expect(await answer).toMatchObject({ status: 408, headers: { connection: "close" } });
    // The rest of its body, if it comes at all, is not decided.
    request.on("error", () => undefined);
    request.end(JSON.stringify(createReview()).slice(0, 1_000));
    expect(served.logged.saying("review")).toEqual([]);
    expect(responseOf((await served.client.post("/mutate", createReview())).text)["allowed"]).toBe(true);
  });

  test("is none without a port: replay may ask one review after the other for ever", async () => {
    vi.spyOn(performance, "now").mockImplementation(elapsing());
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const server = admissionServer({ index: new MemoryImageIndex(), policy: DEFAULT_POLICY, log: new LogLines().log });
    const ask = (): Promise<{ body: string }> =>
      server.inject({ method: "POST", url: "/mutate", headers: JSON_HEADERS, payload: JSON.stringify(createReview()) });
    for (let count = 0; count < MAX_REVIEWS; count++) await ask();
    expect((await ask()).body).not.toContain("overloaded");
    await server.close();
  });
});
