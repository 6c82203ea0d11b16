import { describe, expect, it } from "vitest";
import { base64, encodeCas, signingCaOf } from "../../../src/certs/cluster/signing-ca.ts";
import { CONFIGURATION_NAME, OSIMAGE_CONFIGURATION_NAME } from "../../../src/certs/cluster/ca-bundle.ts";
import { issueCa } from "../../../src/certs/issue.ts";
import type { Lifetimes } from "../../../src/certs/cluster/lifetimes.ts";
import { HOSTS, Replica, START } from "../../support/certificate-replica.ts";
import { FakeCertificateCluster } from "../../support/fake-certificate-cluster.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Hours instead of the months of the flags' defaults: the tests step through each minute. */
const LIFETIMES: Lifetimes = { ca: 48 * HOUR, serving: 6 * HOUR };

interface Setup {
  readonly clock: VirtualClock;
  readonly cluster: FakeCertificateCluster;
  readonly replicas: readonly Replica[];
}

/** Replicas after their first reconciliation, which began without a Secret and without caBundle. */
async function setUp(count = 1, { lifetimes = LIFETIMES, start = START } = {}): Promise<Setup> {
  const clock = new VirtualClock(start);
  const cluster = new FakeCertificateCluster();
  cluster.applyConfigurations();
  const replicas = Array.from({ length: count }, () => new Replica(clock, cluster, lifetimes));
  await clock.settle();
  return { clock, cluster, replicas };
}

async function oneReplica(options = {}): Promise<Setup & { readonly replica: Replica }> {
  const made = await setUp(1, options);
  const [replica] = made.replicas;
  if (replica === undefined) throw new Error("no replica");
  return { ...made, replica };
}

