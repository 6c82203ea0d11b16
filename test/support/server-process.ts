import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { LogLine } from "./log-lines.ts";
import { condition } from "./condition.ts";
import { TlsClient } from "./tls-client.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** The system chooses free ports. */
const FREE_PORTS = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
/** Tests need no drain: they have no callers that learn late of the shutdown. */
const NO_DELAY = ["--shutdown-delay", "0s"];

/** `serve` as a process, with an empty environment. */
export class ServerProcess {
  readonly certDir: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exit: Promise<unknown[]>;
  readonly #close: Promise<unknown[]>;
  output = "";
  errors = "";

  constructor({
    certDir,
    images,
    flags = [],
    program = [MAIN],
    cwd,
    node = [],
    environment = {},
  }: {
    readonly certDir: string;
    readonly images: string;
    /** After the default ones, so that these win. */
    readonly flags?: readonly string[];
    readonly program?: readonly string[];
    readonly cwd?: string;
    /** Flags of Node itself. */
    readonly node?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  }) {
    this.certDir = certDir;
    const args = ["serve", "--images", images, "--cert-dir", certDir, ...FREE_PORTS, ...NO_DELAY, ...flags];
    this.#child = spawn(process.execPath, [...node, ...program, ...args], {
      env: environment,
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#exit = once(this.#child, "exit");
    this.#close = once(this.#child, "close");
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.errors += text;
    });
  }

  /** The log lines so far, without text for people. */
  get log(): readonly LogLine[] {
    const lines = this.errors.split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a log line with this message. */
  async says(message: string): Promise<LogLine> {
    const find = (): LogLine | undefined => this.log.find(({ msg }) => msg === message);
    await condition(`the log says "${message}"`, () => {
      if (this.#child.exitCode !== null) throw new Error(`the server exited: ${this.errors}`);
      return find() !== undefined;
    });
    return find() ?? {};
  }

  /** Closes the pipe of its log. */
  stopReading(): void {
    this.#child.stderr.destroy();
  }

  /** Stops reading its log, and keeps the pipe open. */
  pauseReading(): void {
    this.#child.stderr.pause();
  }

  resumeReading(): void {
    this.#child.stderr.resume();
  }

  /** Waits until it is serving. Returns its ports, and a function that makes clients. */
  async serving(): Promise<{ readonly port: number; readonly opsPort: number; readonly client: () => TlsClient }> {
    const { port, opsPort } = (await this.says("serving")) as unknown as { port: number; opsPort: number };
    const ca = readFileSync(join(this.certDir, "ca.crt"), "utf8");
    return { port, opsPort, client: () => new TlsClient(port, ca) };
  }

  signal(signal: "SIGTERM" | "SIGINT" | "SIGUSR2"): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. Returns the exit code, or the signal that ended it. */
  async exit(): Promise<unknown> {
    const [code, signal] = await this.#exit;
    this.resumeReading();
    await this.#close;
    return code ?? signal;
  }

  /** Leaves no process behind, even after a failed test. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
