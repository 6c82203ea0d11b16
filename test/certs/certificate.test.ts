import { rmSync, writeFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { generate } from "selfsigned";
import { describe, expect, test } from "vitest";
import { type Certificate, checkCertificate, readCertificateFiles } from "../../src/certs/certificate.ts";
import { issueCa, issueServing } from "../../src/certs/issue.ts";
import { selfSigned, writeSelfSigned } from "../../src/certs/self-signed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const HOUR = 60 * 60 * 1_000;
const YEAR = 365 * 24 * HOUR;

async function folderWithCertificate(): Promise<string> {
  const folder = temporaryFolder();
  await writeSelfSigned(folder, await selfSigned(["localhost"], NOW));
  return folder;
}

const SAN = { name: "subjectAltName" as const, altNames: [{ type: 2 as const, value: "webhook.svc" }] };

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>["extensions"]>;

/** A folder with a certificate of these extensions, whose common name is webhook.svc. */
async function folderOf(extensions: Extensions): Promise<string> {
  const folder = temporaryFolder();
  const { cert, private: key } = await generate([{ name: "commonName", value: "webhook.svc" }], {
    ...{ keyType: "ec", notBeforeDate: NOW, notAfterDate: new Date(NOW.getTime() + YEAR) },
    extensions,
  });
  writeFileSync(join(folder, "tls.crt"), cert);
  writeFileSync(join(folder, "tls.key"), key);
  return folder;
}

async function readCertificate(folder: string, now: Date, hosts: readonly string[] = []): Promise<Certificate> {
  return checkCertificate(folder, await readCertificateFiles(folder), { now, hosts });
}

/** Matches a Failure with this message. */
function failure(message: string | RegExp): object {
  return {
    name: "Failure",
    code: "certificate",
    message: (typeof message === "string"
      ? expect.stringContaining(message)
      : expect.stringMatching(message)) as unknown,
  };
}

describe("reading a key pair", () => {
  test("returns both files unchanged", async () => {
    const made = await selfSigned(["localhost"], NOW);
    const folder = temporaryFolder();
    await writeSelfSigned(folder, made);
    expect(await readCertificate(folder, NOW)).toEqual({ cert: made.cert, key: made.key });
  });

  test.each(["tls.crt", "tls.key"])(
    "a missing %s is a Failure that names it, and both ways to get one",
    async (file) => {
      const folder = await folderWithCertificate();
      rmSync(join(folder, file));
      const read = readCertificate(folder, NOW);
      await expect(read).rejects.toMatchObject(failure(`cannot read ${file} in ${folder}: ENOENT`));
      await expect(read).rejects.toMatchObject(
        failure(/--cert-dir needs tls\.crt and tls\.key; --self-signed makes both/),
      );
    },
  );

  test("a missing folder is a Failure that names it", async () => {
    const folder = join(temporaryFolder(), "absent");
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(failure(`in ${folder}: ENOENT`));
  });

  test("a key of another certificate is a Failure that names both files", async () => {
    const folder = await folderWithCertificate();
    writeFileSync(join(folder, "tls.key"), (await selfSigned(["localhost"], NOW)).key);
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(
      failure(`tls.key in ${folder} is not the key of tls.crt`),
    );
  });

  test.each([
    ["tls.crt", "garbage"],
    ["tls.key", "garbage"],
    ["tls.crt", ""],
    ["tls.key", ""],
    ["tls.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ["tls.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
  ])("a %s of %j is a Failure that names the file", async (file, text) => {
    const folder = await folderWithCertificate();
    writeFileSync(join(folder, file), text);
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(
      failure(`${file} in ${folder} is not PEM that can be used: `),
    );
  });

  test("a certificate is accepted until it expires", async () => {
    const folder = await folderWithCertificate();
    await expect(readCertificate(folder, new Date(NOW.getTime() + YEAR - HOUR))).resolves.toBeDefined();
    await expect(readCertificate(folder, new Date(NOW.getTime() + YEAR + HOUR))).rejects.toMatchObject(
      failure(/^tls\.crt in .* expired at Nov 21 12:00:00 2027 GMT; remove the files and start with --self-signed/),
    );
  });

  test("a certificate without a wanted host is a Failure that lists the missing and the present names", async () => {
    const folder = await folderWithCertificate();
    await expect(readCertificate(folder, NOW, ["localhost"])).resolves.toBeDefined();
    await expect(readCertificate(folder, NOW, ["localhost", "webhook.svc", "10.0.0.1"])).rejects.toMatchObject(
      failure(
        `tls.crt in ${folder} is not for webhook.svc, 10.0.0.1, by which it is called (--cert-host); it is for DNS:localhost`,
      ),
    );
  });

  test.each([[[]], [["webhook.svc"]]])(
    "a certificate without a subject alternative name is a Failure, whatever its common name, for hosts %j",
    async (hosts) => {
      const folder = await folderOf([{ name: "basicConstraints", cA: false }]);
      await expect(readCertificate(folder, NOW, hosts)).rejects.toMatchObject(
        failure(
          /tls\.crt in .* has no subject alternative name, and API servers do not read the common name; bring one/,
        ),
      );
    },
  );

  test("a certificate that is not for servers is a Failure", async () => {
    const folder = await folderOf([SAN, { name: "extKeyUsage", clientAuth: true }]);
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(
      failure(/tls\.crt in .* is not for servers: its extended key usage lacks serverAuth; bring a server certificate/),
    );
  });

  test.each([
    ["without an extended key usage", [SAN]],
    ["for servers and clients", [SAN, { name: "extKeyUsage" as const, serverAuth: true, clientAuth: true }]],
  ])("a certificate %s is for servers", async (_, extensions) => {
    const folder = await folderOf(extensions);
    expect((await readCertificate(folder, NOW, ["webhook.svc"])).cert).toContain("BEGIN CERTIFICATE");
  });

  test.each(["aes-256-cbc"])("a key that is encrypted with %s is a Failure that says so", async (cipher) => {
    const folder = await folderWithCertificate();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(
      join(folder, "tls.key"),
      privateKey.export({ type: "pkcs8", format: "pem", cipher, passphrase: "secret" }),
    );
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(
      failure(/tls\.key in .* is encrypted; write it without a passphrase: openssl pkey -in tls\.key/),
    );
  });

  test("an IPv6 address matches in any notation", async () => {
    const folder = temporaryFolder();
    await writeSelfSigned(folder, await selfSigned(["fd00::1"], NOW));
    await expect(readCertificate(folder, NOW, ["fd00:0:0::1"])).resolves.toBeDefined();
  });

  test("a ca.crt that does not lead to the certificate is a Failure that names the missing issuer", async () => {
    const folder = await folderWithCertificate();
    writeFileSync(join(folder, "ca.crt"), (await selfSigned(["localhost"], NOW)).ca);
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(
      failure(
        /^tls\.crt in .* does not lead to a CA of ca\.crt: its issuer CN=vm-image-webhook local CA \w+ is in neither/,
      ),
    );
    writeFileSync(join(folder, "ca.crt"), "");
    await expect(readCertificate(folder, NOW)).resolves.toBeDefined();
  });

  test("an expired CA in ca.crt is a Failure that names the CA", async () => {
    const folder = temporaryFolder();
    const ca = await issueCa("old CA", { now: NOW, end: new Date(NOW.getTime() + HOUR) });
    const leaf = await issueServing(ca, ["localhost"], { now: NOW, end: new Date(NOW.getTime() + YEAR) });
    await writeSelfSigned(folder, { ...leaf, ca: ca.cert });
    await expect(readCertificate(folder, NOW)).resolves.toBeDefined();
    await expect(readCertificate(folder, new Date(NOW.getTime() + 2 * HOUR))).rejects.toMatchObject(
      failure(/^the CA CN=old CA \w+ \(ca\.crt in .*\) expired at Nov 21 13:00:00 2026 GMT; bring a new one$/),
    );
  });

  test("no message shows the key", async () => {
    const folder = await folderWithCertificate();
    writeFileSync(join(folder, "tls.key"), "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    await expect(readCertificate(folder, NOW)).rejects.not.toMatchObject(failure("c2VjcmV0"));
  });
});
