import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { Logger } from "pino";
import { messageOf } from "../../common/failure.ts";
import type { Timing } from "../../common/timing.ts";
import { decodeExecCredential, type ExecCluster, type ExecCredential, execInfo } from "./exec-credential.ts";
import type { ExecEntry } from "./kubeconfig.ts";

/** Milliseconds. A plugin asks a remote service. */
const DEADLINE = 30_000;
/** Milliseconds. A plugin that may ask a person opens a browser, or waits for a code. */
const INTERACTIVE_DEADLINE = 120_000;
/** Milliseconds until a log line says that the plugin is still running. */
const SLOW = 5_000;

/** Characters of the plugin's output. A client certificate with its key is a few thousand. */
const MAX_OUTPUT = 1024 * 1024;
/** Characters of the plugin's errors in a message. */
const MAX_ERRORS = 300;

export interface ExecPluginOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a person can answer on the standard input. */
  readonly interactive: boolean;
  readonly log: Logger;
  readonly timing: Pick<Timing, "setTimer">;
  /** Ends the plugin. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Runs an exec plugin as client-go does (plugin/pkg/client/auth/exec/exec.go), and also ends one that takes too long.
 * Throws an Error whose message names the command and the reason.
 */
export async function runExecPlugin(
  exec: ExecEntry,
  cluster: ExecCluster,
  options: ExecPluginOptions,
): Promise<ExecCredential> {
  const interactive = exec.interactiveMode !== "Never" && options.interactive;
  const name = `the exec plugin ${exec.command}`;
  if (exec.interactiveMode === "Always" && !interactive)
    throw new Error(`${name} has interactiveMode Always, and the standard input is no terminal`);
  try {
    return decodeExecCredential(
      await outputOf(exec, execInfo(exec, cluster, interactive), { ...options, interactive }),
      exec,
    );
  } catch (error) {
    throw new Error(`${name} ${messageOf(error)}`, { cause: error });
  }
}

async function outputOf(exec: ExecEntry, info: object, options: ExecPluginOptions): Promise<string> {
  const { environment, interactive, log, timing, stop } = options;
  const child = spawn(exec.command, exec.args, {
    env: { ...environment, ...exec.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    stdio: [interactive ? "inherit" : "ignore", "pipe", "pipe"],
    ...(stop && { signal: stop }),
  });
  const output = collected(child.stdout);
  const errors = collected(child.stderr);
  const late = Promise.withResolvers<never>();
  const deadline = interactive ? INTERACTIVE_DEADLINE : DEADLINE;
  const stopSlow = timing.setTimer(SLOW, () => {
    const fields = { command: exec.command, endsAfter: deadline / 1_000, stderr: errors().trim() };
    log.warn(fields, "the exec plugin is still running");
  });
  const stopDeadline = timing.setTimer(deadline, () => {
    late.reject(new Error(`gave no credentials within ${deadline / 1_000} s, and was ended${tail(errors())}`));
    child.kill("SIGKILL");
    // A process that it started may hold the other end.
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  });
  try {
    const [code, signal] = (await Promise.race([once(child, "close"), late.promise])) as [number | null, string | null];
    if (code === 0) return output();
    throw new Error(`${code === null ? `was ended by ${signal}` : `failed with exit code ${code}`}${tail(errors())}`);
  } catch (error) {
    throw isSystemError(error) ? startError(error, exec) : error;
  } finally {
    stopSlow();
    stopDeadline();
  }
}

function collected(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(0, MAX_OUTPUT);
  });
  return () => text;
}

/** The end of the plugin's errors has the reason. */
function tail(errors: string): string {
  const text = errors.replaceAll(/\s+/g, " ").trim();
  return text === "" ? ", and said nothing on stderr" : `: ${text.slice(-MAX_ERRORS)}`;
}

function startError({ code, message }: NodeJS.ErrnoException, { command, installHint }: ExecEntry): Error {
  const where = command.includes("/") ? "" : " in PATH";
  const why = code === "ENOENT" ? `is not installed: no such file${where}` : `cannot be started: ${code ?? message}`;
  return new Error(installHint === undefined ? why : `${why}\n${installHint.trim()}`);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
