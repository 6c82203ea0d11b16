import { expect, it } from "vitest";
import type { Lifetimes } from "../../../src/certs/cluster/lifetimes.ts";
import { Replica, START } from "../../support/certificate-replica.ts";
import { FakeCertificateCluster } from "../../support/fake-certificate-cluster.ts";
import { SEED_VARIABLE, seeded, testSeed } from "../../support/seed.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const LIFETIMES: Lifetimes = { ca: 6 * HOUR, serving: HOUR };
const HOURS = 24;
const REPLICAS = 3;
/** The time until the slowest API server has a new caBundle. */
const API_SERVER_LAG = MINUTE;
/** The maximum difference of a replica's clock from the true time. */
const MAX_SKEW = 90 * SECOND;

/**
 * A CA is trusted for a third of its lifetime after its successor was issued. A replica may be without a connection
 * that long.
 */
const MAX_OUTAGE = 1.3 * HOUR;

/** The bundles that some API server may use: each one that was current within the lag. */
class UsedBundles {
  #bundles: { readonly until: number; readonly names: readonly string[] }[] = [];
  #current: readonly string[] = [];

  note(now: number, names: readonly string[]): void {
    if (names.join() !== this.#current.join())
      this.#bundles.push({ until: now + API_SERVER_LAG, names: this.#current });
    this.#current = names;
    this.#bundles = this.#bundles.filter(({ until }) => until > now);
  }

  /** The bundles that do not trust this CA. */
  without(issuer: string): readonly (readonly string[])[] {
    return [...this.#bundles.map(({ names }) => names), this.#current].filter((names) => !names.includes(issuer));
  }
}

it("every API server trusts each ready replica through random outages, restarts and damage of the Secret", async () => {
  const seed = testSeed();
  const random = seeded(seed);
  const clock = new VirtualClock(START, () => random(1_000) / 1_000);
  const cluster = new FakeCertificateCluster();
  cluster.applyConfigurations();
  const usedBundles = new UsedBundles();
  const signers = new Set<string>();
  const newReplica = (): Replica => {
    const replica = new Replica(clock, cluster, LIFETIMES);
    replica.skew = random(2 * MAX_SKEW) - MAX_SKEW;
    return replica;
  };
  const replicas = Array.from({ length: REPLICAS }, newReplica);
  await clock.settle();
  /** Before this time no API server calls the replica. */
  const readySince = new Map<Replica, number>();
  const check = (): void => {
    const now = clock.now.getTime();
    usedBundles.note(now, cluster.trusted ?? []);
    for (const replica of replicas.filter(({ isReady }) => isReady)) {
      const since = readySince.get(replica) ?? now;
      readySince.set(replica, since);
      signers.add(replica.issuer);
      if (now - since < API_SERVER_LAG) continue;
      expect(usedBundles.without(replica.issuer), `trust ${replica.issuer} at ${clock.now.toISOString()}`).toEqual([]);
      expect(replica.leaf.validToDate.getTime()).toBeGreaterThan(now);
    }
  };
  const downUntil = new Map<Replica, Date>();
  const anyIndex = (): number => random(REPLICAS);
  // Without a replica that knows the newest CA, no replica can restore it.
  const damage = (data: Readonly<Record<string, string>> | undefined) => (): void => {
    if (replicas.every(({ isDown }) => !isDown)) cluster.setSecret(data);
  };
  const events: readonly (() => void)[] = [
    damage(undefined),
    damage({}),
    damage({ "authorities.json": "bm9uc2Vuc2U=" }),
    () => {
      const replica = replicas[anyIndex()];
      const back = replica && downUntil.get(replica);
      // A replica that is back stays up for a while, so that it can reconcile.
      if (replica === undefined || (back !== undefined && clock.now.getTime() < back.getTime() + HOUR / 2)) return;
      replica.isDown = true;
      downUntil.set(replica, new Date(clock.now.getTime() + random(MAX_OUTAGE)));
    },
    () => {
      // A rollout waits until the new replica is ready. Without a connection it is never ready.
      const index = anyIndex();
      if (replicas.some(({ isDown }) => isDown)) return;
      replicas[index]?.stop();
      replicas[index] = newReplica();
    },
  ];
  const reconnect = (): void => {
    for (const replica of replicas) if (clock.now > (downUntil.get(replica) ?? clock.now)) replica.isDown = false;
  };
  try {
    for (let end = START.getTime() + HOURS * HOUR; clock.now.getTime() < end;) {
      await clock.advance(random(20) * MINUTE + SECOND, check);
      reconnect();
      events[random(events.length)]?.();
    }
    for (const replica of replicas) replica.isDown = false;
    await clock.advance(HOUR, check);
    expect(replicas.map(({ isReady }) => isReady)).toEqual(replicas.map(() => true));
    expect(signers.size).toBeGreaterThan(4);
    expect(cluster.names.length).toBeLessThanOrEqual(3);
    expect(cluster.trusted).toEqual(cluster.names);
  } catch (error) {
    throw new Error(`with ${SEED_VARIABLE}=${seed}`, { cause: error });
  }
});
