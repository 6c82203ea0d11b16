/** Attackers that hold connections without a request, or with one that they send very slowly. */
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { BODY_LIMIT, head, honestPost } from "./bodies.ts";
import type { Figures, Target } from "./case.ts";
import { eachSecond, openManyTls, openTcp, openTls, readAndDrop } from "./sockets.ts";

/** Connections that the attacker's own descriptors allow at the same time, beside the 1,999. */
const MAX_OPEN = 14_000;

/** 1,999 connections that send one request and stay open. Then TCP connects: 200 a second, later 1,000. */
export async function connects({ port }: Target): Promise<Figures> {
  const asked = (await openManyTls(port, 1_999)).map(readAndDrop);
  const request = honestPost();
  for (const socket of asked) socket.write(request);
  await delay(2_000);
  const stayed = openOf(asked);
  let made = 0;
  let open = 0;
  const connect = (): void => {
    if (open >= MAX_OPEN) return;
    made++;
    open++;
    readAndDrop(openTcp(port)).once("close", () => open--);
  };
  await eachSecond(200, 15, connect);
  await eachSecond(1_000, 15, connect);
  return { text: `${stayed} that asked once (${openOf(asked)} of them at the end), ${made} connects`, wrong: [] };
}

/** 5,000 connections that never send a request. */
export async function idle({ port }: Target): Promise<Figures> {
  const sockets: Socket[] = [];
  await eachSecond(2_500, 2, () => sockets.push(readAndDrop(openTcp(port))));
  await delay(15_000);
  return { text: `${sockets.length} idle connections (${openOf(sockets)} at the end)`, wrong: [] };
}

/** 300 handshakes that stop after the first bytes of a ClientHello. */
export async function halfOpen({ port }: Target): Promise<Figures> {
  const sockets = Array.from({ length: 300 }, () => readAndDrop(openTcp(port)));
  for (const socket of sockets) socket.write(Buffer.from([22, 3, 1, 2, 0, 1]));
  await delay(20_000);
  return { text: `${sockets.length} handshakes (${openOf(sockets)} at the end)`, wrong: [] };
}

/** 300 connections that send their headers at a byte a second. */
export async function slowHeaders(target: Target): Promise<Figures> {
  return slow(target, "POST /mutate HTTP/1.1\r\nHost: webhook\r\nX-Slow: ");
}

/** 300 connections that send a body of 15 kB at a byte a second. */
export async function slowBodies(target: Target): Promise<Figures> {
  return slow(target, head(15_000));
}

async function slow({ port }: Target, beginning: string): Promise<Figures> {
  const sockets = (await openManyTls(port, 300)).map(readAndDrop);
  for (const socket of sockets) socket.write(beginning);
  await eachSecond(1, 20, () => {
    for (const socket of sockets) if (!socket.destroyed) socket.write("x");
  });
  return { text: `${sockets.length} connections, a byte a second (${openOf(sockets)} at the end)`, wrong: [] };
}

/** 207 requests a second announce a body of 7 MiB, and never send it. */
export async function announced({ port }: Target): Promise<Figures> {
  let made = 0;
  await eachSecond(207, 20, () => {
    void openTls(port).then((socket) => {
      if (socket === undefined) return;
      made++;
      readAndDrop(socket).write(head(BODY_LIMIT));
    });
  });
  return { text: `${made} bodies of 7 MiB announced in 20 s`, wrong: [] };
}

function openOf(sockets: readonly Socket[]): number {
  return sockets.filter(({ destroyed }) => !destroyed).length;
}
