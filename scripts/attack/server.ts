import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "yaml";
import type { Target } from "./case.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, "dist/vm-image-webhook.mjs");
const ARGUMENTS = ["--self-signed", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly env: readonly { name: string; value?: string }[] }[] };
    };
  };
}

/** What a process takes of the machine; NaN where the system does not say. */
export interface Usage {
  /** The most memory that it ever had. */
  readonly peakMiB: number;
  /** Of the time that it wanted to work, the part in which it could: a machine that does other things gives less. */
  readonly coreShare: number;
}

/** `serve` of the bundle as a process of its own, with the environment that the Deployment gives it. */
export class AttackedServer {
  readonly target: Target;
  /** PEM. */
  readonly ca: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #usage: Usage = { peakMiB: NaN, coreShare: NaN };

  private constructor(child: ChildProcess, folder: string, { target, ca }: { target: Target; ca: string }) {
    this.#child = child;
    this.#folder = folder;
    this.target = target;
    this.ca = ca;
  }

  /** Resolves when it serves. Throws where it ends before. */
  static async start(): Promise<AttackedServer> {
    const folder = await mkdtemp(join(tmpdir(), "vm-image-webhook-attack-"));
    const args = [PROGRAM, "serve", "--images", join(ROOT, "examples/images"), "--cert-dir", folder, ...ARGUMENTS];
    const child = spawn(process.execPath, args, { env: deployedEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
    const target = await servingPorts(child);
    return new AttackedServer(child, folder, { target, ca: await readFile(join(folder, "ca.crt"), "utf8") });
  }

  /** How it ended by itself; undefined while it runs. */
  get died(): string | undefined {
    const { exitCode, signalCode } = this.#child;
    return signalCode ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
  }

  /** What it used until now; the last known where it does not run any more. */
  usage(): Usage {
    const folder = `/proc/${this.#child.pid}`;
    try {
      const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`${folder}/status`, "utf8")) ?? [];
      // Nanoseconds of its main thread, working and waiting for a core (kernel Documentation/scheduler/sched-stats.rst).
      const times = readFileSync(`${folder}/schedstat`, "utf8").split(" ");
      const [worked = NaN, waited = NaN] = times.map(Number);
      if (kibibytes !== undefined) {
        this.#usage = { peakMiB: Number(kibibytes) / 1_024, coreShare: worked / (worked + waited) };
      }
    } catch {
      // It has ended, or this is no Linux.
    }
    return this.#usage;
  }

  async stop(): Promise<void> {
    if (this.died === undefined) {
      const exit = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await exit;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Reads the log for as long as there is one: a full pipe would stop the server. */
async function servingPorts(child: ChildProcess): Promise<Target> {
  const { promise, resolve, reject } = Promise.withResolvers<Target>();
  if (child.stderr === null) throw new Error("the server has no stderr");
  createInterface(child.stderr).on("line", (line) => {
    if (!line.includes('"msg":"serving"')) return;
    const { port, opsPort } = JSON.parse(line) as Target;
    resolve({ port, opsPort });
  });
  child.once("exit", (code) => {
    reject(new Error(`the server ended with ${String(code)} before it served`));
  });
  return promise;
}

/** Node's options of the Deployment: its limits of memory are part of what is tried. */
function deployedEnvironment(): Record<string, string> {
  const text = readFileSync(join(ROOT, "manifests/base/deployment.yaml"), "utf8");
  const [container] = (parse(text) as Deployment).spec.template.spec.containers;
  return Object.fromEntries(
    (container?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}
