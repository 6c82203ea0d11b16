import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";

/** The output of a command, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds. A command that takes longer hangs because of a bug. */
const COMMAND_TIMEOUT = 60_000;

/** Runs a program to its end with exactly this environment. An exit code other than 0 is a result, not an error. */
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
    // A program that does not read its input may have closed it already.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** kubectl as one user, with a home of its own, so that caches and kubeconfigs of the test run have no effect. */
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

  /** Returns its output, with any exit code. */
  run(args: readonly string[], input?: unknown): Promise<Printed> {
    const text = typeof input === "string" ? input : JSON.stringify(input);
    return run(this.#program, args, { env: this.#env, ...(input === undefined ? {} : { input: text }) });
  }

  /** Returns standard output; an exit code other than 0 fails the test with all output. */
  async ok(args: readonly string[], input?: unknown): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Returns standard error; exit code 0 fails the test. */
  async refused(args: readonly string[], input?: unknown): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code === 0) throw new Error(`kubectl ${args.join(" ")} succeeded, though it should not:\n${stdout}${stderr}`);
    return stderr.trimEnd();
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok([...args, "-o", "json"])) as T;
  }
}
