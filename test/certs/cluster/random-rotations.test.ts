import { expect, it } from "vitest";
import type { Lifetimes } from "../../../src/certs/cluster/rotation.ts";
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
/** The slowest API server has a new caBundle after so long. */
const API_SERVER_LAG = MINUTE;
/** Clocks differ by no more than this from the true one. */
const MOST_SKEW = 90 * SECOND;

/** A CA is trusted for a third of its life after its successor was made: whoever knows of none has that long. */
const LONGEST_CUT = 1.3 * HOUR;

/** What API servers may still believe: every bundle that was current within their lag. */
class Beliefs {
  #bundles: { readonly until: number; readonly names: readonly string[] }[] = [];
  #current: readonly string[] = [];

  note(now: number, names: readonly string[]): void {
    if (names.join() !== this.#current.join())
      this.#bundles.push({ until: now + API_SERVER_LAG, names: this.#current });
    this.#current = names;
    this.#bundles = this.#bundles.filter(({ until }) => until > now);
  }

  /** Those that would not trust a certificate of this CA. */
  without(issuer: string): readonly (readonly string[])[] {
    return [...this.#bundles.map(({ names }) => names), this.#current].filter((names) => !names.includes(issuer));
  }
}

it("no random outage, restart or damage of the Secret leaves an API server without trust in a ready replica", async () => {
  const seed = testSeed();
  const random = seeded(seed);
  const clock = new VirtualClock(START, () => random(1_000) / 1_000);
  const cluster = new FakeCertificateCluster();
  cluster.applyConfigurations();
  const beliefs = new Beliefs();
  const signers = new Set<string>();
  const newReplica = (): Replica => {
    const replica = new Replica(clock, cluster, LIFETIMES);
    replica.skew = random(2 * MOST_SKEW) - MOST_SKEW;
    return replica;
  };
  const replicas = Array.from({ length: REPLICAS }, newReplica);
  await clock.settle();
  /** Before that nobody was sent to it. */
  const readySince = new Map<Replica, number>();
  const look = (): void => {
    const now = clock.now.getTime();
    beliefs.note(now, cluster.trusted ?? []);
    for (const replica of replicas.filter(({ isReady }) => isReady)) {
      const since = readySince.get(replica) ?? now;
      readySince.set(replica, since);
      signers.add(replica.issuer);
      if (now - since < API_SERVER_LAG) continue;
      expect(beliefs.without(replica.issuer), `trust ${replica.issuer} at ${clock.now.toISOString()}`).toEqual([]);
      expect(replica.leaf.validToDate.getTime()).toBeGreaterThan(now);
    }
  };
  const cutUntil = new Map<Replica, Date>();
  const any = (): number => random(REPLICAS);
  // Where nobody is left who knows the newest CA, nobody can put it back.
  const damage = (data: Readonly<Record<string, string>> | undefined) => (): void => {
    if (replicas.every(({ isDown }) => !isDown)) cluster.setSecret(data);
  };
  const events: readonly (() => void)[] = [
    damage(undefined),
    damage({}),
    damage({ "authorities.json": "bm9uc2Vuc2U=" }),
    () => {
      const replica = replicas[any()];
      const back = replica && cutUntil.get(replica);
      // Once it is back, it has a while to look around.
      if (replica === undefined || (back !== undefined && clock.now.getTime() < back.getTime() + HOUR / 2)) return;
      replica.isDown = true;
      cutUntil.set(replica, new Date(clock.now.getTime() + random(LONGEST_CUT)));
    },
    () => {
      // A rollout has the new one ready before it ends the old one; one that is cut off cannot be replaced.
      const index = any();
      if (replicas.some(({ isDown }) => isDown)) return;
      replicas[index]?.stop();
      replicas[index] = newReplica();
    },
  ];
  const reconnect = (): void => {
    for (const replica of replicas) if (clock.now > (cutUntil.get(replica) ?? clock.now)) replica.isDown = false;
  };
  try {
    for (let end = START.getTime() + HOURS * HOUR; clock.now.getTime() < end;) {
      await clock.advance(random(20) * MINUTE + SECOND, look);
      reconnect();
      events[random(events.length)]?.();
    }
    for (const replica of replicas) replica.isDown = false;
    await clock.advance(HOUR, look);
    expect(replicas.map(({ isReady }) => isReady)).toEqual(replicas.map(() => true));
    expect(signers.size).toBeGreaterThan(4);
    expect(cluster.names.length).toBeLessThanOrEqual(3);
    expect(cluster.trusted).toEqual(cluster.names);
  } catch (error) {
    throw new Error(`with ${SEED_VARIABLE}=${seed}`, { cause: error });
  }
});
