import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { type BodySink, DirectRequest } from "../../src/server/direct-request.ts";
import { condition } from "../support/condition.ts";

type Listener = (request: DirectRequest, response: ServerResponse) => void;

/** A connection to a server that makes its requests directly. */
async function connection(listener: Listener): Promise<Socket> {
  const server = createServer({ IncomingMessage: DirectRequest }, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, "connect");
  return socket;
}

/** What a sink was given. */
class Given implements BodySink {
  readonly chunks: string[] = [];
  isOver = false;

  chunk(bytes: Buffer): void {
    this.chunks.push(bytes.toString("utf8"));
  }

  end(): void {
    this.isOver = true;
  }
}

const post = (length: number): string => `POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${length}\r\n\r\n`;

/** All that came until the test says that it is enough. */
async function received(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  let all = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    all += chunk;
  });
  await condition("enough was received", () => isEnough(all));
  return all;
}

describe("a direct request", () => {
  test("gives its reader each chunk when it arrives, and the end, once", async () => {
    const given = new Given();
    const socket = await connection((request) => {
      request.sendBodyTo(given);
    });
    socket.write(`${post(6)}ab`);
    await condition("the first chunk is here", () => given.chunks.length === 1);
    socket.write("cd");
    await condition("the second chunk is here", () => given.chunks.length === 2);
    expect(given.isOver).toBe(false);
    socket.write("ef");
    await condition("all is here", () => given.isOver);
    expect(given.chunks).toEqual(["ab", "cd", "ef"]);
  });

  test("is a stream as ever where nobody takes its body", async () => {
    let body = "";
    const socket = await connection((request, response) => {
      void text(request).then((all) => {
        body = all;
        response.end("over");
      });
    });
    socket.write(`${post(4)}abcd`);
    await received(socket, (all) => all.includes("over"));
    expect(body).toBe("abcd");
  });

  test("makes room for the next one on its connection, also where it was answered before its body was here", async () => {
    const given: Given[] = [];
    const socket = await connection((request, response) => {
      const sink = new Given();
      given.push(sink);
      request.sendBodyTo(sink);
      response.end(`answer ${given.length}.`);
    });
    socket.write(`${post(4)}ab`);
    await condition("the first is answered", () => given[0]?.chunks.length === 1);
    socket.write(`cd${post(2)}ef${post(2)}gh`);
    await received(socket, (all) => all.includes("answer 3."));
    expect(given.map(({ chunks, isOver }) => [chunks.join(""), isOver])).toEqual([
      ["abcd", true],
      ["ef", true],
      ["gh", true],
    ]);
  });

  test("tells of no end where the connection breaks, and its answer closes", async () => {
    const given = new Given();
    let closed = false;
    const socket = await connection((request: IncomingMessage, response) => {
      if (request instanceof DirectRequest) request.sendBodyTo(given);
      response.on("close", () => {
        closed = true;
      });
    });
    socket.write(`${post(4)}ab`);
    await condition("the first chunk is here", () => given.chunks.length === 1);
    socket.destroy();
    await condition("the answer is closed", () => closed);
    expect(given.isOver).toBe(false);
  });
});
