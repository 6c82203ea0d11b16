import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Certificate } from "../../../src/certs/certificate.ts";
import { ClientCa } from "../../../src/certs/files/client-ca.ts";
import { FileSource } from "../../../src/certs/files/file-source.ts";
import { selfSigned, type SelfSigned } from "../../../src/certs/self-signed.ts";
import { SelfSignedSource } from "../../../src/certs/files/self-signed-source.ts";
import { LogLines } from "../../support/log-lines.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const START = new Date("2026-11-21T12:00:00Z");
const SECOND = 1_000;
const DAY = 24 * 3_600 * SECOND;
const KEPT = "the certificate changed and cannot be used; the last good one stays";

const HOSTS = ["webhook.svc"];

function pair(now = START, hosts: readonly string[] = HOSTS): Promise<SelfSigned> {
  return selfSigned(hosts, now);
}

function write(folder: string, { cert, key, ca }: SelfSigned): void {
  writeFileSync(join(folder, "tls.crt"), cert);
  writeFileSync(join(folder, "tls.key"), key);
  writeFileSync(join(folder, "ca.crt"), ca);
}

interface Watched {
  readonly source: FileSource;
  readonly clock: VirtualClock;
  readonly logged: LogLines;
  readonly used: Certificate[];
}

/** A source that has read the folder. It stops with the test. */
async function watch(folder: string, hosts = HOSTS): Promise<Watched> {
  const clock = new VirtualClock(START);
  const logged = new LogLines();
  const source = new FileSource({ directory: folder, hosts, log: logged.log, timing: clock.timing() });
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
  });
  const used: Certificate[] = [];
  await source.start((certificate) => used.push(certificate), stop.signal);
  clock.loops++;
  return { source, clock, logged, used };
}

function writeVersion(folder: string, name: string, made: SelfSigned): void {
  mkdirSync(join(folder, name));
  write(join(folder, name), made);
}

