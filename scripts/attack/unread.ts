/** Attackers that send requests and do not read the answers. */
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { largestAnswers, patchedReview, post } from "./bodies.ts";
import type { Figures, Target } from "./case.ts";
import { openManyTls, openTcp, sendUnread } from "./sockets.ts";

/** Milliseconds after which the server has answered: it closes a connection that pipelines many requests. */
const NEXT_REQUEST = 1_000;

/** 640 connections send 80 reviews of 15 kB each, without a pause. */
export async function unreadPatches({ port }: Target): Promise<Figures> {
  const end = delay(35_000);
  const sockets = await openManyTls(port, 640);
  const request = post(patchedReview(15_000));
  let sent = 0;
  for (const socket of sockets) void sendUnread(socket, request, 80).then((times) => (sent += times));
  await end;
  return { text: `${sockets.length} connections, 80 reviews of 15 kB each (${sent} sent)`, wrong: [] };
}

/** 48 connections request the largest answers, one after the other. All start at once, so some reviews get 503. */
export async function unreadLarge({ port }: Target): Promise<Figures> {
  const end = delay(20_000);
  const sockets = await openManyTls(port, 48);
  const requests = largestAnswers().map(post);
  for (const socket of sockets) void sendEach(socket, requests, 6);
  await end;
  return { text: `${sockets.length} connections, up to 18 reviews of 7 MiB each`, wrong: [] };
}

/** 205 clients send 200 scrapes each. The answers of one client have 7 MB; the kernel buffers 4 MB of them. */
export async function unreadMetrics({ opsPort }: Target): Promise<Figures> {
  const request = Buffer.from("GET /metrics HTTP/1.1\r\nHost: webhook\r\n\r\n".repeat(200));
  const sockets = Array.from({ length: 205 }, () => openTcp(opsPort));
  for (const socket of sockets) socket.write(request);
  await delay(25_000);
  return { text: `${sockets.length} connections, 200 scrapes each`, wrong: [] };
}

async function sendEach(socket: Socket, requests: readonly Buffer[], times: number): Promise<void> {
  for (let round = 0; round < times; round++) {
    for (const request of requests) {
      await sendUnread(socket, request, 1);
      await delay(NEXT_REQUEST);
    }
  }
}
