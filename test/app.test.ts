import { DEFAULT_LEVELS } from "../src/admission/systems.ts";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import http from "node:http";
import https from "node:https";
import { text as readText } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { privilegedCallers } from "../src/admission/privileged.ts";
import { App } from "../src/app.ts";
import { SelfSignedSource } from "../src/certs/files/self-signed-source.ts";
import { SYSTEM_TIMING } from "../src/common/timing.ts";
import { METRICS } from "../src/metrics/metric-table.ts";
import { ClusterSource } from "../src/sources/cluster/cluster-source.ts";
import { FakeApiServer, hang } from "./support/fake-api-server.ts";
import { scrapeFrom } from "./support/scrape.ts";
import { capturedLog, eventually, instantTiming, type LogLine, SHORT_LIMITS } from "./support/reflection.ts";
import resolved from "../examples/reviews/resolved.json" with { type: "json" };

let server: FakeApiServer;
let certDir: string;
let stop: AbortController;
let log: LogLine[];
let running: Promise<unknown>;
let port: number;
let opsPort: number;

beforeEach(async () => {
  server = new FakeApiServer();
  certDir = await mkdtemp(join(tmpdir(), "app-"));
  stop = new AbortController();
  const { log: logger, lines } = capturedLog();
  log = lines;
  const url = await server.listen();
  server.write("vmi-a", "ubuntu-24.04");
  const credentials = (): Promise<{ server: URL; headers: Record<string, string>; tls: object }> =>
    Promise.resolve({ server: url, headers: {}, tls: {} });
  [port, opsPort] = [await freePort(), await freePort()];
  const app = new App({
    listen: { host: "127.0.0.1", port },
    opsListen: { host: "127.0.0.1", port: opsPort },
    shutdownDelay: 3_600_000,
    certificates: new SelfSignedSource({ directory: certDir, hosts: [], log: logger, timing: SYSTEM_TIMING }),
    clientCa: undefined,
    tls: {},
    source: new ClusterSource({ credentials, log: logger, timing: instantTiming(), limits: SHORT_LIMITS }),
    maxImages: 10,
    openFiles: undefined,
    policy: {
      resolution: "namespace-first",
      write: "both",
      levels: DEFAULT_LEVELS,
      teamGroupPrefix: "loft:team:",
      isPrivileged: privilegedCallers({ users: [], groups: [] }),
    },
    log: logger,
    now: () => new Date(),
  });
  server.failAlways("list", hang);
  running = app.run(stop.signal);
});

afterEach(async () => {
  // SIGINT skips the shutdown delay.
  stop.abort("SIGINT");
  await running;
  await server.close();
  await rm(certDir, { recursive: true });
});

async function freePort(): Promise<number> {
  const probe = http.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return address !== null && typeof address === "object" ? address.port : 0;
}

