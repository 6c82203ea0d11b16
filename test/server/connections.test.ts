import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { describe, expect, it } from "vitest";
import { Connections } from "../../src/server/connections.ts";

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
      const response = new EventEmitter();
      server.emit("request", { socket }, response);
      return () => response.emit("close");
    },
  };
}

describe("a connection", () => {
  it("over which a second request is under way is not idle when the first one is answered", () => {
    const { connections, connect, ask } = fakeServer(10);
    const socket = connect();
    const [endFirst, endSecond] = [ask(socket), ask(socket)];
    endFirst();
    connections.cutIdle();
    expect(socket.destroyed).toBe(false);
    endSecond();
    connections.cutIdle();
    expect(socket.destroyed).toBe(true);
    expect(connections.count).toBe(0);
  });

  it("gives way by how long it has not asked, and before all others if it never did", () => {
    const { connect, ask } = fakeServer(3);
    const [first, second] = [connect(), connect()];
    ask(second)();
    ask(first)();
    const stranger = connect();
    const ended = (): readonly boolean[] => [stranger, second, first].map(({ destroyed }) => destroyed);
    ask(connect());
    expect(ended()).toEqual([true, false, false]);
    ask(connect());
    expect(ended()).toEqual([true, true, false]);
    ask(connect());
    expect(ended()).toEqual([true, true, true]);
    const turnedAway = connect();
    expect(turnedAway.destroyed).toBe(true);
  });
});
