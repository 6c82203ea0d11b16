import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: {
    readonly steps: readonly {
      readonly run?: string;
      readonly shell?: string;
      readonly env?: Readonly<Record<string, string>>;
    }[];
  };
}

const ACTION = parse(readFileSync(ofCheckout("action.yml"), "utf8")) as Action;
const NO_COMMIT = "0".repeat(40);

/** A repository with two commits: a wrong machine in the first, and changed files in the second. */
class Repository {
  readonly folder = temporaryFolder();

  constructor() {
    this.#git("init", "-q");
    cpSync(ofCheckout("examples/images"), join(this.folder, "images"), { recursive: true });
    this.write("vms/old.yaml", machine("no-such-image"));
    this.write("vms/deleted.yaml", "a: 1\n");
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  /** Returns the commit. */
  commit(): string {
    this.#git("add", "-A");
    this.#git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "--allow-empty", "-m", "x");
    return this.#git("rev-parse", "HEAD").trim();
  }

  /** Goes back to a commit; further ones begin there. */
  checkout(commit: string): void {
    this.#git("checkout", "-q", commit);
  }

  #git(...args: readonly string[]): string {
    return execFileSync("git", args, { cwd: this.folder, encoding: "utf8" });
  }
}

function machine(imageName: string): string {
  return [
    "apiVersion: vmoperator.vmware.com/v1alpha6",
    "kind: VirtualMachine",
    "metadata: {name: web, namespace: dev}",
    "spec: {className: small, storageClass: standard, imageName: X}\n".replace("X", imageName),
  ].join("\n");
}

/** Runs the last step of the action as the runner does: bash, with the step's environment. */
function runAction({ folder }: Repository, base: string, inputs: Readonly<Record<string, string>> = {}): object {
  const { run = "", env = {} } = ACTION.runs.steps.at(-1) ?? {};
  const values: Readonly<Record<string, string>> = {
    "github.action_path": ofCheckout("."),
    "github.event.pull_request.base.sha || github.event.before": base,
    ...Object.fromEntries(
      Object.entries(ACTION.inputs).map(([name, { default: value }]) => [`inputs.${name}`, inputs[name] ?? value]),
    ),
  };
  const evaluated = Object.entries(env).map(([name, text]) => [
    name,
    text.replace(/^\$\{\{ (.*) \}\}$/, (_, expression: string) => {
      const value = values[expression];
      if (value === undefined) throw new Error(`${expression} is not known to this test`);
      return value;
    }),
  ]);
  const PATH = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const { status, stdout, stderr } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH, ...(Object.fromEntries(evaluated) as Record<string, string>) },
  });
  return { status, stdout, stderr };
}

describe("the action", () => {
  test("checks the files that changed, also those with blanks in their names, and no deleted ones", () => {
    const repository = new Repository();
    const base = repository.commit();
    rmSync(join(repository.folder, "vms/deleted.yaml"));
    repository.write("vms/new machine.yaml", machine("ubuntu-2404"));
    repository.write("README.md", "no manifest");
    repository.commit();
    expect(runAction(repository, base)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /^::error file=vms\/new machine\.yaml,line=4,col=\d+,title=VirtualMachine dev\/web::spec\.imageName: Not found: .*\n1 object checked: 1 refused, 0 warned; 0 skipped\n$/,
      ) as unknown,
      stderr: "",
    });
  });

  test("succeeds where nothing changed, and where only other files did", () => {
    const repository = new Repository();
    const base = repository.commit();
    expect(runAction(repository, base)).toMatchObject({ status: 0, stdout: "There is no manifest to check.\n" });
    repository.write("config.yaml", "a: 1\n");
    repository.commit();
    expect(runAction(repository, base)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^::warning::nothing was checked: .*\n0 objects checked: .*; 1 skipped\n$/,
      ) as unknown,
    });
  });

  test.each([
    ["in a first push", NO_COMMIT, {}],
    ["in a manual run", "", {}],
    ["with changed-only false", "HEAD", { "changed-only": "false" }],
  ])("checks all files %s", (_, base, inputs) => {
    const repository = new Repository();
    repository.commit();
    expect(runAction(repository, base, { ...inputs, paths: "vms\n" })).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("1 object checked: 1 refused, 0 warned; 1 skipped") as unknown,
    });
  });

  test("leaves out what the base branch changed meanwhile", () => {
    const repository = new Repository();
    const start = repository.commit();
    repository.write("vms/old.yaml", machine("rocky-9.5"));
    const base = repository.commit();
    repository.checkout(start);
    repository.write("vms/new.yaml", machine("ubuntu-24.04"));
    repository.commit();
    expect(runAction(repository, base)).toMatchObject({
      status: 0,
      stdout: "1 object checked: 0 refused, 0 warned; 0 skipped\n",
    });
  });

  test("looks below its paths only", () => {
    const repository = new Repository();
    const base = repository.commit();
    repository.write("vms/a.yaml", machine("ubuntu-24.04"));
    repository.write("other/b.yaml", machine("ubuntu-24.04"));
    repository.commit();
    expect(runAction(repository, base, { paths: "vms\n" })).toMatchObject({
      status: 0,
      stdout: "1 object checked: 0 refused, 0 warned; 0 skipped\n",
    });
  });

  test("with command pin fails where a name is not pinned, and writes nothing", () => {
    const repository = new Repository();
    const base = repository.commit();
    const text = machine("ubuntu-24.04");
    repository.write("vms/a.yaml", text);
    repository.commit();
    expect(runAction(repository, base, { command: "pin" })).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('"ubuntu-24.04" is not pinned: it is vmi-0a0044d7c690bcbea') as unknown,
    });
    expect(readFileSync(join(repository.folder, "vms/a.yaml"), "utf8")).toBe(text);
  });

  test.each([
    [{ command: "resolve" }, 'command is "resolve"; it must be check or pin'],
    [{ "changed-only": "yes" }, 'changed-only is "yes"; it must be true or false'],
  ])("refuses %j", (inputs, message) => {
    const repository = new Repository();
    expect(runAction(repository, repository.commit(), inputs)).toMatchObject({
      status: 2,
      stdout: `::error::${message}\n`,
    });
  });

  test("says what to do where the checkout is too shallow", () => {
    const repository = new Repository();
    repository.commit();
    const base = "1234567890".repeat(4);
    expect(runAction(repository, base)).toMatchObject({
      status: 2,
      stdout: `::error::commit ${base} is not in this checkout; give actions/checkout "fetch-depth: 0"\n`,
    });
  });

  test("passes every input to its step, each by a variable", () => {
    const { run, env = {} } = ACTION.runs.steps.at(-1) ?? {};
    for (const name of Object.keys(ACTION.inputs)) expect(Object.values(env)).toContain(`\${{ inputs.${name} }}`);
    // In the script itself, an input could be code.
    for (const step of ACTION.runs.steps) expect(step.run ?? "").not.toContain("${{");
    expect(run).toBe('"$ACTION/scripts/action.sh"');
  });
});
