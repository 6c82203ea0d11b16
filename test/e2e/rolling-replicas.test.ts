import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setImmediate as poll, setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { createReview, responseOf } from "../support/admission-review.ts";
import { ofCheckout, run } from "../support/command-run.ts";
import { condition } from "../support/condition.ts";
import { ServerProcess } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { JSON_HEADERS } from "../support/tls-client.ts";

const RESTARTS = 10;
const REVIEWS_A_SECOND = 200;
/** Milliseconds until clients learn of a new or a leaving replica, as through endpoints. */
const ENDPOINT_LAG = 250;
/** Many times the lag, because the client of this test lags, too, on a busy machine. */
const SHUTDOWN_DELAY = "2s";
const REVIEW = JSON.stringify(createReview());

interface Replica {
  readonly process: ServerProcess;
  readonly port: number;
  readonly opsPort: number;
}

/** Replicas with one certificate, as a Deployment has, and the endpoints that clients know. */
class ReplicaSet {
  readonly #certDir: string;
  readonly ca: string;
  #endpoints: readonly Replica[] = [];
  readonly #exits: Promise<unknown>[] = [];
  replicas: readonly Replica[] = [];

  constructor(certDir: string) {
    this.#certDir = certDir;
    this.ca = readFileSync(join(certDir, "ca.crt"), "utf8");
  }

  /** A random endpoint, as kube-proxy chooses one. */
  endpoint(): Replica {
    const replica = this.#endpoints[Math.floor(Math.random() * this.#endpoints.length)];
    if (replica === undefined) throw new Error("no endpoint");
    return replica;
  }

  /** A new replica is ready and among the endpoints before the oldest gets SIGTERM: maxUnavailable 0, maxSurge 1. */
  async replaceOldest(): Promise<void> {
    await this.add();
    const [oldest] = this.replicas;
    if (oldest === undefined) throw new Error("no replica");
    oldest.process.signal("SIGTERM");
    await condition("its readiness fails", async () => !(await isReady(oldest)));
    this.replicas = this.replicas.filter((replica) => replica !== oldest);
    await this.#publish();
    this.#exits.push(oldest.process.exit());
  }

  /** The exit codes of the replaced replicas. */
  async exits(): Promise<readonly unknown[]> {
    return Promise.all(this.#exits);
  }

  async add(): Promise<void> {
    const process = new ServerProcess({
      certDir: this.#certDir,
      images: ofCheckout("examples/images"),
      flags: ["--shutdown-delay", SHUTDOWN_DELAY],
    });
    onTestFinished(() => {
      process.kill();
    });
    const { port, opsPort } = await process.serving();
    const replica: Replica = { process, port, opsPort };
    await condition("it is ready", () => isReady(replica));
    this.replicas = [...this.replicas, replica];
    await this.#publish();
  }

  async #publish(): Promise<void> {
    await delay(ENDPOINT_LAG);
    this.#endpoints = this.replicas;
  }
}

async function isReady({ opsPort }: Replica): Promise<boolean> {
  return fetch(`http://127.0.0.1:${opsPort}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** The agent for a review, and the port for its new connections. */
type Pool = (replicas: ReplicaSet) => { readonly agent: Agent; readonly port: number };

/** Before Kubernetes 1.37: one pool for the name of the Service; a new connection goes to a random endpoint. */
function byService(): Pool {
  let set: ReplicaSet | undefined;
  const agent = new (class extends Agent {
    override createConnection(
      ...[options, done]: Parameters<Agent["createConnection"]>
    ): ReturnType<Agent["createConnection"]> {
      return super.createConnection({ ...options, port: set?.endpoint().port }, done);
    }
  })({ keepAlive: true });
  return (replicas) => {
    set = replicas;
    // The port of the pool's name; each new connection chooses the port of a replica.
    return { agent, port: 443 };
  };
}

/** Since Kubernetes 1.37: each review chooses an endpoint, and a connection of its pool. */
function byEndpoint(): Pool {
  const agent = new Agent({ keepAlive: true });
  return (replicas) => ({ agent, port: replicas.endpoint().port });
}

/** Milliseconds: the API server's timeout of 10 s, less the time of a retry. */
const RETRY_DEADLINE = 9_000;

/**
 * Like the API server, retries an answer with Retry-After (client-go rest/with_retry.go), and never a broken
 * connection. Returns the failure, or undefined.
 */
async function review(pool: Pool, replicas: ReplicaSet, since = performance.now()): Promise<string | undefined> {
  const { agent, port } = pool(replicas);
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const asked = request({
    ...{ host: "127.0.0.1", port, agent, ca: replicas.ca },
    ...{ method: "POST", path: "/mutate?timeout=5s", headers: JSON_HEADERS },
  });
  asked.on("error", reject).on("response", (response) => {
    text(response).then((body) => {
      const retryAfter = response.headers["retry-after"];
      if (retryAfter !== undefined && performance.now() - since < RETRY_DEADLINE) {
        resolve(delay(Number(retryAfter) * 1_000).then(() => review(pool, replicas, since)));
        return;
      }
      const isGood = response.statusCode === 200 && responseOf(body)["allowed"] === true;
      resolve(isGood ? undefined : `${String(response.statusCode)} ${body}`);
    }, reject);
  });
  asked.end(REVIEW);
  return promise.catch(String);
}

/** The API server's limit (--max-mutating-requests-inflight). */
const MAX_IN_FLIGHT = 200;

/**
 * Sends reviews at this rate, without waiting for answers, until the signal. Returns the failures and the number of
 * successes.
 */
async function load(pool: Pool, replicas: ReplicaSet, until: AbortSignal): Promise<{ failed: string[]; good: number }> {
  const asked: Promise<string | undefined>[] = [];
  let inFlight = 0;
  const ask = async (): Promise<string | undefined> => {
    inFlight++;
    const result = await review(pool, replicas);
    inFlight--;
    return result;
  };
  const start = performance.now();
  while (!until.aborted) {
    const due = ((performance.now() - start) * REVIEWS_A_SECOND) / 1_000;
    while (asked.length < due && inFlight < MAX_IN_FLIGHT) asked.push(ask());
    await delay(5);
    // The API server notices a closed connection at any time, and this process only between turns of its event loop.
    // Without this turn, a late loop would choose connections that are already closed.
    await poll();
  }
  const results = await Promise.all(asked);
  const failed = results.filter((result) => result !== undefined);
  return { failed, good: results.length - failed.length };
}

describe(`${RESTARTS} rolling restarts under ${REVIEWS_A_SECOND} reviews a second`, () => {
  test.each([
    ["by service", byService],
    ["by endpoint", byEndpoint],
  ])(
    "fail no call of a client that pools its connections %s",
    async (_, pool) => {
      const certDir = temporaryFolder();
      await run(["certs", "--out", certDir]);
      const replicas = new ReplicaSet(certDir);
      await Promise.all([replicas.add(), replicas.add()]);
      const end = new AbortController();
      onTestFinished(() => {
        end.abort();
      });
      const loaded = load(pool(), replicas, end.signal);
      for (let count = 0; count < RESTARTS; count++) await replicas.replaceOldest();
      expect(await replicas.exits()).toEqual(Array.from({ length: RESTARTS }, () => 0));
      end.abort();
      const { failed, good } = await loaded;
      expect(failed).toEqual([]);
      expect(good).toBeGreaterThan(RESTARTS * REVIEWS_A_SECOND);
    },
    180_000,
  );
});
