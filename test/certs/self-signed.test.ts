import { X509Certificate } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasNoCertificate, LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../../src/certs/self-signed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const DAY = 24 * 60 * 60 * 1_000;
/** The maximum that browsers and Apple clients accept. */
const MAX_LIFETIME = 398 * DAY;

describe("a certificate for local use", () => {
  test("is signed by its CA, and is not a CA", async () => {
    const { ca, cert } = await selfSigned(LOCAL_HOSTS, NOW);
    const issuer = new X509Certificate(ca);
    const leaf = new X509Certificate(cert);
    expect(issuer.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(issuer)).toBe(true);
    expect(leaf.verify(issuer.publicKey)).toBe(true);
    expect(leaf.verify(new X509Certificate((await selfSigned([], NOW)).ca).publicKey)).toBe(false);
  });

  test("has every requested host and address, and no other", async () => {
    const hosts = ["localhost", "webhook.vm.svc", "127.0.0.1", "::1"];
    const leaf = new X509Certificate((await selfSigned(hosts, NOW)).cert);
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect(leaf.checkHost("webhook.vm.svc")).toBe("webhook.vm.svc");
    expect(leaf.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(leaf.checkIP("::1")).toBe("::1");
    expect(leaf.checkHost("example.com")).toBeUndefined();
    expect(leaf.checkIP("127.0.0.2")).toBeUndefined();
  });

  test("is for TLS servers, and each one has its own key and serial number", async () => {
    const [one, other] = await Promise.all([selfSigned(LOCAL_HOSTS, NOW), selfSigned(LOCAL_HOSTS, NOW)]);
    // The OID of TLS server authentication (RFC 5280).
    expect(new X509Certificate(one.cert).keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(new X509Certificate(one.cert).serialNumber).not.toBe(new X509Certificate(other.cert).serialNumber);
    expect(one.key).not.toBe(other.key);
  });

  test("is valid on clocks that are a little behind, and not longer than clients accept", async () => {
    const { ca, cert } = await selfSigned(LOCAL_HOSTS, NOW);
    for (const each of [new X509Certificate(ca), new X509Certificate(cert)]) {
      expect(each.validFromDate.getTime()).toBeLessThan(NOW.getTime());
      expect(each.validToDate.getTime()).toBeGreaterThan(NOW.getTime() + 30 * DAY);
      expect(each.validToDate.getTime() - each.validFromDate.getTime()).toBeLessThan(MAX_LIFETIME);
    }
  });
});

describe("writing it", () => {
  test("creates the folder and three files, and only the owner may read the key", async () => {
    const folder = join(temporaryFolder(), "a", "b");
    const made = await selfSigned(LOCAL_HOSTS, NOW);
    await writeSelfSigned(folder, made);
    expect(readdirSync(folder).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
    expect(readFileSync(join(folder, "ca.crt"), "utf8")).toBe(made.ca);
    expect(readFileSync(join(folder, "tls.crt"), "utf8")).toBe(made.cert);
    expect(readFileSync(join(folder, "tls.key"), "utf8")).toBe(made.key);
    expect((statSync(join(folder, "tls.key")).mode & 0o777).toString(8)).toBe("600");
  });

  test.each(["tls.crt", "tls.key", "ca.crt"])("a folder with a %s is not changed", async (file) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, file), "mine");
    await expect(writeSelfSigned(folder, await selfSigned(LOCAL_HOSTS, NOW))).rejects.toMatchObject({
      name: "Failure",
      code: "certificate",
      message: expect.stringMatching(
        new RegExp(`^cannot write to ${folder}: .*certificates are not overwritten; remove the old ones first`),
      ) as unknown,
    });
    expect(readFileSync(join(folder, file), "utf8")).toBe("mine");
    // A new file beside an old one would not match it.
    expect(readdirSync(folder)).toEqual([file]);
  });

  test("a folder that cannot be created is a Failure that names it", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    await expect(writeSelfSigned(join(file, "certs"), await selfSigned([], NOW))).rejects.toMatchObject({
      code: "certificate",
      message: expect.stringContaining(join(file, "certs")) as unknown,
    });
  });
});

describe("whether a folder has a certificate", () => {
  test("a missing or empty folder has none", async () => {
    const folder = temporaryFolder();
    expect(await hasNoCertificate(folder)).toBe(true);
    expect(await hasNoCertificate(join(folder, "absent"))).toBe(true);
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "README.md"), "");
    expect(await hasNoCertificate(folder)).toBe(true);
  });

  test.each(["tls.crt", "tls.key"])(
    "a folder with only %s counts as one with a certificate, so that it is not filled up",
    async (file) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, file), "");
      expect(await hasNoCertificate(folder)).toBe(false);
    },
  );
});
