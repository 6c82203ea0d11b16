import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { ofCheckout, run } from "../support/command-run.ts";
import { pages, ROOT, split } from "./pages.ts";

interface Sample {
  readonly page: string;
  readonly command: string;
  readonly output: string;
}

/** Of blocks of language `console`: a line with `$` is a command, the lines after it are its output. */
const SAMPLES: readonly Sample[] = pages().flatMap(({ path, text }) =>
  split(text)
    .blocks.filter(({ language }) => language === "console")
    .flatMap(({ lines }) =>
      `\n${lines.join("\n")}`
        .split("\n$ ")
        .slice(1)
        .map((sample) => {
          const [command = "", ...output] = sample.split("\n");
          return { page: path, command, output: `${output.join("\n")}\n` };
        }),
    ),
);

const CLI = "npm run -s cli -- ";
const APPLY = "kubectl apply -f ";

/** What the command line prints, whatever its exit code. */
async function printed(command: string): Promise<string> {
  const shell = command.replace(CLI, "node src/main.ts ");
  const environment = { ...process.env, PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter) };
  const options = { cwd: ROOT, env: environment };
  return promisify(execFile)("sh", ["-c", shell], options).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout: string }).stdout,
  );
}

interface Finding {
  readonly object: { readonly kind: string; readonly name: string };
  readonly level: "error" | "warning";
  readonly field: string;
  readonly message: string;
}

/** What kubectl prints where the images of the examples are in the cluster: of one object with one finding at most. */
async function applied(file: string): Promise<string> {
  const { output } = await run(["check", "--images", ofCheckout("examples/images"), "-o", "json", ofCheckout(file)]);
  const [line = ""] = output.split("\n");
  const { object, level, field, message } = JSON.parse(line) as Finding;
  if (level === "error") return `The ${object.kind} "${object.name}" is invalid: ${field}: ${message}\n`;
  const { apiVersion } = parse(readFileSync(ofCheckout(file), "utf8")) as { apiVersion: string };
  const resource = `${object.kind.toLowerCase()}.${apiVersion.split("/")[0] ?? ""}/${object.name}`;
  return `Warning: ${field}: ${message}\n${resource} created\n`;
}

it("there are samples of both kinds", () => {
  expect(SAMPLES.filter(({ command }) => command.startsWith(CLI)).length).toBeGreaterThan(4);
  expect(SAMPLES.filter(({ command }) => command.startsWith(APPLY)).length).toBeGreaterThan(4);
});

/** Each command starts a process. */
const PROCESS_TIMEOUT = 30_000;

describe.each(SAMPLES)("$page shows what is printed by", ({ command, output }) => {
  it(command, { timeout: PROCESS_TIMEOUT }, async () => {
    if (command.startsWith(APPLY)) expect(output).toBe(await applied(command.slice(APPLY.length)));
    else if (command.startsWith(CLI)) expect(output).toBe(await printed(command));
    else throw new Error("only the command line of this project and kubectl apply are checked");
  });
});

it("each example of a mistake is shown in the README, or where its kind is described", () => {
  const shown = SAMPLES.filter(({ command }) => command.startsWith(APPLY)).map(({ command }) =>
    command.slice(APPLY.length),
  );
  expect(new Set(shown)).toEqual(new Set(globSync("examples/mistakes/*.yaml", { cwd: ROOT })));
});

it("pages and the CI workflow name npm scripts that exist", () => {
  const texts = [...pages().map(({ text }) => text), readFileSync(ofCheckout(".github/workflows/ci.yml"), "utf8")];
  const named = texts.flatMap((text) => [...text.matchAll(/npm (?:run (?:-s )?([\w:-]+)|(test|start)\b)/g)]);
  expect(named.length).toBeGreaterThan(20);
  for (const [, script, short = ""] of named) expect(packageJson.scripts).toHaveProperty([script ?? short]);
});

it("manifests and overlays of the pages are YAML", () => {
  const yaml = pages().flatMap(({ text }) => split(text).blocks.filter(({ language }) => language === "yaml"));
  expect(yaml.length).toBeGreaterThan(8);
  for (const { lines } of yaml) expect(parse(lines.join("\n"))).toBeTypeOf("object");
});