describe("a certificate in files", () => {
  it("that the kubelet replaces by its symlink is in use after the next poll", async () => {
    const folder = temporaryFolder();
    const [old, young] = [await pair(), await pair()];
    writeVersion(folder, "..1", old);
    symlinkSync("..1", join(folder, "..data"));
    for (const file of ["tls.crt", "tls.key", "ca.crt"]) symlinkSync(join("..data", file), join(folder, file));
    const { source, clock, logged, used } = await watch(folder);
    expect(used).toEqual([{ cert: old.cert, key: old.key }]);
    writeVersion(folder, "..2", young);
    symlinkSync("..2", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    rmSync(join(folder, "..1"), { recursive: true });
    await clock.advance(SECOND);
    expect(used.slice(1)).toEqual([{ cert: young.cert, key: young.key }]);
    expect(source.facts().renewals).toEqual({ used: 1, kept: 0 });
    expect(logged.saying("a new certificate is in use")).toHaveLength(1);
  });

  it("that is rewritten with the same content changes nothing", async () => {
    const folder = temporaryFolder();
    const made = await pair();
    write(folder, made);
    const { source, clock, logged, used } = await watch(folder);
    for (let times = 0; times < 5; times++) {
      write(folder, made);
      await clock.advance(SECOND);
    }
    expect(used).toHaveLength(1);
    expect(source.facts().renewals).toEqual({ used: 0, kept: 0 });
    expect(logged.lines).toEqual([]);
  });

  it.each([
    [
      "half-written",
      (folder: string, { cert }: SelfSigned) => {
        writeFileSync(join(folder, "tls.crt"), cert.slice(0, 200));
      },
      "tls.crt",
    ],
    [
      "of another key",
      (folder: string, { cert }: SelfSigned) => {
        writeFileSync(join(folder, "tls.crt"), cert);
      },
      "is not the key of tls.crt",
    ],
    [
      "emptied",
      (folder: string) => {
        writeFileSync(join(folder, "tls.crt"), "");
        writeFileSync(join(folder, "tls.key"), "");
      },
      "tls.crt",
    ],
    [
      "deleted",
      (folder: string) => {
        rmSync(join(folder, "tls.key"));
      },
      "cannot read tls.key",
    ],
  ])("that is %s is not used: the last good one stays, logged and counted once", async (_, damage, why) => {
    const folder = temporaryFolder();
    write(folder, await pair());
    const { source, clock, logged, used } = await watch(folder);
    damage(folder, await pair());
    await clock.advance(10 * SECOND);
    expect(used).toHaveLength(1);
    expect(logged.saying(KEPT)).toMatchObject([{ level: "warn", why: expect.stringContaining(why) as unknown }]);
    expect(source.facts().renewals).toEqual({ used: 0, kept: 1 });
    const [check] = source.readiness();
    expect(check).toMatchObject({
      status: "degraded",
      text: expect.stringContaining("; the last good one stays: ") as unknown,
    });
    const young = await pair();
    write(folder, young);
    await clock.advance(SECOND);
    expect(used.at(-1)).toEqual({ cert: young.cert, key: young.key });
    expect(source.readiness()).toMatchObject([{ status: "ok", text: expect.not.stringContaining("stays") as unknown }]);
  });

  it("that is read between two writes is not reported", async () => {
    const folder = temporaryFolder();
    write(folder, await pair());
    const { source, clock, logged, used } = await watch(folder);
    const young = await pair();
    writeFileSync(join(folder, "tls.crt"), young.cert);
    await clock.advance(SECOND);
    write(folder, young);
    await clock.advance(SECOND);
    expect(used.at(-1)?.cert).toBe(young.cert);
    expect(logged.saying(KEPT)).toEqual([]);
    expect(source.facts().renewals).toEqual({ used: 1, kept: 0 });
  });

  it("that is restored after damage is logged, and not counted as new", async () => {
    const folder = temporaryFolder();
    const made = await pair();
    write(folder, made);
    const { clock, logged, used } = await watch(folder);
    writeFileSync(join(folder, "tls.key"), "");
    await clock.advance(3 * SECOND);
    write(folder, made);
    await clock.advance(SECOND);
    expect(logged.saying("the certificate is the last good one again")).toHaveLength(1);
    expect(used).toHaveLength(1);
  });

  it("that expires makes the replica unready", async () => {
    const folder = temporaryFolder();
    write(folder, await pair());
    const { source, clock } = await watch(folder);
    expect(source.readiness()).toEqual([
      { name: "certificate", status: "ok", text: `good until 2027-11-21T12:00:00Z, from ${folder}` },
    ]);
    clock.jump(366 * DAY);
    expect(source.readiness()).toEqual([
      { name: "certificate", status: "failed", text: `expired at 2027-11-21T12:00:00Z, from ${folder}` },
    ]);
  });
});

describe("--self-signed", () => {
  it("creates the files for the given hosts", async () => {
    const folder = join(temporaryFolder(), "certs");
    const clock = new VirtualClock(START);
    const stop = new AbortController();
    const options = { directory: folder, hosts: HOSTS, log: new LogLines().log, timing: clock.timing() };
    const source = new SelfSignedSource(options);
    const used: Certificate[] = [];
    await source.start((certificate) => used.push(certificate), stop.signal);
    stop.abort();
    expect(used).toHaveLength(1);
    expect(source.readiness()[0]?.status).toBe("ok");
  });
});

describe("--client-ca", () => {
  async function clientCa(
    file: string,
  ): Promise<{ ca: ClientCa; used: string[]; clock: VirtualClock; logged: LogLines }> {
    const clock = new VirtualClock(START);
    const logged = new LogLines();
    const ca = new ClientCa({ file, log: logged.log, timing: clock.timing() });
    const stop = new AbortController();
    onTestFinished(() => {
      stop.abort();
    });
    const used: string[] = [];
    await ca.start((pem) => used.push(pem), stop.signal);
    clock.loops++;
    return { ca, used, clock, logged };
  }

  it("is read again when it changes, and the last good CA stays after an invalid change", async () => {
    const file = join(temporaryFolder(), "ca.crt");
    const [old, young] = [await pair(), await pair()];
    writeFileSync(file, old.ca);
    const { ca, used, clock, logged } = await clientCa(file);
    writeFileSync(file, "");
    await clock.advance(3 * SECOND);
    expect(used).toEqual([old.ca]);
    expect(logged.saying("the client CA changed and cannot be used; the last good one stays")).toHaveLength(1);
    expect(ca.readiness()).toMatchObject({
      name: "clientCA",
      status: "degraded",
      text: expect.stringContaining("the last good one stays: ") as unknown,
    });
    writeFileSync(file, young.ca + old.ca);
    await clock.advance(SECOND);
    expect(used.at(-1)).toBe(young.ca + old.ca);
  });

  it.each([
    ["is missing", undefined, "ENOENT"],
    ["is empty", "", "it has no certificate"],
  ])("that %s fails the start with the name of the file", async (_, text, why) => {
    const file = join(temporaryFolder(), "ca.crt");
    if (text !== undefined) writeFileSync(file, text);
    await expect(clientCa(file)).rejects.toMatchObject({
      code: "certificate",
      message: expect.stringMatching(new RegExp(`^--client-ca ${file} cannot be used: .*${why}`)) as unknown,
    });
  });

  it("that has expired fails the start", async () => {
    const file = join(temporaryFolder(), "ca.crt");
    writeFileSync(file, (await pair(new Date(START.getTime() - 400 * DAY))).ca);
    await expect(clientCa(file)).rejects.toMatchObject({
      message: expect.stringContaining("its CA expired at 2026-10-17T12:00:00Z") as unknown,
    });
  });
});
