import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { generate } from "selfsigned";
import { describe, expect, test } from "vitest";
import { selfSigned } from "../../src/certs/self-signed.ts";
import { createReview } from "../support/admission-review.ts";
import { TlsClient } from "../support/tls-client.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

/** The protocol and suite of a handshake with these options. */
async function handshake(
  { port, ca }: Webhook,
  options: ConnectionOptions,
): Promise<{ readonly protocol: string | null; readonly alpn: string | false | null; readonly cipher: string }> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const connecting = connect({ host: "127.0.0.1", port, ca, ...options }, () => {
      resolve(connecting);
    });
    connecting.on("error", reject);
  });
  const agreed = { protocol: socket.getProtocol(), alpn: socket.alpnProtocol, cipher: socket.getCipher().name };
  socket.destroy();
  return agreed;
}

/** Suites without forward secrecy need an RSA key: an EC key rules them out anyway. */
async function rsaWebhook(): Promise<Webhook> {
  const { cert, private: key } = await generate([{ name: "commonName", value: "127.0.0.1" }], {
    keySize: 2048,
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  return webhook({ certificate: { ca: cert, cert, key } });
}

describe("the handshake", () => {
  test("accepts TLS 1.3 and 1.2", async () => {
    const served = await webhook();
    expect((await handshake(served, {})).protocol).toBe("TLSv1.3");
    expect((await handshake(served, { maxVersion: "TLSv1.2" })).protocol).toBe("TLSv1.2");
  });

  test("refuses TLS 1.1", async () => {
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await expect(handshake(await webhook(), old)).rejects.toThrow(/protocol version/);
  });

  test("never selects HTTP/2", async () => {
    const served = await webhook();
    expect((await handshake(served, { ALPNProtocols: ["h2", "http/1.1"] })).alpn).toBe("http/1.1");
    await expect(handshake(served, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/);
  });

  test.each(["AES128-GCM-SHA256", "AES256-SHA256", "AES256-GCM-SHA384"])(
    "TLS 1.2 suite %s, without forward secrecy, is refused",
    async (ciphers) => {
      await expect(handshake(await rsaWebhook(), { maxVersion: "TLSv1.2", ciphers })).rejects.toThrow(
        /handshake failure/,
      );
    },
  );

  test("accepts a TLS 1.2 suite with forward secrecy and an RSA certificate", async () => {
    expect((await handshake(await rsaWebhook(), { maxVersion: "TLSv1.2" })).cipher).toMatch(/^ECDHE-RSA-/);
  });

  test("fails for a client that trusts another CA", async () => {
    const { port } = await webhook();
    const { ca } = await selfSigned(["127.0.0.1"], new Date());
    const stranger = new TlsClient(port, ca);
    await expect(stranger.post("/mutate", createReview())).rejects.toThrow(/certificate/);
    stranger.close();
  });
});
