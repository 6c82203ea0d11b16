import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { condition } from "../support/condition.ts";
import { ProgramProcess } from "../support/program-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The example of a command's help as its arguments. */
async function exampleOf(command: string): Promise<readonly string[]> {
  const help = ProgramProcess.run({ args: [command, "--help"] });
  expect(await help.exit()).toBe(0);
  const [, example = ""] = /^Example, in a checkout:\n {2}vm-image-webhook (.*)$/m.exec(help.output) ?? [];
  return example.split(" ");
}

/** Runs arguments in a folder that has the examples of the checkout. */
function inCheckout(args: readonly string[]): ProgramProcess {
  const cwd = temporaryFolder();
  symlinkSync(ofCheckout("examples"), join(cwd, "examples"));
  const program = ProgramProcess.run({ args, cwd });
  onTestFinished(() => {
    program.kill();
  });
  return program;
}

test.each([
  ["resolve", 1, /^"photon-5" in namespace "dev" is ambiguous/],
  ["replay", 0, /^# before$/m],
  ["check", 0, /^1 object checked: 0 refused/m],
  ["vmi-id", 0, /^vmi-0a0044d7c690bcbea$/m],
  ["certs", 0, /^wrote tls\.crt/],
])("the example of %s works", async (command, code, output) => {
  const program = inCheckout(await exampleOf(command));
  expect([await program.exit(), program.errors]).toEqual([code, ""]);
  expect(program.output).toMatch(output);
});

test("the example of serve works", async () => {
  const freePorts = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--shutdown-delay", "0s"];
  const program = inCheckout([...(await exampleOf("serve")), ...freePorts]);
  await condition("it serves", () => program.errors.includes('"msg":"serving"'));
  program.signal("SIGTERM");
  expect(await program.exit()).toBe(0);
});
