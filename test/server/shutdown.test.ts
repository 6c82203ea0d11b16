import { connect as connectTcp, createServer } from "node:net";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { expect, describe, onTestFinished, test } from "vitest";
import { SYSTEM_TIMING } from "../../src/common/timing.ts";
import { Connections } from "../../src/server/connections.ts";
import { MAX_WAIT_FOR_QUIET, QUIET_PERIOD } from "../../src/server/limits.ts";
import { closeServers, Drain } from "../../src/server/shutdown.ts";
import { createReview, responseOf } from "../support/admission-review.ts";
import { condition } from "../support/condition.ts";
import { JSON_HEADERS } from "../support/tls-client.ts";
import { webhook } from "../support/webhook.ts";

/** A clock that advances only by delays, and records them. Calls `during` at the end of each delay. */
class WaitingClock {
  time = 0;
  readonly waits: number[] = [];
  during: () => void = () => undefined;

  readonly monotonic = (): number => this.time;
  readonly delay = (milliseconds: number): Promise<void> => {
    this.waits.push(milliseconds);
    this.time += milliseconds;
    this.during();
    return Promise.resolve();
  };
}

describe("a drain", () => {
  test("lasts for the delay where no request came lately", async () => {
    const clock = new WaitingClock();
    const drain = new Drain(clock);
    drain.noteRequest();
    await drain.run(10_000);
    expect(clock.waits).toEqual([10_000]);
  });

  test("ends at once without a delay and without requests", async () => {
    const clock = new WaitingClock();
    await new Drain(clock).run(0);
    expect(clock.waits).toEqual([]);
  });

  test("lasts until no request came for QUIET_PERIOD", async () => {
    const clock = new WaitingClock();
    const drain = new Drain(clock);
    clock.during = () => {
      // One request comes at the end of the delay.
      if (clock.time === 500) drain.noteRequest();
    };
    await drain.run(500);
    expect(clock.waits).toEqual([500, QUIET_PERIOD]);
  });

  test("ends after MAX_WAIT_FOR_QUIET where requests go on", async () => {
    const clock = new WaitingClock();
    const drain = new Drain(clock);
    clock.during = () => {
      drain.noteRequest();
    };
    await drain.run(500);
    expect(clock.time).toBe(500 + MAX_WAIT_FOR_QUIET);
  });

  test("is draining from the start of the delay", () => {
    const drain = new Drain(new WaitingClock());
    expect(drain.isDraining).toBe(false);
    void drain.run(10_000);
    expect(drain.isDraining).toBe(true);
  });
});

