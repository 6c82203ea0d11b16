import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Connections } from "../../src/server/connections.ts";
import { listen } from "../../src/server/listen.ts";
import { opsServer } from "../../src/server/ops-server.ts";
import { Overload } from "../../src/server/overload.ts";
import { createReview, responseOf } from "../support/admission-review.ts";
import { condition } from "../support/condition.ts";
import { tcpConnection, tlsConnection } from "../support/raw-connection.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

/** An answer of this many bytes does not fit the buffers between a server and a client that does not read. */
const LARGE = 6 * 1024 * 1024;

/** A review whose answer is as long as its uid, which is never cut. */
function largeReview(): string {
  const body = JSON.stringify(createReview({ uid: "x".repeat(LARGE) }));
  return `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** A TLS connection that sends a text and reads nothing. */
async function unread(served: Webhook, text: string): Promise<Socket> {
  const socket = await tlsConnection(served);
  socket.pause();
  socket.write(text);
  return socket;
}

/** Overload with a clock that the test sets. */
function bounds(limits: { maxReviews?: number; maxBytes?: number }): {
  overload: Overload;
  pass: (ms: number) => void;
} {
  let time = 0;
  return {
    overload: new Overload({ monotonic: () => time, lag: () => 0, ...limits }),
    pass: (milliseconds) => {
      time += milliseconds;
    },
  };
}

async function expectReview({ client }: Webhook): Promise<void> {
  const answer = await client.post("/mutate", createReview());
  expect([answer.status, answer.status === 200 && responseOf(answer.text)["allowed"]]).toEqual([200, true]);
}

describe("an answer that its client does not read", () => {
  test("takes no place of a review: a third client is answered with two places", async () => {
    const { overload } = bounds({ maxReviews: 2 });
    const served = await webhook({ overload });
    for (const count of [1, 2, 3]) {
      await unread(served, largeReview());
      await condition("one more answer waits", () => overload.underWay === 0 && overload.bytes >= count * LARGE);
    }
    expect(overload.underWay).toBe(0);
    await expectReview(served);
  });

  test("counts by its bytes until its connection ends", async () => {
    const { overload } = bounds({});
    const served = await webhook({ overload });
    const socket = await unread(served, largeReview());
    await condition("the answer waits", () => overload.underWay === 0 && overload.bytes > LARGE);
    socket.destroy();
    await condition("its bytes are free", () => overload.bytes === 0);
    expect(overload.counts.canceled).toBe(1);
  });

  test("is ended once its client is slow and a review needs the bytes", async () => {
    const { overload, pass } = bounds({ maxBytes: LARGE + 100_000 });
    const served = await webhook({ overload });
    const socket = await unread(served, largeReview());
    await condition("the answer waits", () => overload.underWay === 0 && overload.bytes > LARGE);
    expect((await served.client.post("/mutate", createReview({ uid: "x".repeat(200_000) }))).status).toBe(503);
    pass(1_000);
    expect((await served.client.post("/mutate", createReview({ uid: "x".repeat(200_000) }))).status).toBe(200);
    expect(overload.counts.evicted).toBe(1);
    socket.resume();
    await once(socket, "close");
  });

  test("has its connection closed after CONNECTION_TIMEOUT without progress", async () => {
    const { overload } = bounds({});
    const served = await webhook({
      overload,
      prepare: ({ server }) => {
        server.setTimeout(50);
      },
    });
    await unread(served, largeReview());
    await condition("the answer waits", () => overload.bytes > LARGE);
    await condition("the connection is ended", () => overload.bytes === 0);
    await expectReview(served);
  });

  test("frees its bytes when its connection ends, also with pipelined answers", async () => {
    const { overload } = bounds({ maxReviews: 10 });
    const served = await webhook({ overload });
    const body = JSON.stringify(createReview());
    const small = `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = await unread(served, largeReview() + small.repeat(3));
    await condition("all answers wait", () => overload.bytes > LARGE + 3 * 300);
    socket.destroy();
    await condition("their bytes are free", () => overload.bytes === 0);
    expect(overload.underWay).toBe(0);
  });
});

describe("a scrape that its client does not read", () => {
  test("blocks no probe: the connection with the oldest request is closed", async () => {
    const text = (): Promise<string> => Promise.resolve("x".repeat(LARGE));
    const server = opsServer(() => [], { contentType: "text/plain", text });
    const connections = new Connections(server.server, 4);
    const port = await listen(server, { host: "127.0.0.1", port: 0 });
    onTestFinished(() => server.close());
    for (let count = 0; count < 6; count++) {
      const socket = await tcpConnection(port);
      socket.pause();
      socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(server.server, "request");
    }
    expect(connections.count).toBe(3);
    const probe = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(probe.status).toBe(200);
    expect(connections.count).toBeLessThanOrEqual(4);
  });
});
