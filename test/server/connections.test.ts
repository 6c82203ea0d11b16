import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { describe, expect, it } from "vitest";
import { Connections } from "../../src/server/connections.ts";
import { MAX_PIPELINED } from "../../src/server/limits.ts";

/** A TCP connection that records whether it is destroyed. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort: number;
  destroyed = false;

  constructor(remotePort: number) {
    super();
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

/** An answer that is written, and sent, when the test says so. */
class FakeResponse extends EventEmitter {
  writableEnded = false;

  send(): void {
    this.writableEnded = true;
    this.emit("close");
  }

  destroy(): void {
    this.emit("close");
  }
}

/** A server that gets connections and requests when the test says so. */
function fakeServer(most: number): {
  readonly connections: Connections;
  readonly connect: () => FakeSocket;
  readonly ask: (socket: FakeSocket) => FakeResponse;
} {
  const server = new EventEmitter();
  const connections = new Connections(server as unknown as Server, most);
  let port = 1_000;
  return {
    connections,
    connect: () => {
      const socket = new FakeSocket(port++);
      server.emit("connection", socket);
      return socket;
    },
    ask: (socket) => {
      const response = new FakeResponse();
      server.emit("request", { socket }, response);
      return response;
    },
  };
}

/** A new connection that sent one request and has its answer. */
function connected(connect: () => FakeSocket, ask: (socket: FakeSocket) => FakeResponse): FakeSocket {
  const socket = connect();
  ask(socket).send();
  return socket;
}

describe("a connection", () => {
  it("is idle once the answer of its request is sent", () => {
    const { connections, connect, ask } = fakeServer(10);
    const socket = connect();
    const answer = ask(socket);
    connections.cutIdle();
    expect(socket.destroyed).toBe(false);
    answer.send();
    connections.cutIdle();
    expect(socket.destroyed).toBe(true);
    expect(connections.count).toBe(0);
  });

  it("with more than MAX_PIPELINED requests under way is closed", () => {
    const { connections, connect, ask } = fakeServer(10);
    const [patient, hasty] = [connect(), connect()];
    for (let count = 0; count < MAX_PIPELINED; count++) ask(hasty);
    const first = ask(patient);
    for (let count = 1; count < 2 * MAX_PIPELINED; count++) ask(patient).send();
    expect([patient.destroyed, hasty.destroyed]).toEqual([false, false]);
    ask(hasty);
    expect([patient.destroyed, hasty.destroyed]).toEqual([false, true]);
    expect(connections.count).toBe(1);
    first.send();
  });

  it("that is closed destroys all its answers, also those that wait for their turn", () => {
    const { connect, ask } = fakeServer(10);
    const socket = connect();
    let closed = 0;
    for (const response of [ask(socket), ask(socket)]) response.on("close", () => closed++);
    socket.destroy();
    expect(closed).toBe(2);
  });

  it("without a request is replaced where all places are taken, the oldest first; used ones stay", () => {
    const { connections, connect, ask } = fakeServer(8);
    const asked = Array.from({ length: 6 }, () => connected(connect, ask));
    const silent = Array.from({ length: 5 }, () => connect());
    expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, true, true, false, false]);
    expect(asked.some(({ destroyed }) => destroyed)).toBe(false);
    expect(connections.count).toBe(8);
  });

  it("used beyond three quarters of the places replaces the one that is idle for longest", () => {
    const { connect, ask } = fakeServer(4);
    const first = connect();
    const answerFirst = ask(first);
    const [second, third] = [connected(connect, ask), connected(connect, ask)];
    ask(second).send();
    const ended = (): readonly boolean[] => [first, second, third].map(({ destroyed }) => destroyed);
    ask(connect()).send();
    expect(ended()).toEqual([false, false, true]);
    answerFirst.send();
    ask(connect()).send();
    expect(ended()).toEqual([true, false, true]);
  });

  it("with many requests stays where others sent one, even if more recently", () => {
    const { connect, ask } = fakeServer(4);
    const often = connected(connect, ask);
    ask(often).send();
    const once = Array.from({ length: 5 }, () => connected(connect, ask));
    expect(often.destroyed).toBe(false);
    expect(once.map(({ destroyed }) => destroyed)).toEqual([true, true, true, false, false]);
  });

  it("replaces the one with the oldest request where all others do not read their answers", () => {
    const { connect, ask } = fakeServer(4);
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connect();
      ask(socket).writableEnded = true;
      return socket;
    });
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
  });

  it("with a request under way is never replaced: a new one is refused where there is no place", () => {
    const { connections, connect, ask } = fakeServer(4);
    const sockets = Array.from({ length: 4 }, connect);
    for (const socket of sockets) ask(socket);
    expect(sockets.some(({ destroyed }) => destroyed)).toBe(false);
    expect(connect().destroyed).toBe(true);
    expect(connections.count).toBe(4);
  });

  it("may have any free place before its first request", () => {
    const { connections, connect, ask } = fakeServer(8);
    const silent = Array.from({ length: 8 }, () => connect());
    expect(silent.some(({ destroyed }) => destroyed)).toBe(false);
    for (const socket of silent) ask(socket).send();
    expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, true, ...Array<boolean>(6).fill(false)]);
    expect(connections.count).toBe(6);
  });

  it("that was closed is not counted by a late request", () => {
    const { connections, connect, ask } = fakeServer(4);
    const [first] = Array.from({ length: 5 }, connect);
    if (first !== undefined) ask(first);
    expect(first?.destroyed).toBe(true);
    expect(connections.count).toBe(4);
  });
});
