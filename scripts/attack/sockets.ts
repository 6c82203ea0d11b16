import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";

/** Handshakes under way at the same time: fewer than fit the server's listen queue (511). */
const HANDSHAKES_AT_ONCE = 100;
/** Milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;

/** A connection whose errors are ignored. */
export function openTcp(port: number): Socket {
  return connectTcp(port, "127.0.0.1").on("error", ignore);
}

/** A connection after its handshake, which is not read. Undefined where the handshake failed. */
export async function openTls(port: number): Promise<Socket | undefined> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }).on("error", ignore);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once("secureConnect", () => {
    resolve(true);
  });
  socket.once("close", () => {
    resolve(false);
  });
  const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT);
  const isOpen = await promise;
  clearTimeout(timer);
  return isOpen ? socket : undefined;
}

/** Opens so many TLS connections. Returns those that succeeded. */
export async function openManyTls(port: number, number: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  let started = 0;
  const open = async (): Promise<void> => {
    while (started++ < number) {
      const socket = await openTls(port);
      if (socket !== undefined) sockets.push(socket);
    }
  };
  await Promise.all(Array.from({ length: HANDSHAKES_AT_ONCE }, open));
  return sockets;
}

/** Writes the data so many times, each after the last write, and never reads. Returns how many writes succeeded. */
export async function sendUnread(socket: Socket, data: Buffer, times: number): Promise<number> {
  const write = promisify((done: (error?: Error | null) => void) => socket.write(data, done));
  for (let sent = 0; sent < times; sent++) {
    try {
      await write();
    } catch {
      return sent;
    }
  }
  return times;
}

/** Reads and drops all data, so that the end of the connection is noticed. */
export function readAndDrop(socket: Socket): Socket {
  return socket.resume();
}

/** Calls `act` so many times a second for so many seconds. */
export async function eachSecond(times: number, seconds: number, act: () => void): Promise<void> {
  const began = performance.now();
  let acted = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setInterval(() => {
    const due = Math.min(seconds, (performance.now() - began) / 1_000) * times;
    for (; acted < due; acted++) act();
    if (acted >= seconds * times) resolve(undefined);
  }, 10);
  await promise;
  clearInterval(timer);
}

function ignore(): void {
  // The server may close any connection of an attacker.
}
