import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connections } from "../../src/server/connections.ts";
import { KEEP_ALIVE_TIMEOUT } from "../../src/server/limits.ts";

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
  readonly close: () => void;
} {
  const server = new EventEmitter();
  const connections = new Connections(server as unknown as Server, most, KEEP_ALIVE_TIMEOUT);
  let port = 1_000;
  return {
    connections,
    connect: () => {
      const socket = new FakeSocket(port++);
      server.emit("connection", socket);
      return socket;
    },
    ask: (socket) => {
      const response = { writableFinished: false };
      server.emit("request", { socket }, response);
      return () => {
        response.writableFinished = true;
      };
    },
    close: () => server.emit("close"),
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

describe("a connection that asks no more", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** What is ended then is, a few turns later. */
  async function pass(milliseconds: number): Promise<void> {
    vi.advanceTimersByTime(milliseconds);
    for (let count = 0; count < 10; count++) await turn();
  }

  it("is ended when it has not asked for the timeout, and within twice that", async () => {
    const { connect, ask } = fakeServer(10);
    await pass(KEEP_ALIVE_TIMEOUT - 1);
    const [silent, asking] = [connect(), connect()];
    ask(silent)();
    ask(asking)();
    await pass(1);
    expect(silent.destroyed).toBe(false);
    ask(asking)();
    await pass(KEEP_ALIVE_TIMEOUT);
    expect([silent.destroyed, asking.destroyed]).toEqual([true, false]);
    await pass(KEEP_ALIVE_TIMEOUT);
    expect(asking.destroyed).toBe(true);
  });

  it("is left while its request has no answer, and when it asks in the last moment", async () => {
    const { connect, ask } = fakeServer(10);
    const [waiting, late] = [connect(), connect()];
    const answer = ask(waiting);
    ask(late)();
    await pass(KEEP_ALIVE_TIMEOUT);
    vi.advanceTimersByTime(KEEP_ALIVE_TIMEOUT);
    ask(late)();
    await pass(0);
    expect([waiting.destroyed, late.destroyed]).toEqual([false, false]);
    answer();
    await pass(KEEP_ALIVE_TIMEOUT);
    expect(waiting.destroyed).toBe(true);
  });

  it("is left to the deadlines of Node where it never asked", async () => {
    const { connect } = fakeServer(10);
    const socket = connect();
    await pass(3 * KEEP_ALIVE_TIMEOUT);
    expect(socket.destroyed).toBe(false);
  });

  it("is not looked for any more by a server that has closed", () => {
    const { close } = fakeServer(10);
    expect(vi.getTimerCount()).toBe(1);
    close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
