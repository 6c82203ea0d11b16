import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("the demo prints an object before and after, and both refusals as kubectl prints them", async () => {
  // From another folder, because it must find its examples by itself.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [ofCheckout("scripts/demo.ts")], {
    cwd: temporaryFolder(),
  });
  expect(stderr).toBe("");
  const [, before = "", after = ""] = /^before:\n([^]*?)^after:\n([^]*?)^---/m.exec(stdout) ?? [];
  expect(before).toContain("imageName: ubuntu-24.04\n");
  expect(before).not.toContain("image:");
  expect(after).toContain("imageName: vmi-0a0044d7c690bcbea\n");
  expect(after).toContain("image:\n");
  expect(stdout.match(/^The VirtualMachine .*$/gm)).toEqual([
    expect.stringMatching(
      /^The VirtualMachine "cache" is invalid: spec\.imageName: Invalid value: "photon-5": ambiguous: /,
    ),
    expect.stringMatching(
      /^The VirtualMachine "web" is invalid: spec\.imageName: Not found: "ubuntu-2404": .* did you mean "ubuntu-24\.04" \(vmi-0a0044d7c690bcbea\)/,
    ),
  ]);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("The webhook has stopped.");
});

test("the demo stops its server where its output is not read to the end", async () => {
  const demo = spawn(process.execPath, [ofCheckout("scripts/demo.ts")], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  demo.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  demo.stdout.once("data", () => demo.stdout.destroy());
  // The exit code is 0 only where that of its server is.
  const [code] = (await once(demo, "close")) as [number | null];
  expect(errors).toBe("");
  expect(code).toBe(0);
});
