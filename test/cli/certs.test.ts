import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NOW = new Date("2026-11-21T12:00:00Z");

test("certs writes a CA, a certificate and its key, and prints the folder and the names", async () => {
  const out = join(temporaryFolder(), "made");
  expect(await run(["certs", "--out", out], { now: NOW })).toEqual({
    exitCode: 0,
    output: `wrote tls.crt, tls.key and ca.crt to ${out}, for localhost, 127.0.0.1, ::1\n`,
    errors: "",
  });
  expect(readdirSync(out).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
  expect((statSync(join(out, "tls.key")).mode & 0o777).toString(8)).toBe("600");
  const leaf = new X509Certificate(readFileSync(join(out, "tls.crt")));
  expect(leaf.validFromDate.getTime()).toBeLessThan(NOW.getTime());
  expect(leaf.checkHost("localhost")).toBe("localhost");
});

test("--host, repeated or as a comma list in the environment, replaces the local names", async () => {
  const first = temporaryFolder();
  await run(["certs", "--out", join(first, "a"), "--host", "a.example", "--host", "10.0.0.1"]);
  const environment = { VM_IMAGE_WEBHOOK_HOST: "a.example, 10.0.0.1", VM_IMAGE_WEBHOOK_OUT: join(first, "b") };
  await run(["certs"], { environment });
  for (const folder of ["a", "b"]) {
    const leaf = new X509Certificate(readFileSync(join(first, folder, "tls.crt")));
    expect(leaf.subjectAltName).toBe("DNS:a.example, IP Address:10.0.0.1");
  }
});

test("certs overwrites no certificates: it exits 3 and says what to do", async () => {
  const out = temporaryFolder();
  await run(["certs", "--out", out]);
  const before = readFileSync(join(out, "tls.key"), "utf8");
  const { exitCode, output, errors } = await run(["certs", "--out", out]);
  expect([exitCode, output]).toEqual([3, ""]);
  expect(errors).toMatch(
    /^vm-image-webhook: [^\n]*certificates are not overwritten; remove the old ones first[^\n]*\n$/,
  );
  expect(readFileSync(join(out, "tls.key"), "utf8")).toBe(before);
});
