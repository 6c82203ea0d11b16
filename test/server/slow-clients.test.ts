import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Connections } from "../../src/server/connections.ts";
import * as limits from "../../src/server/limits.ts";
import { createReview, responseOf } from "../support/admission-review.ts";
import { condition } from "../support/condition.ts";
import { tcpConnection, tlsConnection } from "../support/raw-connection.ts";
import { TlsClient } from "../support/tls-client.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

/** A TCP connection that sends a text, and then nothing. */
async function tcp({ port }: Webhook, text = ""): Promise<Socket> {
  const socket = await tcpConnection(port);
  socket.write(text);
  return socket;
}

/** A TLS connection that sends a text, and then nothing. */
async function tls(served: Webhook, text: string): Promise<Socket> {
  const socket = await tlsConnection(served);
  socket.write(text);
  return socket;
}

/** Expects reviews to be answered over the existing connection and over a new one. */
async function expectReviews(served: Webhook): Promise<void> {
  const stranger = new TlsClient(served.port, served.ca);
  onTestFinished(() => {
    stranger.close();
  });
  for (const client of [served.client, stranger]) {
    const { status, text } = await client.post("/mutate", createReview());
    expect(status).toBe(200);
    expect(responseOf(text)["allowed"]).toBe(true);
  }
}

/** A server with at most so many connections. */
async function limited(max: number): Promise<{ served: Webhook; connections: Connections }> {
  let made: Connections | undefined;
  const served = await webhook({
    prepare: ({ server }) => {
      made = new Connections(server, max);
    },
  });
  if (made === undefined) throw new Error("prepare was not called");
  return { served, connections: made };
}

const HEADERS = "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

describe("clients that hold connections", () => {
  test.each([
    ["idle connections", (served: Webhook) => tcp(served)],
    ["handshakes that are never finished", (served: Webhook) => tcp(served, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc")],
  ])("with 1,000 %s block no caller and get no more than the limit", async (_, open) => {
    const { served, connections } = await limited(500);
    await expectReviews(served);
    await Promise.all(Array.from({ length: 1_000 }, () => open(served)));
    await condition("all places are taken", () => connections.count === 500);
    await expectReviews(served);
    expect(connections.count).toBe(500);
  });

  test("with slow headers and slow bodies block no caller", async () => {
    const { served, connections } = await limited(limits.MAX_CONNECTIONS);
    await expectReviews(served);
    await Promise.all(Array.from({ length: 50 }, () => tls(served, "POST /mutate HT")));
    await Promise.all(Array.from({ length: 10 }, () => tls(served, `${HEADERS}Content-Length: 1000000\r\n\r\n{`)));
    await condition("the server has them", () => connections.count >= 60);
    await expectReviews(served);
  });

  test("without a request replace each other, and no connection that was used", async () => {
    const { served, connections } = await limited(4);
    const before = (await served.client.post("/mutate", createReview())).localPort;
    const silent = await Promise.all([1, 2, 3].map(() => tcp(served)));
    for (const socket of silent) {
      const ended = once(socket, "close");
      await tcp(served);
      await ended;
    }
    const stranger = new TlsClient(served.port, served.ca);
    onTestFinished(() => {
      stranger.close();
    });
    expect((await stranger.post("/mutate", createReview())).status).toBe(200);
    expect((await served.client.post("/mutate", createReview())).localPort).toBe(before);
    expect(connections.count).toBeLessThanOrEqual(4);
  });
});

describe("a closed connection", () => {
  test("is no longer counted", async () => {
    const { served, connections } = await limited(10);
    await expectReviews(served);
    const idle = await tcp(served);
    await condition("the server has it", () => connections.count === 3);
    idle.destroy();
    await condition("the server has lost it", () => connections.count === 2);
  });

  test("half-closed by its client within a body is closed by the server", async () => {
    const { served, connections } = await limited(10);
    const half = await tls(served, `${HEADERS}Content-Length: 1000\r\n\r\n{`);
    await condition("the server has it", () => connections.count === 1);
    half.end();
    await condition("the server has lost it", () => connections.count === 0);
  });
});

describe("the time-outs of a request", () => {
  /** A server with times that a test can wait for. */
  async function impatient(): Promise<Webhook> {
    return webhook({
      prepare: ({ server }) => {
        server.headersTimeout = 50;
        server.requestTimeout = 100;
      },
    });
  }

  test("are all set on the server", async () => {
    const { server } = await webhook();
    expect(server.server).toMatchObject({
      headersTimeout: limits.HEADERS_TIMEOUT,
      requestTimeout: limits.REQUEST_TIMEOUT,
      timeout: limits.CONNECTION_TIMEOUT,
      keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT,
    });
    // A private field of Node.
    const symbol = Object.getOwnPropertySymbols(server.server).find(({ description }) =>
      /^handshake.?timeout$/i.test(description ?? ""),
    );
    expect((server.server as unknown as Record<symbol, unknown>)[symbol ?? Symbol.iterator]).toBe(
      limits.HANDSHAKE_TIMEOUT,
    );
  });

  test.each([
    ["no headers", ""],
    ["half its headers", "POST /mutate HTTP/1.1\r\nHo"],
    ["half its body", `${HEADERS}Content-Length: 1000\r\n\r\n{`],
  ])("close a connection with %s", async (_, text) => {
    const served = await impatient();
    const socket = await tls(served, text);
    socket.resume();
    await once(socket, "close");
  });
});
