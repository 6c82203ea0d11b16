import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { request } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { end, freePort, hasEnded } from "./cluster-api-server.ts";
import { eventuallySees, SOON } from "./polling.ts";
import { NAMESPACE } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import { machine, newName } from "./machines.ts";
import { ENVIRONMENT, type LogLine, MAIN, type ServingCertificate } from "./webhook.ts";

export const KINDS = ["VirtualMachineImage", "ClusterVirtualMachineImage"] as const;
export type Kind = (typeof KINDS)[number];

/** The answer of /readyz?verbose. */
export interface Readiness {
  /** HTTP status; 0 before the server listens. */
  readonly code: number;
  readonly text: string;
}

export interface Answer {
  /** HTTP status. */
  readonly code: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** The part of an AdmissionResponse that tests read. */
export interface Response {
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: object;
}

export interface ClusterWebhookOptions {
  readonly kubeconfig: string;
  readonly certificate: ServingCertificate;
  readonly flags?: readonly string[];
  /** Flags of Node itself. */
  readonly nodeFlags?: readonly string[];
}

/** The real program over a cluster, in a process of its own. */
export class ClusterWebhook {
  /** The port for reviews. */
  readonly port: number;
  readonly #opsPort: number;
  readonly #ca: string;
  readonly #child: ChildProcess;
  readonly #log: LogLine[] = [];
  readonly #other: string[] = [];

  readonly #killAtExit = (): void => {
    this.#child.kill("SIGKILL");
  };

