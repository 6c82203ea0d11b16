import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import type { Webhook } from "./webhook.ts";

/** A TLS connection after its handshake, for bytes that no HTTP client sends; it ends with the test. */
export async function tlsConnection({ port, ca }: Pick<Webhook, "port" | "ca">): Promise<Socket> {
  const socket = endingWithTest(connectTls({ port, host: "127.0.0.1", ca }));
  await once(socket, "secureConnect");
  return socket;
}

/** A TCP connection; it ends with the test. */
export async function tcpConnection(port: number): Promise<Socket> {
  const socket = endingWithTest(connectTcp(port, "127.0.0.1"));
  await once(socket, "connect");
  return socket;
}

/** Ignores errors, because the server may close the connection. */
function endingWithTest(socket: Socket): Socket {
  socket.on("error", () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}
