import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCertificate } from "../../src/certs/certificate.ts";
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

/** What a Failure of these words is. */
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
  test("gives both files as they are", async () => {
    const made = await selfSigned(["localhost"], NOW);
    const folder = temporaryFolder();
    await writeSelfSigned(folder, made);
    expect(await readCertificate(folder, NOW)).toEqual({ cert: made.cert, key: made.key });
  });

  test.each(["tls.crt", "tls.key"])("a missing %s is named, with both ways to get one", async (file) => {
    const folder = await folderWithCertificate();
    rmSync(join(folder, file));
    const read = readCertificate(folder, NOW);
    await expect(read).rejects.toMatchObject(failure(`cannot read ${file} in ${folder}: ENOENT`));
    await expect(read).rejects.toMatchObject(
      failure(/--cert-dir needs tls\.crt and tls\.key; --self-signed makes both/),
    );
  });

  test("a missing folder is named, with both ways to get a certificate", async () => {
    const folder = join(temporaryFolder(), "absent");
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(failure(`in ${folder}: ENOENT`));
  });

  test("a key of another certificate is refused by name", async () => {
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
  ])("a %s of %j is refused by name", async (file, text) => {
    const folder = await folderWithCertificate();
    writeFileSync(join(folder, file), text);
    await expect(readCertificate(folder, NOW)).rejects.toMatchObject(
      failure(`${file} in ${folder} is not PEM that can be used: `),
    );
  });

  test("a certificate is good to its last minute, and expired after it", async () => {
    const folder = await folderWithCertificate();
    await expect(readCertificate(folder, new Date(NOW.getTime() + YEAR - HOUR))).resolves.toBeDefined();
    await expect(readCertificate(folder, new Date(NOW.getTime() + YEAR + HOUR))).rejects.toMatchObject(
      failure(/^tls\.crt in .* expired at Nov 21 12:00:00 2027 GMT; remove the files and start with --self-signed/),
    );
  });

  test("no message shows the key", async () => {
    const folder = await folderWithCertificate();
    writeFileSync(join(folder, "tls.key"), "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    await expect(readCertificate(folder, NOW)).rejects.not.toMatchObject(failure("c2VjcmV0"));
  });
});
