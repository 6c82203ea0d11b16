import { describe, expect, it } from "vitest";
import { base64, encodeAuthorities, authorityOf } from "../../../src/certs/cluster/signing-ca.ts";
import { CONFIGURATION_NAME, OSIMAGE_CONFIGURATION_NAME } from "../../../src/certs/cluster/ca-bundle.ts";
import { issueAuthority } from "../../../src/certs/issue.ts";
import type { Lifetimes } from "../../../src/certs/cluster/rotation.ts";
import { HOSTS, Replica, START } from "../../support/certificate-replica.ts";
import { FakeCertificateCluster } from "../../support/fake-certificate-cluster.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Hours for what the flags' defaults have in months: each minute of it is looked at. */
const LIFETIMES: Lifetimes = { ca: 48 * HOUR, serving: 6 * HOUR };

interface Bench {
  readonly clock: VirtualClock;
  readonly cluster: FakeCertificateCluster;
  readonly replicas: readonly Replica[];
}

/** Replicas over configurations without caBundle and no Secret, when all is done. */
async function bench(count = 1, { lifetimes = LIFETIMES, start = START } = {}): Promise<Bench> {
  const clock = new VirtualClock(start);
  const cluster = new FakeCertificateCluster();
  cluster.applyConfigurations();
  const replicas = Array.from({ length: count }, () => new Replica(clock, cluster, lifetimes));
  await clock.settle();
  return { clock, cluster, replicas };
}

async function oneReplica(options = {}): Promise<Bench & { readonly replica: Replica }> {
  const made = await bench(1, options);
  const [replica] = made.replicas;
  if (replica === undefined) throw new Error("no replica");
  return { ...made, replica };
}

describe("the start", () => {
  it("makes Secret, CA, certificate and caBundle where nothing is there", async () => {
    const { cluster, replica } = await oneReplica();
    expect(cluster.names).toHaveLength(1);
    expect(cluster.trusted).toEqual(cluster.names);
    expect(replica.issuer).toBe(cluster.names[0]);
    expect(HOSTS.map((host) => replica.leaf.checkHost(host) ?? replica.leaf.checkIP(host))).toEqual(HOSTS);
    expect(replica.leaf.validToDate).toEqual(new Date(START.getTime() + LIFETIMES.serving));
    expect(replica.isReady).toBe(true);
  });

  it("of twenty replicas at once ends with one CA that all of them sign with (T21)", async () => {
    const { cluster, replicas } = await bench(20);
    expect(cluster.names).toHaveLength(1);
    expect(new Set(replicas.map(({ issuer }) => issuer))).toEqual(new Set(cluster.names));
    expect(cluster.trusted).toEqual(cluster.names);
    expect(new Set(replicas.map(({ leaf }) => leaf.fingerprint256)).size).toBe(20);
  });

  it("is ready without configurations: they come after the server", async () => {
    const clock = new VirtualClock(START);
    const cluster = new FakeCertificateCluster();
    const replica = new Replica(clock, cluster, LIFETIMES);
    await clock.settle();
    expect(replica.isReady).toBe(true);
    cluster.applyConfigurations();
    await clock.settle();
    expect(cluster.trusted).toEqual(cluster.names);
  });

  it.each(["secret", "createSecret", "writeSecret"] as const)(
    "without the right to %s is not ready, says why, and goes on when the right comes",
    async (method) => {
      const clock = new VirtualClock(START);
      const cluster = new FakeCertificateCluster();
      cluster.applyConfigurations();
      cluster.refused.set(method, "forbidden");
      const replica = new Replica(clock, cluster, LIFETIMES);
      await clock.advance(10 * MINUTE);
      expect(replica.isReady).toBe(false);
      expect(replica.text("certificate")).toBe(`none yet, from the CA of Secret ns/ca; ${method}: forbidden`);
      expect(replica.leaves).toEqual([]);
      expect(replica.logged.saying("certificates cannot be looked after")).toHaveLength(1);
      cluster.refused.clear();
      await clock.advance(MINUTE);
      expect(replica.isReady).toBe(true);
    },
  );

  it.each(["configurations", "writeBundle"] as const)(
    "without the right to %s serves, but is not ready: nobody may trust it",
    async (method) => {
      const clock = new VirtualClock(START);
      const cluster = new FakeCertificateCluster();
      cluster.applyConfigurations();
      cluster.refused.set(method, "forbidden");
      const replica = new Replica(clock, cluster, LIFETIMES);
      await clock.advance(MINUTE);
      expect(replica.leaves).toHaveLength(1);
      expect(replica.isReady).toBe(false);
      expect(replica.text("caBundle")).toContain(`${method}: forbidden`);
      cluster.refused.clear();
      await clock.advance(MINUTE);
      expect(replica.isReady).toBe(true);
    },
  );

  it("takes the CA that is there, and one that ended meanwhile it replaces (T23)", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const [first] = cluster.names;
    replica.stop();
    const second = new Replica(clock, cluster, LIFETIMES);
    await clock.settle();
    expect(second.issuer).toBe(first);
    second.stop();
    clock.jump(49 * HOUR);
    const late = new Replica(clock, cluster, LIFETIMES);
    await clock.advance(HOUR);
    expect(cluster.names).toHaveLength(1);
    expect(cluster.names).not.toEqual([first]);
    expect(late.issuer).toBe(cluster.names[0]);
    expect(cluster.trusted).toEqual(cluster.names);
  });
});

