import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../../src/server/listen.ts";
import type { ReadinessCheck } from "../../src/common/readiness.ts";
import { SYSTEM_TIMING } from "../../src/common/timing.ts";
import { opsServer, type Scrape } from "../../src/server/ops-server.ts";
import { Drain } from "../../src/server/shutdown.ts";

const OK: ReadinessCheck = { name: "images", status: "ok", text: "3 images" };
const KEPT: ReadinessCheck = { name: "certificate", status: "degraded", text: "the last good one stays" };
const STOPPING: ReadinessCheck = { name: "shutdown", status: "failed", text: "stopping" };
const SCRAPE: Scrape = { contentType: "text/plain; version=0.0.4", text: () => Promise.resolve("up 1\n") };

async function get(checks: readonly ReadinessCheck[], path: string, method = "GET"): Promise<[number, string]> {
  const server = opsServer(() => checks, SCRAPE);
  onTestFinished(() => server.close());
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  expect(response.headers.get("content-type")).toMatch(/^(text\/plain|application\/json); charset=utf-8$/);
  return [response.status, await response.text()];
}

describe("/livez", () => {
  test("is ok even while the server is not ready", async () => {
    expect(await get([STOPPING], "/livez")).toEqual([200, "ok\n"]);
  });
});

describe("/readyz", () => {
  test("is ok without details while all checks pass", async () => {
    expect(await get([OK], "/readyz")).toEqual([200, "ok\n"]);
  });

  test("?verbose names each check", async () => {
    expect(await get([OK], "/readyz?verbose")).toEqual([200, "[+]images ok: 3 images\nok\n"]);
  });

  test("names each check when one fails, with or without ?verbose", async () => {
    const told = "[+]images ok: 3 images\n[-]shutdown failed: stopping\nnot ready\n";
    expect(await get([OK, STOPPING], "/readyz")).toEqual([503, told]);
    expect(await get([OK, STOPPING], "/readyz?verbose")).toEqual([503, told]);
  });

  test("marks what is kept but broken, and stays ready", async () => {
    expect(await get([OK, KEPT], "/readyz")).toEqual([200, "ok\n"]);
    expect(await get([OK, KEPT], "/readyz?verbose")).toEqual([
      200,
      "[+]images ok: 3 images\n[!]certificate degraded: the last good one stays\nok\n",
    ]);
  });

  test.each([
    ["?format=json", {}],
    ["", { accept: "application/json" }],
    ["", { accept: "text/html, application/json;q=0.9" }],
    ["?verbose", { accept: "application/json" }],
  ])("%s with the headers %j is JSON with each check", async (query, headers) => {
    const server = opsServer(() => [OK, KEPT], SCRAPE);
    const answer = await server.inject({ url: `/readyz${query}`, headers });
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    expect(answer.json()).toEqual({ ready: true, checks: [OK, KEPT] });
  });

  test("as JSON is 503 when a check fails", async () => {
    const answer = await opsServer(() => [OK, STOPPING], SCRAPE).inject("/readyz?format=json");
    expect([answer.statusCode, answer.json()]).toEqual([503, { ready: false, checks: [OK, STOPPING] }]);
  });

  test.each([{}, { accept: "*/*" }, { accept: "text/plain" }])("is text for the headers %j", async (headers) => {
    const answer = await opsServer(() => [OK], SCRAPE).inject({ url: "/readyz", headers });
    expect([answer.headers["content-type"], answer.body]).toEqual(["text/plain; charset=utf-8", "ok\n"]);
  });

  test("evaluates its checks on each request", async () => {
    let status: ReadinessCheck["status"] = "failed";
    const server = opsServer(() => [{ name: "images", status, text: "" }], SCRAPE);
    expect((await server.inject("/readyz")).statusCode).toBe(503);
    status = "ok";
    expect((await server.inject("/readyz")).statusCode).toBe(200);
  });
});

test("/metrics returns the scrape with its content type", async () => {
  const answer = await opsServer(() => [STOPPING], SCRAPE).inject("/metrics");
  expect([answer.statusCode, answer.headers["content-type"], answer.body]).toEqual([200, SCRAPE.contentType, "up 1\n"]);
});

describe("a drain", () => {
  test.each(["/livez", "/readyz", "/metrics", "/nowhere"])(
    "closes the connection after the answer of %s",
    async (path) => {
      const drain = new Drain(SYSTEM_TIMING);
      const server = opsServer(() => [OK], SCRAPE, drain);
      onTestFinished(() => server.close());
      const port = await listen(server, { host: "127.0.0.1", port: 0 });
      const connection = async (): Promise<string | null> => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`);
        await answer.text();
        return answer.headers.get("connection");
      };
      expect(await connection()).toBe("keep-alive");
      drain.start();
      expect(await connection()).toBe("close");
    },
  );

  test("is not prolonged by probes and scrapes", async () => {
    const waits: number[] = [];
    const delay = (milliseconds: number): Promise<void> => {
      waits.push(milliseconds);
      return Promise.resolve();
    };
    const drain = new Drain({ monotonic: () => 0, delay });
    const server = opsServer(() => [OK], SCRAPE, drain);
    for (const path of ["/livez", "/readyz", "/metrics"]) await server.inject(path);
    await drain.run(0);
    expect(waits).toEqual([]);
  });
});

describe("anything else", () => {
  test.each(["/", "/mutate", "/readyz/images"])("%s is 404 and names the paths", async (path) => {
    const [status, text] = await get([OK], path);
    expect(status).toBe(404);
    expect(text).toMatch(/\/livez, \/readyz and \/metrics/);
  });

  test("a POST is 404", async () => {
    expect((await get([OK], "/readyz", "POST"))[0]).toBe(404);
  });
});
