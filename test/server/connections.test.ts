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

/** A server that takes connections and requests when a test says so. */
function fakeServer(most: number): {
  readonly connections: Connections;
  readonly connect: () => FakeSocket;
  /** Gives what ends the request. */
  readonly ask: (socket: FakeSocket) => () => void;
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
      const response = { writableEnded: false, writableFinished: false };
      server.emit("request", { socket }, response);
      return () => {
        Object.assign(response, { writableEnded: true, writableFinished: true });
      };
    },
  };
}

/** A new connection that has asked once, and has its answer. */
function connected(connect: () => FakeSocket, ask: (socket: FakeSocket) => () => void): FakeSocket {
  const socket = connect();
  ask(socket)();
  return socket;
}

describe("a connection", () => {
  it("with a request under way is not idle; it is when the answer is sent", () => {
    const { connections, connect, ask } = fakeServer(10);
    const socket = connect();
    const answer = ask(socket);
    connections.cutIdle();
    expect(socket.destroyed).toBe(false);
    answer();
    connections.cutIdle();
    expect(socket.destroyed).toBe(true);
    expect(connections.count).toBe(0);
  });

  it("that sends more requests than it may before one is answered is ended", () => {
    const { connections, connect, ask } = fakeServer(10);
    const [patient, hasty] = [connect(), connect()];
    for (let count = 0; count <= MAX_PIPELINED; count++) ask(hasty);
    for (let count = 0; count <= 2 * MAX_PIPELINED; count++) ask(patient)();
    expect([patient.destroyed, hasty.destroyed]).toEqual([false, false]);
    ask(hasty);
    expect([patient.destroyed, hasty.destroyed]).toEqual([false, true]);
    expect(connections.count).toBe(1);
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
    ask(second)();
    const ended = (): readonly boolean[] => [first, second, third].map(({ destroyed }) => destroyed);
    ask(connect())();
    expect(ended()).toEqual([false, false, true]);
    answerFirst();
    ask(connect())();
    expect(ended()).toEqual([true, false, true]);
  });

  it("that asked often stays where others asked once, however short ago", () => {
    const { connect, ask } = fakeServer(4);
    const often = connected(connect, ask);
    ask(often)();
    const once = Array.from({ length: 5 }, () => connected(connect, ask));
    expect(often.destroyed).toBe(false);
    expect(once.map(({ destroyed }) => destroyed)).toEqual([true, true, true, false, false]);
  });

  it("that asks where all others wait for an answer ends the one that asked longest ago", () => {
    const { connect, ask } = fakeServer(4);
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connect();
      ask(socket);
      return socket;
    });
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
  });

  it("may have any place that is free before it asks", () => {
    const { connections, connect, ask } = fakeServer(8);
    const silent = Array.from({ length: 8 }, () => connect());
    expect(silent.some(({ destroyed }) => destroyed)).toBe(false);
    for (const socket of silent) ask(socket)();
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