describe("the serving certificate", () => {
  it("is replaced when a third of its life is left, with another key", async () => {
    const { clock, replica } = await oneReplica();
    const [first] = replica.leaves;
    await clock.advance(3.8 * HOUR);
    expect(replica.leaves).toHaveLength(1);
    await clock.advance(0.2 * HOUR);
    expect(replica.leaves).toHaveLength(2);
    expect(replica.leaf.publicKey.equals(first?.publicKey ?? replica.leaf.publicKey)).toBe(false);
    expect(replica.source.facts()).toMatchObject({ renewals: { used: 1, kept: 0 }, expiry: replica.leaf.validToDate });
  });

  it("is replaced on time while the API server is away", async () => {
    const { clock, cluster, replica } = await oneReplica();
    replica.isDown = true;
    await clock.advance(20 * HOUR);
    expect(replica.leaf.validToDate.getTime()).toBeGreaterThan(clock.now.getTime() + 1.9 * HOUR);
    expect(replica.issuer).toBe(cluster.names[0]);
    expect(replica.isReady).toBe(true);
    expect(replica.text("certificate")).toContain("connection");
  });

  it("is replaced within a minute after a machine slept over its end, or its clock was set (T22)", async () => {
    const { clock, replica } = await oneReplica();
    clock.jump(7 * HOUR);
    expect(replica.isReady).toBe(false);
    await clock.advance(MINUTE);
    expect(replica.isReady).toBe(true);
    expect(replica.leaf.validToDate.getTime()).toBeGreaterThan(clock.now.getTime());
    clock.jump(-20 * HOUR);
    expect(replica.leaf.validFromDate.getTime()).toBeGreaterThan(clock.now.getTime());
    await clock.advance(MINUTE);
    expect(replica.leaf.validFromDate.getTime()).toBeLessThan(clock.now.getTime());
  });

  it("is not replaced too early by a timer that is longer than Node's (T22)", async () => {
    const lifetimes = { ca: 10_000 * DAY, serving: 1_000 * DAY };
    const { clock, replica } = await oneReplica({ lifetimes });
    await clock.advance(DAY);
    expect(replica.leaves).toHaveLength(1);
  });
});

describe("a rotation", () => {
  it("publishes the new CA, signs with it five minutes later, and drops the old one when that has ended", async () => {
    const { clock, cluster, replicas } = await bench(3);
    const [old] = cluster.names;
    await clock.advance(31 * HOUR);
    expect(cluster.names).toEqual([old]);
    while (cluster.names.length === 1) await clock.advance(MINUTE);
    const [, young] = cluster.names;
    expect(cluster.trusted).toEqual([old, young]);
    expect(replicas.map(({ issuer }) => issuer)).toEqual([old, old, old]);
    await clock.advance(3 * MINUTE);
    expect(replicas.map(({ issuer }) => issuer)).toEqual([old, old, old]);
    await clock.advance(3 * MINUTE);
    expect(replicas.map(({ issuer }) => issuer)).toEqual([young, young, young]);
    await clock.advance(15 * HOUR);
    expect(cluster.names).toEqual([old, young]);
    await clock.advance(2 * HOUR);
    expect(cluster.names).toEqual([young]);
    expect(cluster.trusted).toEqual([young]);
  });

  it("waits while the new CA cannot be published, and the old one goes on signing", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const [old] = cluster.names;
    cluster.refused.set("writeBundle", "forbidden");
    await clock.advance(40 * HOUR);
    expect(cluster.names).toHaveLength(2);
    expect(cluster.trusted).toEqual([old]);
    expect(replica.issuer).toBe(old);
    cluster.refused.clear();
    await clock.advance(10 * MINUTE);
    expect(replica.issuer).toBe(cluster.names.at(-1));
    expect(replica.issuer).not.toBe(old);
  });
});

