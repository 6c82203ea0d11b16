import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";

/** How many handshakes of an attacker are under way at the same time: fewer than the server's queue takes (511). */
const HANDSHAKES_AT_ONCE = 100;
/** The server may keep an attacker waiting. Milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;

/** A connection whose errors concern only who waits for it. */
export function openTcp(port: number): Socket {
  return connectTcp(port, "127.0.0.1").on("error", ignore);
}

/** After the handshake; undefined where there was none. Nothing is read of it until somebody asks. */
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

/** So many TLS connections; those that came to be. */
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

/** Sends the same so many times, each when the last one is in the kernel, and never reads; gives how many of them got there. */
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

/** Reads and drops what comes, so that an end is noticed. */
export function readAndDrop(socket: Socket): Socket {
  return socket.resume();
}

/** Calls so many times a second for so many seconds. Resolves at the end. */
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
  // An attacker does not care.
}
