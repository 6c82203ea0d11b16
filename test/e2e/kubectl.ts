import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";

/** What a command printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command never ends only because of a bug: tests wait for it no longer than this, in milliseconds. */
const COMMAND_TIMEOUT = 60_000;

/** Runs a program to its end with exactly this environment; a code other than 0 is an answer, no error. */
export function run(
  program: string,
  args: readonly string[],
  { env, input = "" }: { readonly env: Readonly<Record<string, string>>; readonly input?: string },
): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env, timeout: COMMAND_TIMEOUT }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") {
        reject(new Error(`${program} ${args.join(" ")} did not end: ${error.message}`));
      } else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
    // Whoever does not read its input may have closed it already.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** kubectl as one person, with a home of its own: caches and kubeconfigs of whoever runs the tests play no part. */
export class Kubectl {
  readonly #program: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(program: string, env: Readonly<Record<string, string>>) {
    this.#program = program;
    this.#env = env;
  }

  static async as(
    kubeconfig: string,
    { assets, home }: { readonly assets: string; readonly home: string },
  ): Promise<Kubectl> {
    const env = { HOME: await mkdtemp(join(home, "home-")), KUBECONFIG: kubeconfig, PATH: process.env["PATH"] ?? "" };
    return new Kubectl(join(assets, "kubectl"), env);
  }

  /** Gives what it printed, whatever the exit code. */
  run(args: readonly string[], input?: unknown): Promise<Printed> {
    const text = typeof input === "string" ? input : JSON.stringify(input);
    return run(this.#program, args, { env: this.#env, ...(input === undefined ? {} : { input: text }) });
  }

  /** Gives standard output; an exit code other than 0 fails the test with all that was printed. */
  async ok(args: readonly string[], input?: unknown): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Gives standard error; exit code 0 fails the test. */
  async refused(args: readonly string[], input?: unknown): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code === 0) throw new Error(`kubectl ${args.join(" ")} succeeded, though it should not:\n${stdout}${stderr}`);
    return stderr.trimEnd();
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok([...args, "-o", "json"])) as T;
  }
}