test("a delay ends after the data that arrived meanwhile is read, although the event loop is late", async () => {
  let hasArrived = false;
  const server = createServer((socket) => {
    socket.on("data", () => {
      hasArrived = true;
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connectTcp((server.address() as { port: number }).port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  await Promise.all([once(socket, "connect"), once(server, "connection")]);
  const delayed = SYSTEM_TIMING.delay(5);
  socket.write("x");
  const end = performance.now() + 20;
  while (performance.now() < end);
  await delayed;
  expect(hasArrived).toBe(true);
});

describe("a draining server", () => {
  test("answers over an old connection and over a new one, and closes both", async () => {
    const drain = new Drain(new WaitingClock());
    const { client } = await webhook({ drain });
    const before = await client.post("/mutate", createReview());
    expect(before.headers.connection).toBe("keep-alive");
    drain.start();
    const late = await client.post("/mutate", createReview());
    expect(late.localPort).toBe(before.localPort);
    const anew = await client.post("/mutate", createReview());
    expect(anew.localPort).not.toBe(before.localPort);
    for (const { status, headers, text } of [late, anew]) {
      expect(status).toBe(200);
      expect(headers.connection).toBe("close");
      expect(responseOf(text)["allowed"]).toBe(true);
    }
  });

  test("counts any request against the quiet period", async () => {
    const clock = new WaitingClock();
    const drain = new Drain(clock);
    const { client } = await webhook({ drain });
    await client.ask({ method: "GET", path: "/nowhere" });
    await drain.run(0);
    expect(clock.waits).toEqual([QUIET_PERIOD]);
  });
});

describe("closing idle connections", () => {
  const CONNECTIONS = 20;

  test("answers requests that arrive on them at the last moment", async () => {
    const drain = new Drain(new WaitingClock());
    let connections: Connections | undefined;
    const { server, port, ca } = await webhook({
      drain,
      prepare: ({ server }) => {
        connections = new Connections(server, 100);
      },
    });
    if (connections === undefined) throw new Error("prepare was not called");
    const agent = new Agent({ ca, keepAlive: true });
    onTestFinished(() => {
      agent.destroy();
    });
    const askOverAll = (): Promise<readonly (readonly [number | undefined, boolean])[]> =>
      Promise.all(Array.from({ length: CONNECTIONS }, () => askOnce(agent, port)));
    expect(await askOverAll()).toEqual(Array.from({ length: CONNECTIONS }, () => [200, false]));
    await condition("all are idle", () => Object.values(agent.freeSockets).flat().length === CONNECTIONS);
    drain.start();
    const answers = askOverAll();
    await closeServers([{ server, connections }]);
    expect(await answers).toEqual(Array.from({ length: CONNECTIONS }, () => [200, true]));
  });
});

/** The status, and whether it came over an old connection. */
async function askOnce(agent: Agent, port: number): Promise<readonly [number | undefined, boolean]> {
  const asked = request({ agent, host: "127.0.0.1", port, method: "POST", path: "/mutate", headers: JSON_HEADERS });
  asked.end(JSON.stringify(createReview()));
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  await text(response);
  return [response.statusCode, asked.reusedSocket];
}

describe("closing the servers", () => {
  const SOON = 20;
  const NEVER = 3_600_000;

  test("does not wait for connections without a request or without a complete handshake", async () => {
    const { server, port } = await webhook();
    const connections = new Connections(server.server, 10);
    const socket = connectTcp(port, "127.0.0.1");
    const ended = once(socket, "close");
    await condition("the server has the connection", () => connections.count === 1);
    expect(await closeServers([{ server, connections }], { cutIdle: SOON, cutAll: NEVER })).toBe(0);
    await ended;
  });

  test("waits for a review under way", async () => {
    const { server, client } = await webhook();
    const connections = new Connections(server.server, 10);
    const { request, answer } = client.open({ path: "/mutate", headers: { ...JSON_HEADERS, expect: "100-continue" } });
    request.flushHeaders();
    await once(request, "continue");
    const other = connectTcp((server.server.address() as { port: number }).port, "127.0.0.1");
    const otherEnded = once(other, "close");
    await condition("the server has both connections", () => connections.count === 2);
    const closed = closeServers([{ server, connections }], { cutIdle: SOON, cutAll: NEVER });
    // The idle connections are cut by now.
    await otherEnded;
    request.end(JSON.stringify(createReview()));
    expect((await answer).headers.connection).toBe("close");
    expect(await closed).toBe(0);
  });

  test("cuts a review that exceeds the deadline, and counts it", async () => {
    const { server, client } = await webhook();
    const connections = new Connections(server.server, 10);
    const { request, answer } = client.open({ path: "/mutate", headers: { ...JSON_HEADERS, expect: "100-continue" } });
    const unanswered = expect(answer).rejects.toThrow();
    request.flushHeaders();
    await once(request, "continue");
    expect(await closeServers([{ server, connections }], { cutIdle: SOON, cutAll: 2 * SOON })).toBe(1);
    await unanswered;
  });

  test("frees the port", async () => {
    const { server, port } = await webhook();
    await closeServers([{ server, connections: new Connections(server.server, 10) }]);
    const next = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => {
      next.close();
    });
    await once(next, "listening");
  });
});