interface Answer {
  readonly code: number | undefined;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

function ask(url: string, body?: unknown): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = {
    method: body === undefined ? "GET" : "POST",
    agent: false,
    rejectUnauthorized: false,
    headers: { "content-type": "application/json" },
  };
  const request = (url.startsWith("https") ? https : http).request(url, options, (response) => {
    readText(response).then((read) => {
      resolve({ code: response.statusCode, body: read, retryAfter: response.headers["retry-after"] });
    }, reject);
  });
  request.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

async function isReady(code: number): Promise<Answer> {
  let answer: Answer | undefined;
  await eventually(async () => {
    answer = await ask(`http://127.0.0.1:${opsPort}/readyz?verbose`);
    expect(answer.code).toBe(code);
    expect(answer.body).toContain("VirtualMachineImage");
  });
  return answer as unknown as Answer;
}

const mutate = (): Promise<Answer> => ask(`https://127.0.0.1:${port}/mutate`, resolved);

/** The same review, of a machine that names another image. */
function mutateNaming(imageName: string): Promise<Answer> {
  const review = structuredClone(resolved);
  review.request.object.spec.imageName = imageName;
  return ask(`https://127.0.0.1:${port}/mutate`, review);
}

it("answers probes and reviews 503 until the images are complete, then decides", async () => {
  const { body } = await isReady(503);
  expect(body).toContain("[-]VirtualMachineImage failed: ");
  expect(await mutate()).toMatchObject({ code: 503, retryAfter: "1" });
  expect(log.some(({ msg }) => msg === "serving")).toBe(false);
  server.failAlways("list", undefined);
  expect((await isReady(200)).body).toMatch(/\[\+\]VirtualMachineImage ok: (?:live|stale).* images=1\n/);
  expect(await mutate()).toMatchObject({ code: 200 });
  expect(log.some(({ msg }) => msg === "serving")).toBe(true);
});

it("serves metrics of its reviews, its images and its certificate", async () => {
  await isReady(503);
  await mutate();
  server.failAlways("list", undefined);
  await isReady(200);
  await mutate();
  await eventually(async () => {
    const live = { kind: "VirtualMachineImage", state: "live" };
    expect((await scrapeFrom(opsPort)).value(METRICS.state.name, live)).toBe(1);
  });
  const { value } = await scrapeFrom(opsPort);
  const reviews = (code: string): number | undefined => value(METRICS.requests.name, { webhook: "/mutate", code });
  expect([reviews("503"), reviews("200")]).toEqual([1, 1]);
  expect(value(METRICS.images.name, { kind: "VirtualMachineImage" })).toBe(1);
  expect(value(METRICS.age.name, { kind: "VirtualMachineImage" })).toBeLessThan(10);
  expect(value(METRICS.liveReads.name, { outcome: "failed" })).toBe(0);
  const { validToDate } = new X509Certificate(await readFile(join(certDir, "tls.crt")));
  expect(value(METRICS.certificate.name)).toBe(validToDate.getTime() / 1_000);
});

it("stays ready and decides by the last images while the API server is unreachable", async () => {
  server.failAlways("list", undefined);
  await isReady(200);
  await server.close();
  await eventually(async () => {
    expect((await ask(`http://127.0.0.1:${opsPort}/readyz?verbose`)).body).toContain(
      "[!]VirtualMachineImage degraded: stale: ",
    );
  });
  await isReady(200);
  expect(await mutate()).toMatchObject({ code: 200 });
  server = new FakeApiServer();
  await server.listen();
});

it("answers 503 for an unknown name while the API server does not respond, although its watches are open", async () => {
  server.failAlways("list", undefined);
  await isReady(200);
  await eventually(() => {
    expect(server.openWatches).toBe(2);
  });
  const refused = await mutateNaming("no-such-image");
  expect([refused.code, refused.body.includes('"allowed":false')]).toEqual([200, true]);
  // A recent list is reused for up to 5 s, but a VMI ID is read on its own.
  server.failAlways("get", hang);
  expect(await mutateNaming("vmi-00000000000000000")).toMatchObject({ code: 503, retryAfter: "1" });
  expect((await ask(`http://127.0.0.1:${opsPort}/readyz?verbose`)).body).toContain("[+]VirtualMachineImage ok: live: ");
  expect(await mutate()).toMatchObject({ code: 200 });
});

it("admits a machine of any namespace with a cluster-scoped VirtualMachineImage", async () => {
  server.replaceVmImages("Cluster");
  server.write("ubuntu-noble", "ubuntu-24.04");
  server.failAlways("list", undefined);
  await isReady(200);
  const { code, body } = await mutate();
  expect(code).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ response: { allowed: true } });
  await eventually(() => {
    expect(log).toContainEqual(expect.objectContaining({ msg: "review", images: ["ubuntu-noble"] }));
  });
});

it("stops without the shutdown delay before the images are complete: it has no callers yet", async () => {
  await isReady(503);
  stop.abort("SIGTERM");
  await running;
  await eventually(() => {
    expect(server.connections).toBe(0);
  });
});
