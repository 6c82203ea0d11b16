import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { selfSigned } from "../../src/certs/self-signed.ts";
import { Failure } from "../../src/common/failure.ts";
import { SYSTEM_TIMING } from "../../src/common/timing.ts";
import { Connection } from "../../src/kube/connection.ts";
import { CurrentCredentials } from "../../src/kube/credentials.ts";
import { type ContextOptions, kubeconfigCredentials } from "../../src/kube/kubeconfig/kubeconfig-credentials.ts";
import { FakeApiServer, lines, status } from "../support/fake-api-server.ts";
import { capturedLog, type LogLine } from "../support/reflection.ts";

const NEVER = new AbortController().signal;
const SERVICE_ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount";
const PATH = "/apis/vmoperator.vmware.com";

let folder: string;
let server: FakeApiServer;
let url: URL;
let ca: string;
/** The time of the credentials' clock. */
let now: number;
const cleanUp: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "credentials-"));
  await mkdir(join(folder, SERVICE_ACCOUNT), { recursive: true });
  const pair = await selfSigned(["127.0.0.1"], new Date());
  ca = pair.ca;
  server = new FakeApiServer(pair);
  url = await server.listen();
  now = 0;
  vi.stubEnv("KUBERNETES_SERVICE_HOST", url.hostname);
  vi.stubEnv("KUBERNETES_SERVICE_PORT", url.port);
  await writeToken("first\n");
  await writeCa(ca);
});

afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
  await server.close();
  await rm(folder, { recursive: true });
  vi.unstubAllEnvs();
});

async function writeToken(token: string): Promise<void> {
  await writeFile(join(folder, SERVICE_ACCOUNT, "token"), token);
}

async function writeCa(pem: string): Promise<void> {
  await writeFile(join(folder, SERVICE_ACCOUNT, "ca.crt"), pem);
}

/** A connection as in a pod whose root folder is the test's folder. */
function inPod(): { connection: Connection; credentials: CurrentCredentials; log: LogLine[] } {
  const environment = { KUBERNETES_SERVICE_HOST: url.hostname, KUBERNETES_SERVICE_PORT: url.port };
  return connectionOf({ file: undefined, environment, root: `${folder}/` });
}

function connectionOf(options: ContextOptions): ReturnType<typeof inPod> {
  const { log, lines: logged } = capturedLog();
  const timing = { ...SYSTEM_TIMING, now: () => new Date(now) };
  const read = kubeconfigCredentials({ ...options, log, timing });
  const credentials = new CurrentCredentials({ read, log, timing });
  const connection = new Connection({ credentials });
  cleanUp.push(() => {
    connection.close();
  });
  return { connection, credentials, log: logged };
}

async function ask(connection: Connection): Promise<number> {
  const response = await connection.get(PATH, NEVER);
  for await (const chunk of response.body) expect(chunk.length).toBeGreaterThan(0);
  return response.status;
}

function tokens(): (string | undefined)[] {
  return server.requests.map(({ headers }) => headers.authorization);
}

describe("in a pod", () => {
  it("requests have the token without its newline, the user agent, and no accept-encoding", async () => {
    const { connection } = inPod();
    expect(await ask(connection)).toBe(200);
    const headers = server.requests[0]?.headers;
    expect(headers).toMatchObject({ authorization: "Bearer first", "user-agent": "vm-image-webhook" });
    expect(headers).not.toHaveProperty("accept-encoding");
  });

  it("a new token is used a minute after the last read", async () => {
    const { connection } = inPod();
    await ask(connection);
    await writeToken("second");
    now = 59_999;
    await ask(connection);
    now = 60_000;
    await ask(connection);
    expect(tokens()).toEqual(["Bearer first", "Bearer first", "Bearer second"]);
  });

  it("a new token is used at once if the API server refuses the old one", async () => {
    const { connection } = inPod();
    await ask(connection);
    await writeToken("second");
    server.fail("discovery", status(401));
    expect(await ask(connection)).toBe(200);
    expect(tokens()).toEqual(["Bearer first", "Bearer first", "Bearer second"]);
  });

  it("a request that gets 401 is sent a second time, and not a third", async () => {
    const { connection } = inPod();
    server.fail("discovery", status(401), 5);
    expect(await ask(connection)).toBe(401);
    expect(server.requests.length).toBe(2);
  });

  it.each([
    ["token that is empty", () => writeToken(" \n"), "the token is empty"],
    ["token that has no bytes", () => writeToken(""), "the token is empty"],
    ["token that is missing", () => rm(join(folder, SERVICE_ACCOUNT, "token")), "no such file"],
    ["CA that is empty", () => writeCa(""), "the CA is empty"],
    ["CA that is missing", () => rm(join(folder, SERVICE_ACCOUNT, "ca.crt")), "no such file"],
  ])("a %s leaves the last good credentials in use, and is logged once", async (_, damage, why) => {
    const { connection, credentials, log } = inPod();
    await ask(connection);
    await damage();
    for (now of [60_000, 120_000]) expect(await ask(connection)).toBe(200);
    expect(tokens()).toEqual(Array(3).fill("Bearer first"));
    expect(credentials.problem).toContain(why);
    expect(log.map(({ msg }) => msg)).toEqual([
      "credentials for the API server cannot be read; the last good ones stay",
    ]);
    await writeToken("second");
    await writeCa(ca);
    now = 180_000;
    await ask(connection);
    expect(tokens().at(-1)).toBe("Bearer second");
    expect(credentials.problem).toBeUndefined();
  });

  it("a new CA applies to new connections, and requests on old connections complete", async () => {
    const { connection } = inPod();
    server.fail("discovery", (response) => {
      response.writeHead(200).flushHeaders();
      release = () => {
        response.end("later");
      };
    });
    let release = (): void => undefined;
    const slow = await connection.get(PATH, NEVER);
    const other = await selfSigned(["127.0.0.1"], new Date());
    await writeCa(other.ca);
    now = 60_000;
    await expect(ask(connection)).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/certificate|signature/) as string,
    });
    release();
    const chunks: Buffer[] = [];
    for await (const chunk of slow.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("later");
    await writeCa(ca);
    now = 120_000;
    expect(await ask(connection)).toBe(200);
  });

  it("credentials that cannot be read at the start are a Failure with the reason", async () => {
    await writeToken("");
    const { credentials, connection } = inPod();
    await expect(credentials.check()).rejects.toThrow(
      new Failure(
        "cluster",
        `the pod's service account: the token is empty: tokenFile ${folder}/${SERVICE_ACCOUNT}/token`,
      ),
    );
    await expect(ask(connection)).rejects.toMatchObject({ code: "credentials" });
  });
});

