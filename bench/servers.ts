import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import type { BareServerOptions } from "./bare-server.ts";
import { eventually, freePort, startNode, stop } from "./processes.ts";

const ROOT = join(import.meta.dirname, "..");

/** What runs in production, made by `npm run build`. */
export const BUNDLE = join(ROOT, "dist", "vm-image-webhook.mjs");
/** For a profile that names our files, and where there is no bundle. */
export const SOURCES = join(ROOT, "src", "main.ts");

/** A server that is measured, as its own process on its own core. */
export interface MeasuredServer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Port of probes and metrics; 0 where there is none. */
  readonly opsPort: number;
  readonly ca: string;
  readonly stop: () => Promise<void>;
}

export interface WebhookOptions {
  readonly name: string;
  /** The bundle or the sources. */
  readonly program: string;
  /** Of Node. */
  readonly nodeFlags?: readonly string[];
  /** Of `serve`: where images come from, and more. */
  readonly flags: readonly string[];
  readonly certDir: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes the log; without it the log is silent. */
  readonly logFile?: string;
  /** Ends before the server is asked whether it is ready: an answer costs it time. */
  readonly beforeAsked?: () => Promise<void>;
}

/** Starts the webhook and waits until it is ready. */
export async function startWebhook(options: WebhookOptions): Promise<MeasuredServer> {
  const { name, program, nodeFlags = [], flags, certDir, environment, logFile } = options;
  const [port, opsPort] = [await freePort(), await freePort()];
  const addresses = ["--listen", `127.0.0.1:${port}`, "--ops-listen", `127.0.0.1:${opsPort}`];
  const log = ["--log-level", logFile === undefined ? "silent" : "info"];
  const args = [...nodeFlags, program, "serve", ...addresses, "--cert-dir", certDir, ...log, ...flags];
  const file = logFile === undefined ? undefined : await open(logFile, "w");
  const child = startNode({ place: "measured", args, environment, stdio: ["ignore", "ignore", file?.fd ?? "inherit"] });
  await file?.close();
  await options.beforeAsked?.();
  await eventually(child, `${name} is ready`, async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok);
  return server({ name, child, port, opsPort, certDir });
}

/** Starts the bare server, which gives this answer. */
export async function startBareServer(certDir: string, answer: string): Promise<MeasuredServer> {
  const port = await freePort();
  const options: BareServerOptions = { port, certDir, answer };
  const program = join(import.meta.dirname, "bare-server.ts");
  const child = startNode({ place: "measured", args: [program, JSON.stringify(options)] });
  const started = server({ name: "bare", child, port, opsPort: 0, certDir });
  await eventually(child, "the bare server answers", async () => (await post(started, "{}")).status === 400);
  return started;
}

/** One call on a connection of its own. */
export async function post({ port, ca }: MeasuredServer, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const asked = request({ host: "127.0.0.1", port, ca, method: "POST", path: "/mutate?timeout=10s", headers });
    asked.on("error", reject);
    asked.on("response", (response) => {
      text(response).then((answer) => {
        resolve({ status: response.statusCode ?? 0, text: answer });
      }, reject);
    });
    asked.end(body);
  });
}

interface Started {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
  readonly opsPort: number;
  readonly certDir: string;
}

function server({ name, child, port, opsPort, certDir }: Started): MeasuredServer {
  const ca = readFileSync(join(certDir, "ca.crt"), "utf8");
  return { name, pid: child.pid ?? 0, port, opsPort, ca, stop: () => stop(child) };
}
