import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { run } from "./kubectl.ts";
import { eventually } from "./eventually.ts";

export const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
/** Without the variables of the test run, which could set flags or a kubeconfig. */
export const ENVIRONMENT = { PATH: process.env["PATH"] ?? "" };

/** A line of the webhook's log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface ServingCertificate {
  readonly directory: string;
  /** PEM. */
  readonly ca: string;
}

/** Makes a certificate with the command `certs`. */
export async function makeCertificate(directory: string): Promise<ServingCertificate> {
  const made = await run(process.execPath, [MAIN, "certs", "--out", directory], { env: ENVIRONMENT });
  if (made.code !== 0) throw new Error(`certs ended with ${made.code}: ${made.stderr}`);
  return { directory, ca: await readFile(join(directory, "ca.crt"), "utf8") };
}

export interface WebhookOptions {
  /** The folder of images; without one the webhook reads those of the cluster. */
  readonly images?: string;
  readonly kubeconfig?: string;
  readonly certificate: ServingCertificate;
  readonly flags?: readonly string[];
}

/** The real program, in a process of its own. */
export class WebhookProcess {
  readonly #child: ChildProcess;
  readonly #log: LogLine[] = [];
  readonly #other: string[] = [];

  readonly #killAtExit = (): void => {
    this.#child.kill("SIGKILL");
  };

  private constructor(child: ChildProcess) {
    this.#child = child;
    // An aborted test run must not leave the process behind.
    process.once("exit", this.#killAtExit);
    if (child.stderr === null) throw new Error("no pipe to the webhook's log");
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.startsWith("{")) this.#log.push(JSON.parse(line) as LogLine);
      else this.#other.push(line);
    });
  }

  static async start({ images, kubeconfig = "", certificate, flags = [] }: WebhookOptions): Promise<WebhookProcess> {
    const addresses = [
      "--listen",
      "127.0.0.1:0",
      "--ops-listen",
      "127.0.0.1:0",
      "--shutdown-delay",
      "0s",
      "--cert-dir",
      certificate.directory,
    ];
    const source = images === undefined ? ["--kubeconfig", kubeconfig] : ["--images", images];
    const args = [MAIN, "serve", ...source, ...addresses, ...flags];
    const webhook = new WebhookProcess(
      spawn(process.execPath, args, { env: ENVIRONMENT, stdio: ["ignore", "ignore", "pipe"] }),
    );
    try {
      await eventually("the webhook serves", () => webhook.#portOrDeath() !== undefined);
    } catch (error) {
      await webhook.stop();
      throw error;
    }
    return webhook;
  }

  get port(): number {
    const port = this.#portOrDeath();
    if (port === undefined) throw new Error("the webhook does not serve yet");
    return port;
  }

  /** The log lines so far of reviews of objects with this name. A line arrives some time after its answer. */
  reviewsSoFar(name: string): readonly LogLine[] {
    return this.#log.filter((line) => line["msg"] === "review" && line["name"] === name);
  }

  /** The log lines so far with this message. */
  linesOf(message: string): readonly LogLine[] {
    return this.#log.filter((line) => line["msg"] === message);
  }

  /** Sends SIGTERM, as the kubelet does, and waits for the exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await exit;
    }
    process.off("exit", this.#killAtExit);
    return this.#child.exitCode;
  }

  #portOrDeath(): number | undefined {
    if (this.#child.exitCode !== null) {
      throw new Error(`the webhook ended with ${this.#child.exitCode}: ${this.#other.join("\n")}`);
    }
    const port = this.linesOf("serving")[0]?.["port"];
    return typeof port === "number" ? port : undefined;
  }
}
