import { type ChildProcess, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Connection } from "./connection.ts";
import { eventually, freePort, start, stop } from "./processes.ts";

const ROOT = join(import.meta.dirname, "..");

/** The program of production, made by `npm run build`. */
export const BUNDLE = join(ROOT, "dist", "vm-image-webhook.mjs");
/** For a smoke test, which needs no build. */
export const SOURCES = join(ROOT, "src", "main.ts");

const PEER = join(import.meta.dirname, "peers", "controller-runtime");
const PEER_BINARY = join(import.meta.dirname, "peers", "build", "controller-runtime");

/** A server on the measured core. */
export interface MeasuredServer {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  /** Port of probes and metrics; 0 where there is none. */
  readonly opsPort: number;
  /** PEM. */
  readonly ca: string;
  readonly stop: () => Promise<void>;
}

export interface WebhookOptions {
  /** The bundle or the sources. */
  readonly program: string;
  readonly nodeFlags?: readonly string[];
  /** Flags of `serve`. */
  readonly flags: readonly string[];
  readonly certDir: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Gets the log at level info. Without a file the log is silent. */
  readonly logFile?: string | undefined;
}

/** Starts this program. `ready` waits until it is ready. */
export async function startWebhook(options: WebhookOptions): Promise<MeasuredServer> {
  const { program, nodeFlags = [], flags, certDir, environment, logFile } = options;
  const [port, opsPort] = [await freePort(), await freePort()];
  const addresses = ["--listen", `127.0.0.1:${port}`, "--ops-listen", `127.0.0.1:${opsPort}`, "--cert-dir", certDir];
  const log = ["--log-level", logFile === undefined ? "silent" : "info"];
  const command = [process.execPath, ...nodeFlags, program, "serve", ...addresses, ...log, ...flags];
  const file = logFile === undefined ? undefined : await open(logFile, "w");
  const child = start({ place: "measured", command, environment, stdio: ["ignore", "ignore", file?.fd ?? "inherit"] });
  await file?.close();
  return measured({ child, port, opsPort, certDir });
}

/** Waits until the webhook says that it is ready. */
export async function ready({ child, opsPort }: MeasuredServer): Promise<void> {
  await eventually("the webhook is ready", child, async () => {
    if (!(await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok) throw new Error("not ready");
  });
}

/** Starts the bare server, which always gives this answer. */
export async function startBareServer(certDir: string, answer: string): Promise<MeasuredServer> {
  const port = await freePort();
  const program = join(import.meta.dirname, "bare-server.ts");
  const child = start({ place: "measured", command: [process.execPath, program, String(port), certDir, answer] });
  return measured({ child, port, opsPort: 0, certDir });
}

/** Builds the peer. False where there is no `go`; throws where it does not build. */
export function buildPeer(): boolean {
  const { error, status } = spawnSync("go", ["build", "-o", PEER_BINARY, "."], { cwd: PEER, stdio: "inherit" });
  if (error !== undefined) return false;
  if (status !== 0) throw new Error(`go build ended with ${String(status)}`);
  return true;
}

/** Starts the peer that `buildPeer` made, with the images of a file. */
export async function startPeer(certDir: string, imageFile: string): Promise<MeasuredServer> {
  const port = await freePort();
  const flags = ["-port", String(port), "-cert-dir", certDir, "-images", imageFile];
  const command = [PEER_BINARY, ...flags];
  const child = start({ place: "measured", command, environment: { GOMAXPROCS: "1" } });
  return measured({ child, port, opsPort: 0, certDir });
}

/** The first answer with status 200 of a server that was just started. */
export async function firstAnswer(server: MeasuredServer, body: string): Promise<string> {
  return eventually("a review is answered", server.child, async () => {
    const connection = await Connection.open(server, body);
    try {
      return await connection.ask();
    } finally {
      connection.close();
    }
  });
}

function measured(server: Pick<MeasuredServer, "child" | "port" | "opsPort"> & { certDir: string }): MeasuredServer {
  const { child, port, opsPort, certDir } = server;
  const ca = readFileSync(join(certDir, "ca.crt"), "utf8");
  return { child, pid: child.pid ?? 0, port, opsPort, ca, stop: () => stop(child) };
}
