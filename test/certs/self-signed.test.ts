import { X509Certificate } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasNoCertificate, LOCAL_HOSTS, selfSigned, writeSelfSigned } from "../../src/certs/self-signed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const DAY = 24 * 60 * 60 * 1_000;
/** What browsers and Apple clients accept at most. */
const LONGEST_LIFETIME = 398 * DAY;

describe("a certificate for local use", () => {
  test("is signed by its CA, and is no CA itself", async () => {
    const { ca, cert } = await selfSigned(LOCAL_HOSTS, NOW);
    const authority = new X509Certificate(ca);
    const leaf = new X509Certificate(cert);
    expect(authority.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.verify(new X509Certificate((await selfSigned([], NOW)).ca).publicKey)).toBe(false);
  });

  test("names every host and address that was asked for, and no other", async () => {
    const hosts = ["localhost", "webhook.vm.svc", "127.0.0.1", "::1"];
    const leaf = new X509Certificate((await selfSigned(hosts, NOW)).cert);
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect(leaf.checkHost("webhook.vm.svc")).toBe("webhook.vm.svc");
    expect(leaf.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(leaf.checkIP("::1")).toBe("::1");
    expect(leaf.checkHost("example.com")).toBeUndefined();
    expect(leaf.checkIP("127.0.0.2")).toBeUndefined();
  });

  test("is for servers, and each is another one", async () => {
    const [one, other] = await Promise.all([selfSigned(LOCAL_HOSTS, NOW), selfSigned(LOCAL_HOSTS, NOW)]);
    // The OID of TLS server authentication (RFC 5280).
    expect(new X509Certificate(one.cert).keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(new X509Certificate(one.cert).serialNumber).not.toBe(new X509Certificate(other.cert).serialNumber);
    expect(one.key).not.toBe(other.key);
  });

  test("is good on clocks that are a little behind, and no longer than clients accept", async () => {
    const { ca, cert } = await selfSigned(LOCAL_HOSTS, NOW);
    for (const each of [new X509Certificate(ca), new X509Certificate(cert)]) {
      expect(each.validFromDate.getTime()).toBeLessThan(NOW.getTime());
      expect(each.validToDate.getTime()).toBeGreaterThan(NOW.getTime() + 30 * DAY);
      expect(each.validToDate.getTime() - each.validFromDate.getTime()).toBeLessThan(LONGEST_LIFETIME);
    }
  });
});

describe("writing it", () => {
  test("makes the folder and three files, the key for its owner only", async () => {
    const folder = join(temporaryFolder(), "a", "b");
    const made = await selfSigned(LOCAL_HOSTS, NOW);
    await writeSelfSigned(folder, made);
    expect(readdirSync(folder).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
    expect(readFileSync(join(folder, "ca.crt"), "utf8")).toBe(made.ca);
    expect(readFileSync(join(folder, "tls.crt"), "utf8")).toBe(made.cert);
    expect(readFileSync(join(folder, "tls.key"), "utf8")).toBe(made.key);
    expect((statSync(join(folder, "tls.key")).mode & 0o777).toString(8)).toBe("600");
  });

  test.each(["tls.crt", "tls.key", "ca.crt"])("a folder with a %s is left as it is", async (file) => {
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
    // Half of a new pair beside half of an old one would fit neither.
    expect(readdirSync(folder)).toEqual([file]);
  });

  test("a folder that cannot be made is a failure that names it", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    await expect(writeSelfSigned(join(file, "certs"), await selfSigned([], NOW))).rejects.toMatchObject({
      code: "certificate",
      message: expect.stringContaining(join(file, "certs")) as unknown,
    });
  });
});

describe("whether a folder has a certificate", () => {
  test("an absent or empty folder has none", async () => {
    const folder = temporaryFolder();
    expect(await hasNoCertificate(folder)).toBe(true);
    expect(await hasNoCertificate(join(folder, "absent"))).toBe(true);
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "README.md"), "");
    expect(await hasNoCertificate(folder)).toBe(true);
  });

  test.each(["tls.crt", "tls.key"])("one of the pair, %s, is a mistake and not none", async (file) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, file), "");
    expect(await hasNoCertificate(folder)).toBe(false);
  });
});
