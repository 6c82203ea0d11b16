import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { virtualMachine } from "../support/admission-review.ts";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const GOOD = JSON.stringify({ ...virtualMachine(), metadata: { name: "good", namespace: "dev" } });
const TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: {{ .Values.a }}}\n";

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the program as a process of its own. */
async function program(args: readonly string[], input: string | Uint8Array = ""): Promise<Ended> {
  const child = spawn(process.execPath, [ofCheckout("src/main.ts"), ...args, ...IMAGES], { env: {} });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [output, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { exitCode, output, errors };
}

test("standard input is a pipe, in UTF-16", async () => {
  expect(await program(["check", "-"], Buffer.from(`\ufeff${GOOD}`, "utf16le"))).toEqual({
    exitCode: 0,
    output: "1 object checked: 0 refused, 0 warned; 0 skipped\n",
    errors: "",
  });
});

test("an unrendered template and nested text end with one line, without a warning of Node or a stack", async () => {
  const deep = "[".repeat(100_000);
  for (const [command, input, line] of [
    ["check", TEMPLATE, /^vm-image-webhook: -:4: \{\{ \.Values\.a \}\} is not rendered: [^\n]*\n$/],
    ["replay", deep, /^vm-image-webhook: -:1: [^\n]*nesting[^\n]*\n$/],
  ] as const) {
    const { exitCode, output, errors } = await program([command, "-"], input);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(line);
  }
});

test("a folder of 2,000 files is read", async () => {
  const folder = join(temporaryFolder(), "vms");
  mkdirSync(folder);
  for (let count = 0; count < 2_000; count++) writeFileSync(join(folder, `${count}.yaml`), GOOD);
  const { exitCode, output, errors } = await program(["check", folder]);
  expect([exitCode, output, errors]).toEqual([0, "2000 objects checked: 0 refused, 0 warned; 0 skipped\n", ""]);
});
