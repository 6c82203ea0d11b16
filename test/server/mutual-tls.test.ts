import { once } from "node:events";
import { connect } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import type { KeyPair } from "../../src/certs/issue.ts";
import { selfSigned } from "../../src/certs/self-signed.ts";
import { renewTls, type Tls } from "../../src/server/tls.ts";
import { createReview } from "../support/admission-review.ts";
import { clientAuthority, clientCertificate } from "../support/client-certificate.ts";
import { TlsClient } from "../support/tls-client.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

const HOSTS = ["localhost", "127.0.0.1"];

interface Mutual extends Webhook {
  readonly tls: Tls;
  readonly clientCa: KeyPair;
  /** HTTP status of a review with this certificate; rejects where the handshake fails. */
  readonly statusFor: (pair?: KeyPair) => Promise<number>;
}

async function mutual({ clientNames = [] }: { clientNames?: readonly string[] } = {}): Promise<Mutual> {
  const made = await selfSigned(HOSTS, new Date());
  const clientCa = await clientAuthority();
  const tls = { cert: made.cert, key: made.key, clientCa: clientCa.cert, clientNames };
  const served = await webhook({ certificate: { ...tls, ca: made.ca } });
  const statusFor = async (pair?: KeyPair): Promise<number> => {
    const client = new TlsClient(served.port, made.ca, pair);
    onTestFinished(() => {
      client.close();
    });
    return (await client.post("/mutate", createReview())).status;
  };
  return { ...served, tls, clientCa, statusFor };
}

describe("with a client CA", () => {
  test("only callers with a certificate from it are answered", async () => {
    const { clientCa, statusFor } = await mutual();
    expect(await statusFor(await clientCertificate(clientCa, "anybody"))).toBe(200);
    await expect(statusFor()).rejects.toThrow(/certificate required/);
    await expect(statusFor(await clientCertificate(await clientAuthority(), "anybody"))).rejects.toThrow(
      /hang up|ECONNRESET|unknown ca/,
    );
  });

  test("and names, only callers with one of the names are answered: as common name or DNS name", async () => {
    const { clientCa, statusFor } = await mutual({ clientNames: ["kube-apiserver", "api.example.com"] });
    expect(await statusFor(await clientCertificate(clientCa, "kube-apiserver"))).toBe(200);
    expect(await statusFor(await clientCertificate(clientCa, "other", ["api.example.com"]))).toBe(200);
    expect(await statusFor(await clientCertificate(clientCa, "kubelet", ["node"]))).toBe(403);
    // A subject may have several common names, as the text form of a name has them in lines.
    expect(await statusFor(await clientCertificate(clientCa, "x\nCN=kube-apiserver"))).toBe(200);
    expect(await statusFor(await clientCertificate(clientCa, "x", ["y, DNS:api.example.com"]))).toBe(403);
  });

  test("a renewed CA applies to new connections, and open ones stay open", async () => {
    const { server, tls, clientCa, statusFor, port, ca } = await mutual();
    const oldPair = await clientCertificate(clientCa, "old");
    const keptAlive = new TlsClient(port, ca, oldPair);
    onTestFinished(() => {
      keptAlive.close();
    });
    const first = await keptAlive.post("/mutate", createReview());
    const other = await clientAuthority();
    renewTls(server, { ...tls, clientCa: other.cert });
    expect(await statusFor(await clientCertificate(other, "new"))).toBe(200);
    await expect(statusFor(oldPair)).rejects.toThrow(/hang up|ECONNRESET|unknown ca/);
    const second = await keptAlive.post("/mutate", createReview());
    expect([second.status, second.localPort]).toEqual([200, first.localPort]);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("no %s session from a removed CA is resumed", async (version) => {
    const { server, tls, clientCa, port, ca } = await mutual();
    const pair = await clientCertificate(clientCa, "old");
    const versions = { minVersion: version, maxVersion: version };
    const sessions: Buffer[] = [];
    /** Resolves with what was answered, and whether a session was resumed, when the connection ended. */
    const ask = async (): Promise<{ answer: string; resumed: boolean }> => {
      const session = sessions.at(-1);
      const socket = connect({ host: "127.0.0.1", port, ca, ...pair, ...versions, ...(session && { session }) });
      let [answer, resumed] = ["", false];
      socket.on("session", (next: Buffer) => sessions.push(next));
      socket.on("secureConnect", () => {
        resumed = socket.isSessionReused();
      });
      socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
      socket.on("error", () => undefined);
      socket.write("GET /mutate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      await new Promise((resolve) => socket.once("close", resolve));
      return { answer: answer.slice(0, "HTTP/1.1 405".length), resumed };
    };
    expect(await ask()).toEqual({ answer: "HTTP/1.1 405", resumed: false });
    expect(await ask()).toEqual({ answer: "HTTP/1.1 405", resumed: true });
    renewTls(server, { ...tls, clientCa: (await clientAuthority()).cert });
    expect((await ask()).answer).toBe("");
  });
});

describe("a renewed certificate", () => {
  test("is used for new connections with all other options unchanged, and open connections stay open", async () => {
    const served = await webhook({ certificate: { ...(await selfSigned(HOSTS, new Date())), minVersion: "1.3" } });
    const first = await served.client.post("/mutate", createReview());
    const young = await selfSigned(HOSTS, new Date());
    renewTls(served.server, { cert: young.cert, key: young.key, minVersion: "1.3" });
    const client = new TlsClient(served.port, young.ca);
    onTestFinished(() => {
      client.close();
    });
    expect((await client.post("/mutate", createReview())).status).toBe(200);
    const second = await served.client.post("/mutate", createReview());
    expect([second.status, second.localPort]).toEqual([200, first.localPort]);
    const old = connect({ host: "127.0.0.1", port: served.port, ca: young.ca, maxVersion: "TLSv1.2" });
    await expect(once(old, "secureConnect")).rejects.toThrow(/protocol version/);
    const h2 = connect({ host: "127.0.0.1", port: served.port, ca: young.ca, ALPNProtocols: ["h2"] });
    await expect(once(h2, "secureConnect")).rejects.toThrow(/no application protocol/);
  });
});

describe("--tls-min-version", () => {
  test("1.3 refuses TLS 1.2", async () => {
    const { port, ca } = await webhook({
      certificate: { ...(await selfSigned(HOSTS, new Date())), minVersion: "1.3" },
    });
    const socket = connect({ host: "127.0.0.1", port, ca, maxVersion: "TLSv1.2" });
    await expect(once(socket, "secureConnect")).rejects.toThrow(/protocol version/);
  });
});
