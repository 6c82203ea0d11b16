import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ProgramProcess } from "../support/program-process.ts";

test("--version prints the version of package.json, whatever the environment, and exits 0", async () => {
  const program = ProgramProcess.run({ args: ["--version"], environment: { VM_IMAGE_WEBHOOK_WRITE: "nonsense" } });
  expect([await program.exit(), program.output, program.errors]).toEqual([
    0,
    `vm-image-webhook ${packageJson.version}\n`,
    "",
  ]);
});
