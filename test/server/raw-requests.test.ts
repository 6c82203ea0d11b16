import type { FastifyInstance } from "fastify";
import { once } from "node:events";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Connections } from "../../src/server/connections.ts";
import { BODY_LIMIT } from "../../src/server/limits.ts";
import { createReview, responseOf, UID, virtualMachine } from "../support/admission-review.ts";
import { condition } from "../support/condition.ts";
import { patientOverload } from "../support/patient-overload.ts";
import { tlsConnection } from "../support/raw-connection.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

const REVIEW = JSON.stringify(createReview());
const JSON_TYPE = "Content-Type: application/json";

/** Sends one request as bytes and closes the connection after it. Returns the whole response, "" without one. */
async function raw(served: Webhook, headers: readonly string[], body: string | Buffer): Promise<string> {
  const socket = await tlsConnection(served);
  const head = `POST /mutate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers.join("\r\n")}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), Buffer.from(body)]));
  return text(socket);
}

function length(body: string | Buffer): string {
  return `Content-Length: ${Buffer.byteLength(body)}`;
}

function statusOf(response: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1]);
}

function bodyOf(response: string): string {
  return response.slice(response.indexOf("\r\n\r\n") + "\r\n\r\n".length);
}

/** The server still answers a good review. */
async function expectGoodReview({ client }: Webhook): Promise<void> {
  expect(responseOf((await client.post("/mutate", createReview())).text)).toMatchObject({ uid: UID, allowed: true });
}

/** The text in chunks of so many bytes. */
function chunked(body: string, size: number): string {
  let sent = "";
  for (let from = 0; from < body.length; from += size) {
    const part = body.slice(from, from + size);
    sent += `${part.length.toString(16)}\r\n${part}\r\n`;
  }
  return `${sent}0\r\n\r\n`;
}

describe("a body on the wire", () => {
  test("in chunks is read", async () => {
    const response = await raw(await webhook(), [JSON_TYPE, "Transfer-Encoding: chunked"], chunked(REVIEW, 7));
    expect(statusOf(response)).toBe(200);
    expect(responseOf(bodyOf(response))).toMatchObject({ uid: UID, allowed: true });
  });

  test.each([
    ["in chunks", { "transfer-encoding": "chunked" }],
    ["of an announced length", { "content-length": BODY_LIMIT + 1 }],
  ])("%s beyond the limit is answered 413 while it arrives, and the connection stays open", async (_, headers) => {
    const served = await webhook();
    const { request, answer } = served.client.open({
      path: "/mutate",
      headers: { "content-type": "application/json", ...headers },
    });
    request.end(" ".repeat(BODY_LIMIT + 1));
    const { status, text: why, localPort } = await answer;
    expect([status, why]).toEqual([413, `the body is too large: more than ${BODY_LIMIT} bytes\n`]);
    expect((await served.client.post("/mutate", createReview())).localPort).toBe(localPort);
  });

  test.each([
    ["gzip-encoded", [JSON_TYPE, "Content-Encoding: gzip"], gzipSync(REVIEW), /^400 the body is no JSON: /],
    ["of another media type", ["Content-Type: application/yaml"], REVIEW, /^415 the media type of the body is app/],
    ["of a media type that is none", ["Content-Type: ;"], REVIEW, /^415 the media type of the body is ;/],
    ["of no media type", [], REVIEW, /^415 the media type of the body is not said/],
  ])("%s is refused in one line", async (_, headers, body, expected) => {
    const served = await webhook();
    const response = await raw(served, [...headers, length(body)], body);
    expect(`${statusOf(response)} ${bodyOf(response)}`).toMatch(expected);
    expect(bodyOf(response)).toMatch(/^[^\p{Cc}]+\n$/u);
    await expectGoodReview(served);
  });

  test("with invalid UTF-8 is refused as no JSON", async () => {
    const body = Buffer.from(REVIEW.replace('"dev-user"', '"dev-*"'));
    body[body.indexOf("*")] = 0xff;
    const served = await webhook();
    const response = await raw(served, [JSON_TYPE, length(body)], body);
    expect(`${statusOf(response)} ${bodyOf(response)}`).toMatch(/^400 the body is no JSON: .*utf-8/i);
    await expectGoodReview(served);
  });

  test("with two lengths is answered 400, and nothing is decided", async () => {
    const served = await webhook();
    const response = await raw(served, [JSON_TYPE, "Content-Length: 5", length(REVIEW)], REVIEW);
    expect(statusOf(response)).toBe(400);
    expect(served.logged.saying("review")).toEqual([]);
    await expectGoodReview(served);
  });

  test("cut off by its client is logged, and nothing is decided", async () => {
    const served = await webhook();
    const socket = await tlsConnection(served);
    const arriving = once(served.server.server, "request");
    socket.write(
      `POST /mutate HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}\r\n${length(REVIEW)}\r\n\r\n${REVIEW.slice(0, 100)}`,
    );
    await arriving;
    socket.destroy();
    await condition("the log says so", () => served.logged.lines.length > 0);
    await expectGoodReview(served);
    expect(served.logged.lines.map(({ msg }) => msg)).toEqual([
      "the caller went away before its review had arrived",
      "review",
    ]);
  });
});

describe("memory that a hostile client can take", () => {
  test("a body in chunks of one byte takes no more than its length", async () => {
    const { server } = await webhook();
    const payload = Readable.from(bytesOf(REVIEW));
    const answer = await server.inject({
      method: "POST",
      url: "/mutate",
      headers: { "content-type": "application/json" },
      payload,
    });
    expect(responseOf(answer.body)).toMatchObject({ uid: UID, allowed: true });
  });

  test("a parsed body is released when its answer is written, read or not", async () => {
    const bodies: unknown[] = [];
    const { client } = await webhook({
      prepare: (server) => {
        server.addHook("onResponse", (request, _reply, done) => {
          bodies.push(request.body);
          done();
        });
      },
    });
    for (const body of [createReview(), {}]) await client.post("/mutate", body);
    await condition("both are over", () => bodies.length === 2);
    expect(bodies).toEqual([undefined, undefined]);
  });

  test("a CONNECT after reviews ends them and frees their places and bytes", async () => {
    const overload = patientOverload();
    const served = await webhook({ overload, confirm: () => new Promise(() => undefined), prepare: watch });
    const unknown = JSON.stringify(createReview({ object: virtualMachine({ imageName: "unknown" }) }));
    const post = `POST /mutate HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}\r\n${length(unknown)}\r\n\r\n${unknown}`;
    const socket = await tlsConnection(served);
    const arrived = once(served.server.server, "request");
    socket.write(`${post.repeat(4)}CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n`);
    await arrived;
    await once(socket, "close");
    await condition("all is given back", () => overload.underWay === 0 && overload.bytes === 0);
    expect(overload.counts.canceled).toBe(4);
  });
});

function watch({ server }: FastifyInstance): void {
  new Connections(server, 100);
}

function* bytesOf(text: string): Generator<Buffer> {
  for (const byte of Buffer.from(text)) yield Buffer.of(byte);
}

describe("a path that takes no reviews", () => {
  test.each([
    ["/nope", "POST", 404],
    ["/%zz", "POST", 400],
    ["/mutate", "PUT", 405],
  ])("%s answers %s before the body is read", async (path, method, status) => {
    const served = await webhook();
    const { request, answer } = served.client.open({
      method,
      path,
      headers: { "content-type": "application/json", "content-length": 1_000 },
    });
    request.write("{");
    expect((await answer).status).toBe(status);
    request.destroy();
    await expectGoodReview(served);
  });
});