describe("a kubeconfig", () => {
  async function kubeconfig(cluster: object, user: object): Promise<string> {
    const file = join(folder, "kubeconfig");
    const config = {
      "current-context": "it",
      clusters: [{ name: "it", cluster: { server: url.href, ...cluster } }],
      users: [{ name: "it", user }],
      contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    };
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  function fromFile(file: string): ReturnType<typeof inPod> {
    return connectionOf({ file, environment: {} });
  }

  it("provides server, CA and token, and is read again", async () => {
    const trusted = { "certificate-authority-data": Buffer.from(ca).toString("base64") };
    const file = await kubeconfig(trusted, { token: "from the file" });
    const { connection } = fromFile(file);
    expect(await ask(connection)).toBe(200);
    await kubeconfig(trusted, { token: "changed" });
    now = 60_000;
    await ask(connection);
    expect(tokens()).toEqual(["Bearer from the file", "Bearer changed"]);
  });

  it("runs an exec plugin once while its token is valid", async () => {
    const plugin = join(folder, "plugin.mjs");
    const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" };
    await writeFile(
      plugin,
      `import { appendFileSync } from "node:fs"; appendFileSync(${JSON.stringify(join(folder, "runs"))}, "x");
       console.log(JSON.stringify(${JSON.stringify({ ...credential, status: { token: "of the plugin", expirationTimestamp: "2999-01-01T00:00:00Z" } })}));`,
    );
    const exec = {
      apiVersion: credential.apiVersion,
      command: process.execPath,
      args: [plugin],
      interactiveMode: "Never",
    };
    const file = await kubeconfig({ "insecure-skip-tls-verify": true }, { exec });
    const { connection } = fromFile(file);
    for (now of [0, 60_000]) await ask(connection);
    expect(tokens()).toEqual(["Bearer of the plugin", "Bearer of the plugin"]);
  });

  it("provides basic authentication", async () => {
    const file = await kubeconfig({ "insecure-skip-tls-verify": true }, { username: "me", password: "pass" });
    await ask(fromFile(file).connection);
    expect(tokens()).toEqual([`Basic ${Buffer.from("me:pass").toString("base64")}`]);
  });

  it.each([
    ["that is missing", async () => Promise.resolve(join(folder, "none")), "cannot read the kubeconfig"],
    [
      "with a proxy of another scheme",
      () => kubeconfig({ "proxy-url": "ftp://127.0.0.1:1" }, {}),
      'proxy-url of cluster "it" has the scheme ftp, and must have http, https or socks5',
    ],
    [
      "without a current context",
      async () => {
        const file = join(folder, "empty");
        await writeFile(file, "apiVersion: v1\nkind: Config\n");
        return file;
      },
      "has no current-context",
    ],
  ])("%s is a Failure that says so", async (_, file, why) => {
    const { credentials } = fromFile(await file());
    await expect(credentials.check()).rejects.toMatchObject({
      code: "cluster",
      message: expect.stringContaining(why) as string,
    });
  });

  it("that does not exist, outside of a pod, is a Failure that names --kubeconfig", async () => {
    vi.stubEnv("KUBERNETES_SERVICE_HOST", undefined);
    vi.stubEnv("KUBECONFIG", undefined);
    vi.stubEnv("HOME", folder);
    const { credentials } = connectionOf({ file: undefined, environment: {} });
    await expect(credentials.check()).rejects.toMatchObject({
      message: expect.stringContaining("--kubeconfig FILE") as string,
    });
  });
});

it("a request on an idle connection that the server just closed is sent again", async () => {
  const { connection } = inPod();
  await ask(connection);
  server.fail("discovery", (response) => {
    response.socket?.destroy();
  });
  expect(await ask(connection)).toBe(200);
});

it("a broken answer that is not read does not end the process", async () => {
  const { connection } = inPod();
  server.fail("discovery", (response) => {
    response.writeHead(200).write("begun", () => response.socket?.destroy());
  });
  await connection.get(PATH, NEVER);
  await new Promise((resolve) => setTimeout(resolve, 20));
  server.fail("discovery", lines("ok"));
  expect(await ask(connection)).toBe(200);
});