describe("the start", () => {
  it("creates Secret, CA, certificate and caBundle if none exists", async () => {
    const { cluster, replica } = await oneReplica();
    expect(cluster.names).toHaveLength(1);
    expect(cluster.trusted).toEqual(cluster.names);
    expect(replica.issuer).toBe(cluster.names[0]);
    expect(HOSTS.map((host) => replica.leaf.checkHost(host) ?? replica.leaf.checkIP(host))).toEqual(HOSTS);
    expect(replica.leaf.validToDate).toEqual(new Date(START.getTime() + LIFETIMES.serving));
    expect(replica.isReady).toBe(true);
  });

  it("of twenty replicas at once creates one CA that signs the certificates of all", async () => {
    const { cluster, replicas } = await setUp(20);
    expect(cluster.names).toHaveLength(1);
    expect(new Set(replicas.map(({ issuer }) => issuer))).toEqual(new Set(cluster.names));
    expect(cluster.trusted).toEqual(cluster.names);
    expect(new Set(replicas.map(({ leaf }) => leaf.fingerprint256)).size).toBe(20);
  });

  it("is ready without configurations, because they are installed after the server", async () => {
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
    "without the right to %s is not ready, reports it, and continues once the right is granted",
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
      expect(replica.logged.saying("certificates cannot be reconciled")).toHaveLength(1);
      cluster.refused.clear();
      await clock.advance(MINUTE);
      expect(replica.isReady).toBe(true);
    },
  );

  it.each(["configurations", "writeBundle"] as const)(
    "without the right to %s serves, but is not ready, because no API server may trust it",
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

  it("uses an existing CA, and replaces one that has expired", async () => {
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
  it("is replaced when a third of its lifetime is left, with a new key", async () => {
    const { clock, replica } = await oneReplica();
    const [first] = replica.leaves;
    await clock.advance(3.8 * HOUR);
    expect(replica.leaves).toHaveLength(1);
    await clock.advance(0.2 * HOUR);
    expect(replica.leaves).toHaveLength(2);
    expect(replica.leaf.publicKey.equals(first?.publicKey ?? replica.leaf.publicKey)).toBe(false);
    expect(replica.source.facts()).toMatchObject({ renewals: { used: 1, kept: 0 }, expiry: replica.leaf.validToDate });
  });

  it("is replaced on time while the API server cannot be reached", async () => {
    const { clock, cluster, replica } = await oneReplica();
    replica.isDown = true;
    await clock.advance(20 * HOUR);
    expect(replica.leaf.validToDate.getTime()).toBeGreaterThan(clock.now.getTime() + 1.9 * HOUR);
    expect(replica.issuer).toBe(cluster.names[0]);
    expect(replica.isReady).toBe(true);
    expect(replica.text("certificate")).toContain("connection");
  });

  it("is replaced within a minute after a suspend past its expiry, or after the clock was set back", async () => {
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

  it("is not replaced early with a lifetime that is longer than Node's longest timer", async () => {
    const lifetimes = { ca: 10_000 * DAY, serving: 1_000 * DAY };
    const { clock, replica } = await oneReplica({ lifetimes });
    await clock.advance(DAY);
    expect(replica.leaves).toHaveLength(1);
  });
});

describe("a rotation", () => {
  it("publishes the new CA, signs with it five minutes later, and drops the old one when it has expired", async () => {
    const { clock, cluster, replicas } = await setUp(3);
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

  it("waits while the new CA cannot be published, and the old one still signs", async () => {
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
  ])("that is %s is restored from memory, and nothing else changes", async (_, data) => {
    const { clock, cluster, replicas } = await setUp(3);
    const before = cluster.names;
    const leaves = replicas.map(({ leaf }) => leaf.fingerprint256);
    cluster.setSecret(data);
    await clock.settle();
    expect(cluster.names).toEqual(before);
    expect(cluster.trusted).toEqual(before);
    expect(replicas.map(({ leaf }) => leaf.fingerprint256)).toEqual(leaves);
  });

  it("with a key of another certificate is restored, and the log does not show the key", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const before = cluster.names;
    const [one, other] = await Promise.all([1, 2].map(() => issueCa("x", { now: START, end: at(DAY) })));
    const mixed = JSON.stringify([{ cert: one?.cert, key: other?.key }]);
    cluster.setSecret({ "authorities.json": base64(mixed) });
    await clock.settle();
    expect(cluster.names).toEqual(before);
    const [line] = replica.logged.saying("the Secret has invalid content instead of CAs; rewriting it");
    expect(line).toMatchObject({ why: "authorities.json[0]: the key is not the certificate's" });
    expect(replica.logged.written.join("")).not.toContain("PRIVATE KEY");
  });

  it("that cannot be created again leaves CA and caBundle as they are, and the reason in /readyz", async () => {
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

  it("with a CA that a person wrote is rotated to it, and the CA in use stays trusted", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const [old] = cluster.names;
    const own = signingCaOf(await issueCa("own", { now: START, end: at(48 * HOUR) }));
    cluster.setSecret(encodeCas([own]));
    await clock.settle();
    expect(cluster.names).toEqual([old, own.name]);
    expect(cluster.trusted).toEqual([old, own.name]);
    expect(replica.issuer).toBe(old);
    await clock.advance(6 * MINUTE);
    expect(replica.issuer).toBe(own.name);
  });

  it("from a backup does not count as published before caBundle has its CA", async () => {
    const { clock, cluster, replica } = await oneReplica();
    const [current] = cluster.names;
    const pair = await issueCa("of a backup", { now: START, end: at(48 * HOUR) });
    cluster.setSecret(encodeCas([signingCaOf(pair, at(-HOUR))]));
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
  it("that another client overwrote is restored at once, and the log names the client", async () => {
    const { clock, cluster, replica } = await oneReplica();
    cluster.overwrite("garbage", "gitops");
    await clock.settle();
    expect(cluster.trusted).toEqual(cluster.names);
    expect(replica.logged.saying("somebody else wrote caBundle; it is written again")[0]).toMatchObject({
      by: "gitops",
    });
    expect(replica.source.facts().overwrites).toBe(2);
    expect(replica.isReady).toBe(true);
  });

  it("of the configurations for OSImages is restored, too", async () => {
    const clock = new VirtualClock(START);
    const cluster = new FakeCertificateCluster([CONFIGURATION_NAME, OSIMAGE_CONFIGURATION_NAME]);
    cluster.applyConfigurations();
    const replica = new Replica(clock, cluster, LIFETIMES);
    await clock.settle();
    cluster.overwrite("garbage", "gitops");
    await clock.settle();
    expect(cluster.trusted).toEqual(cluster.names);
    expect(replica.source.facts().overwrites).toBe(4);
    expect(replica.source.readiness().at(-1)?.text).toContain(
      "ValidatingWebhookConfiguration is correct, MutatingWebhookConfiguration vm-image-webhook-osimage is correct",
    );
  });

  it("that is overwritten again and again is restored after ever longer waits, up to five minutes", async () => {
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
    expect(replica.source.readiness().map(({ status }) => status)).toEqual(["ok", "degraded"]);
    expect(replica.text("caBundle")).toContain('was overwritten by "gitops" 13 times; written again at ');
    expect(replica.isReady).toBe(true);
    // After ten minutes without an overwrite the next one is restored at once.
    await clock.advance(20 * MINUTE);
    cluster.overwrite("", "gitops");
    await clock.settle();
    expect(cluster.trusted).toEqual(cluster.names);
  });

  it("is not rewritten by replicas that agree", async () => {
    const { clock, cluster } = await setUp(5);
    const { length } = cluster.writes;
    await clock.advance(2 * HOUR);
    expect(cluster.writes).toHaveLength(length);
  });
});

function at(milliseconds: number): Date {
  return new Date(START.getTime() + milliseconds);
}