describe("the Secret", () => {
  it.each([
    ["deleted", undefined],
    ["emptied", {}],
    ["no JSON", { "authorities.json": base64("{") }],
    ["no list", { "authorities.json": base64("{}") }],
    ["half of a key", { "authorities.json": base64('[{"cert":"-----BEGIN CERTIFICATE-----","key":""}]') }],
  ])("that is %s is put back from memory, and nothing else changes (T19)", async (_, data) => {
    const { clock, cluster, replicas } = await bench(3);
    const before = cluster.names;
    const leaves = replicas.map(({ leaf }) => leaf.fingerprint256);
    cluster.setSecret(data);
    await clock.settle();
    expect(cluster.names).toEqual(before);
    expect(cluster.trusted).toEqual(before);
    expect(replicas.map(({ leaf }) => leaf.fingerprint256)).toEqual(leaves);
  });

  it("whose key is of another certificate is put back, and what is wrong is said without the key", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const before = cluster.names;
    const [one, other] = await Promise.all([1, 2].map(() => issueAuthority("x", { now: START, end: at(DAY) })));
    const mixed = JSON.stringify([{ cert: one?.cert, key: other?.key }]);
    cluster.setSecret({ "authorities.json": base64(mixed) });
    await clock.settle();
    expect(cluster.names).toEqual(before);
    const [line] = replica.logged.saying("the Secret has what is no CA; it is written anew");
    expect(line).toMatchObject({ why: "authorities.json[0]: the key is not the certificate's" });
    expect(replica.logged.written.join("")).not.toContain("PRIVATE KEY");
  });

  it("that is lost for good while the right to make it is missing leaves all as it was, and says so", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const trusted = cluster.trusted;
    cluster.refused.set("createSecret", "forbidden");
    cluster.setSecret(undefined);
    await clock.advance(12 * HOUR);
    expect(cluster.trusted).toEqual(trusted);
    expect(replica.isReady).toBe(true);
    expect(replica.leaf.validToDate.getTime()).toBeGreaterThan(clock.now.getTime());
    expect(replica.text("certificate")).toContain("createSecret: forbidden");
  });

  it("with a CA by a person's hand is rotated to it, the one in use staying trusted", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const [old] = cluster.names;
    const own = authorityOf(await issueAuthority("own", { now: START, end: at(48 * HOUR) }));
    cluster.setSecret(encodeAuthorities([own]));
    await clock.settle();
    expect(cluster.names).toEqual([old, own.name]);
    expect(cluster.trusted).toEqual([old, own.name]);
    expect(replica.issuer).toBe(old);
    await clock.advance(6 * MINUTE);
    expect(replica.issuer).toBe(own.name);
  });

  it("from a backup, which says of a CA that it is published, is not believed before caBundle has it", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const [current] = cluster.names;
    const pair = await issueAuthority("of a backup", { now: START, end: at(48 * HOUR) });
    cluster.setSecret(encodeAuthorities([authorityOf(pair, at(-HOUR))]));
    await clock.settle();
    expect(replica.issuer).toBe(current);
    await clock.advance(4 * MINUTE);
    expect(replica.issuer).toBe(current);
    await clock.advance(2 * MINUTE);
    expect(replica.issuer).toMatch(/^of a backup/);
    expect(cluster.trusted).toEqual([current, replica.issuer]);
  });
});

describe("caBundle", () => {
  it("that somebody else wrote is put right at once, and he is named", async () => {
    const { clock, cluster, replica } = await oneReplica();
    cluster.overwrite("garbage", "gitops");
    await clock.settle();
    expect(cluster.trusted).toEqual(cluster.names);
    expect(replica.logged.saying("somebody else wrote caBundle; it is written again")[0]).toMatchObject({
      by: "gitops",
    });
    expect(replica.source.facts().overwritings).toBe(2);
    expect(replica.isReady).toBe(true);
  });

  it("of the configurations for OSImages is kept, too", async () => {
    const clock = new VirtualClock(START);
    const cluster = new FakeCertificateCluster([CONFIGURATION_NAME, OSIMAGE_CONFIGURATION_NAME]);
    cluster.applyConfigurations();
    const replica = new Replica(clock, cluster, LIFETIMES);
    await clock.settle();
    cluster.overwrite("garbage", "gitops");
    await clock.settle();
    expect(cluster.trusted).toEqual(cluster.names);
    expect(replica.source.facts().overwritings).toBe(4);
    expect(replica.source.state().at(-1)?.text).toContain(
      "ValidatingWebhookConfiguration is right, MutatingWebhookConfiguration vm-image-webhook-osimage is right",
    );
  });

  it("that is overwritten again and again is written ever more rarely, for longer and longer, and is ours in the end (T24)", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const waits: number[] = [];
    for (let times = 0; times < 12; times++) {
      cluster.overwrite("", "gitops");
      const begun = clock.now.getTime();
      await clock.settle();
      while (cluster.trusted?.length === 0) await clock.advance(SECOND);
      waits.push(Math.round((clock.now.getTime() - begun) / SECOND));
    }
    expect(waits[0]).toBe(0);
    for (const [index, wait] of waits.entries())
      if (index > 0) expect(wait).toBeGreaterThanOrEqual(waits[index - 1] ?? 0);
    expect(waits.at(-1)).toBeGreaterThan(280);
    expect(waits.at(-1)).toBeLessThan(320);
    cluster.overwrite("", "gitops");
    await clock.settle();
    expect(replica.text("caBundle")).toContain('was overwritten by "gitops" 13 times; written again at ');
    expect(replica.isReady).toBe(true);
    // Peace for ten minutes, and the next one is a single one again.
    await clock.advance(20 * MINUTE);
    cluster.overwrite("", "gitops");
    await clock.settle();
    expect(cluster.trusted).toEqual(cluster.names);
  });

  it("that two replicas keep is not written back and forth", async () => {
    const { clock, cluster } = await bench(5);
    const { length } = cluster.writes;
    await clock.advance(2 * HOUR);
    expect(cluster.writes).toHaveLength(length);
  });
});

function at(milliseconds: number): Date {
  return new Date(START.getTime() + milliseconds);
}
