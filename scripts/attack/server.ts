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

/** What a process used of the machine. NaN where there is no /proc. */
export interface Usage {
  /** The peak of its resident memory. */
  readonly peakMiB: number;
  /** The part of the time in which it was runnable and had a core. A busy machine gives less than all. */
  readonly coreShare: number;
}

/** `serve` of the bundle as a process, with the environment of the Deployment. */
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

  /** Resolves when the server is serving. Throws where it ends before. */
  static async start(): Promise<AttackedServer> {
    const folder = await mkdtemp(join(tmpdir(), "vm-image-webhook-attack-"));
    const args = [PROGRAM, "serve", "--images", join(ROOT, "examples/images"), "--cert-dir", folder, ...ARGUMENTS];
    const child = spawn(process.execPath, args, { env: deployedEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
    const target = await servingPorts(child);
    return new AttackedServer(child, folder, { target, ca: await readFile(join(folder, "ca.crt"), "utf8") });
  }

  /** How it ended by itself. Undefined while it runs. */
  get died(): string | undefined {
    const { exitCode, signalCode } = this.#child;
    return signalCode ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
  }

  /** Its usage until now, or the last known one where it has ended. */
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
      // The process has ended, or this system has no /proc.
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

/** Reads the whole log: a full pipe would stop the server. */
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

/** The Deployment sets Node's limits of memory, which are part of the attack. */
function deployedEnvironment(): Record<string, string> {
  const text = readFileSync(join(ROOT, "manifests/base/deployment.yaml"), "utf8");
  const [container] = (parse(text) as Deployment).spec.template.spec.containers;
  return Object.fromEntries(
    (container?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}
