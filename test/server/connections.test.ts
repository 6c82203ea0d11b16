import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { describe, expect, it } from "vitest";
import { Connections } from "../../src/server/connections.ts";
import { MAX_PIPELINED } from "../../src/server/limits.ts";

/** A TCP connection that says whether it was ended. */
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

/** An answer that is handed over, and sent, when a test says so. */
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

/** A server that takes connections and requests when a test says so. */
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

/** A new connection that has asked once, and has its answer. */
function connected(connect: () => FakeSocket, ask: (socket: FakeSocket) => FakeResponse): FakeSocket {
  const socket = connect();
  ask(socket).send();
  return socket;
}

describe("a connection", () => {
  it("with a request under way is not idle; it is when the answer is sent", () => {
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

  it("with more requests under way than it may have is ended", () => {
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

  it("that is gone ends its answers: those that wait for their turn would not be told", () => {
    const { connect, ask } = fakeServer(10);
    const socket = connect();
    let closed = 0;
    for (const response of [ask(socket), ask(socket)]) response.on("close", () => closed++);
    socket.destroy();
    expect(closed).toBe(2);
  });

  it("that never asked is ended for a new one where all places are taken, the oldest first; who asked stays", () => {
    const { connections, connect, ask } = fakeServer(8);
    const asked = Array.from({ length: 6 }, () => connected(connect, ask));
    const silent = Array.from({ length: 5 }, () => connect());
    expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, true, true, false, false]);
    expect(asked.some(({ destroyed }) => destroyed)).toBe(false);
    expect(connections.count).toBe(8);
  });

  it("that asks beyond three quarters ends the one that is idle for longest", () => {
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

  it("that asked often stays where others asked once, however short ago", () => {
    const { connect, ask } = fakeServer(4);
    const often = connected(connect, ask);
    ask(often).send();
    const once = Array.from({ length: 5 }, () => connected(connect, ask));
    expect(often.destroyed).toBe(false);
    expect(once.map(({ destroyed }) => destroyed)).toEqual([true, true, true, false, false]);
  });

  it("that asks where all others do not read their answers ends the one that asked longest ago", () => {
    const { connect, ask } = fakeServer(4);
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connect();
      ask(socket).writableEnded = true;
      return socket;
    });
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
  });

  it("whose request is under way is not ended for another: a new one is turned away where there is no place", () => {
    const { connections, connect, ask } = fakeServer(4);
    const sockets = Array.from({ length: 4 }, connect);
    for (const socket of sockets) ask(socket);
    expect(sockets.some(({ destroyed }) => destroyed)).toBe(false);
    expect(connect().destroyed).toBe(true);
    expect(connections.count).toBe(4);
  });

  it("may have any place that is free before it asks", () => {
    const { connections, connect, ask } = fakeServer(8);
    const silent = Array.from({ length: 8 }, () => connect());
    expect(silent.some(({ destroyed }) => destroyed)).toBe(false);
    for (const socket of silent) ask(socket).send();
    expect(silent.map(({ destroyed }) => destroyed)).toEqual([true, true, ...Array<boolean>(6).fill(false)]);
    expect(connections.count).toBe(6);
  });

  it("that was ended asks in vain", () => {
    const { connections, connect, ask } = fakeServer(4);
    const [first] = Array.from({ length: 5 }, connect);
    if (first !== undefined) ask(first);
    expect(first?.destroyed).toBe(true);
    expect(connections.count).toBe(4);
  });
});