  private constructor(child: ChildProcess, ports: { port: number; opsPort: number }, ca: string) {
    this.#child = child;
    this.port = ports.port;
    this.#opsPort = ports.opsPort;
    this.#ca = ca;
    // An aborted test run must not leave the process behind.
    process.once("exit", this.#killAtExit);
    if (child.stderr === null) throw new Error("no pipe to the webhook's log");
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.startsWith("{")) this.#log.push(JSON.parse(line) as LogLine);
      else this.#other.push(line);
    });
  }

  /**
   * Waits until it is live; it may not be ready yet. The caller chooses the ports: it logs them only after its images
   * are complete.
   */
  static async start({
    kubeconfig,
    certificate,
    flags = [],
    nodeFlags = [],
  }: ClusterWebhookOptions): Promise<ClusterWebhook> {
    const ports = { port: await freePort(), opsPort: await freePort() };
    const addresses = [
      "--listen",
      `127.0.0.1:${ports.port}`,
      "--ops-listen",
      `127.0.0.1:${ports.opsPort}`,
      "--shutdown-delay",
      "0s",
    ];
    const places = ["--kubeconfig", kubeconfig, "--cert-dir", certificate.directory];
    const child = spawn(process.execPath, [...nodeFlags, MAIN, "serve", ...places, ...addresses, ...flags], {
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const webhook = new ClusterWebhook(child, ports, certificate.ca);
    try {
      await eventuallySees("the webhook is live", async () =>
        (await webhook.#get("/livez")).code === 200 ? undefined : "not live",
      );
    } catch (error) {
      await webhook.stop();
      throw error;
    }
    return webhook;
  }

  /** Also waits until it is ready. */
  static async startReady(options: ClusterWebhookOptions): Promise<ClusterWebhook> {
    const webhook = await ClusterWebhook.start(options);
    try {
      await webhook.becomesReady();
    } catch (error) {
      await webhook.stop();
      throw error;
    }
    return webhook;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The log lines so far. A line arrives some time after its event. */
  get linesSoFar(): readonly LogLine[] {
    return this.#log;
  }

  /** The log lines of reviews so far. */
  get reviewsSoFar(): readonly LogLine[] {
    return this.#log.filter(({ msg }) => msg === "review");
  }

  /** Output that is not a log line: a crash. */
  get crash(): string {
    return this.#other.join("\n");
  }

  get isAlive(): boolean {
    return !hasEnded(this.#child);
  }

  /** The complete log until now: lines arrive in order, so it waits for the line of a new review. */
  async logUntilNow(): Promise<readonly LogLine[]> {
    const review = reviewOf("ubuntu-24.04");
    await this.#review(review);
    await eventually("the review is in the log", () => this.#log.some(({ uid }) => uid === review.request.uid));
    return this.#log;
  }

  /** The log lines until now about state changes of one kind, oldest first. */
  async changesOf(kind: Kind): Promise<readonly LogLine[]> {
    return (await this.logUntilNow()).filter((line) => line["msg"] === "images changed state" && line["kind"] === kind);
  }

  readiness(): Promise<Readiness> {
    return this.#get("/readyz?verbose");
  }

  async becomesReady(deadline = SOON): Promise<void> {
    await eventuallySees("the webhook is ready", async () => notReady(await this.readiness()), deadline);
  }

  /** Waits until /readyz?verbose shows this state for each kind. */
  async becomes(state: string, kinds: readonly Kind[] = KINDS, deadline = SOON): Promise<void> {
    await eventuallySees(
      `${kinds.join(" and ")}: ${state}`,
      async () => {
        const { text: body } = await this.readiness();
        return kinds.every((kind) => stateIn(body, kind) === state) ? undefined : body;
      },
      deadline,
    );
  }

  /** A number of a kind in /readyz?verbose. */
  async count(kind: Kind, what: string): Promise<number> {
    const { text: body } = await this.readiness();
    const found = new RegExp(`^\\[[+!-]\\]${kind} .*\\b${what}=(?<count>\\d+)`, "m").exec(body)?.groups?.["count"];
    if (found === undefined) throw new Error(`/readyz?verbose has no ${what} of ${kind}: ${body}`);
    return Number(found);
  }

  /** A number of /metrics without labels. */
  async metric(name: string): Promise<number> {
    const { text: body } = await this.#get("/metrics");
    const found = new RegExp(`^${name} (?<value>\\S+)$`, "m").exec(body)?.groups?.["value"];
    if (found === undefined) throw new Error(`/metrics has no ${name}: ${body}`);
    return Number(found);
  }

  /** The result of a review with this name for a new machine: an image, `refused`, or the HTTP status. */
  async meaningOf(imageName: string, namespace = NAMESPACE): Promise<string> {
    const { code, body } = await this.mutate(imageName, namespace);
    if (code !== 200) return String(code);
    const { response } = JSON.parse(body) as { response: Response };
    return response.allowed ? pinned(response, imageName) : "refused";
  }

  async means(imageName: string, meaning: string, deadline = SOON): Promise<void> {
    await eventuallySees(
      `${imageName} means ${meaning}`,
      async () => {
        const found = await this.meaningOf(imageName);
        return found === meaning ? undefined : found;
      },
      deadline,
    );
  }

  /** Sends one review directly, over TLS. */
  mutate(imageName: string, namespace = NAMESPACE): Promise<Answer> {
    return this.#review(reviewOf(imageName, namespace));
  }

  #review(review: object): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request({
      method: "POST",
      host: "127.0.0.1",
      port: this.port,
      path: "/mutate?timeout=5s",
      ca: this.#ca,
      agent: false,
      headers: { "content-type": "application/json" },
    });
    sent.once("error", reject);
    sent.once("response", (response) => {
      const { statusCode: code = 0, headers } = response;
      text(response).then((body) => {
        resolve({ code, retryAfter: headers["retry-after"], body });
      }, reject);
    });
    sent.end(JSON.stringify(review));
    return promise;
  }

  /** Sends SIGTERM, as the kubelet does, and waits for the exit code. */
  async stop(): Promise<number | null> {
    await end(this.#child, "SIGTERM");
    process.off("exit", this.#killAtExit);
    return this.#child.exitCode;
  }

  async #get(path: string): Promise<Readiness> {
    if (!this.isAlive) throw new Error(`the webhook ended with ${String(this.#child.exitCode)}: ${this.crash}`);
    try {
      const response = await fetch(`http://127.0.0.1:${this.#opsPort}${path}`);
      return { code: response.status, text: await response.text() };
    } catch (error) {
      return { code: 0, text: String(error) };
    }
  }
}

/** The state of a kind in the text of /readyz?verbose. */
export function stateIn(readiness: string, kind: Kind): string | undefined {
  return new RegExp(`^\\[[+!-]\\]${kind} \\w+: (?<state>\\w+)`, "m").exec(readiness)?.groups?.["state"];
}

/** The result of a poll: undefined where it is ready. */
export function notReady({ code, text: body }: Readiness): string | undefined {
  return code === 200 ? undefined : `${code}: ${body}`;
}

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: { readonly uid: string };
}

/** An AdmissionReview of a CREATE by an ordinary user. */
export function reviewOf(imageName: string, namespace = NAMESPACE): Review {
  const object = machine(newName("asked"), { imageName });
  const group = "vmoperator.vmware.com";
  const version = "v1alpha6";
  const request = {
    uid: randomUUID(),
    kind: { group, version, kind: "VirtualMachine" },
    resource: { group, version, resource: "virtualmachines" },
    name: object.metadata.name,
    namespace,
    operation: "CREATE",
    userInfo: { username: "dev-user", groups: ["developers", "system:authenticated"] },
    object: { ...object, metadata: { ...object.metadata, namespace } },
    oldObject: null,
    dryRun: false,
  };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
}

/** `spec.imageName` after the patch. */
export function pinned({ patch = "" }: Response, sent: string): string {
  const text = Buffer.from(patch, "base64").toString() || "[]";
  const operations = JSON.parse(text) as readonly { readonly path: string; readonly value?: unknown }[];
  const written = operations.find(({ path }) => path === "/spec/imageName")?.value;
  return typeof written === "string" ? written : sent;
}
