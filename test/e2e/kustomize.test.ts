import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type Printed, run } from "./kubectl.ts";

/** The program that scripts/kustomize.sh prints. */
const KUSTOMIZE = process.env["KUSTOMIZE"] ?? "";

test.runIf(process.env["E2E_REQUIRED"] === "1")("KUSTOMIZE names kustomize", () => {
  expect(KUSTOMIZE, "the path that scripts/kustomize.sh prints").not.toBe("");
});

describe.skipIf(KUSTOMIZE === "")("kustomize build with the transformer of docs/gitops.md", () => {
  test("prints machines with object names", async () => {
    const { code, stdout, stderr } = await build(WEB);
    expect([code, stdout], stderr).toEqual([0, expect.stringContaining("imageName: vmi-0a0044d7c690bcbea\n")]);
    expect(stdout).not.toContain("ubuntu-24.04");
  });

  test("fails for a name that cannot be pinned, with the message of pin", async () => {
    const { code, stdout, stderr } = await build(WEB.replace("ubuntu-24.04", "ubuntu-2404"));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain('Not found: "ubuntu-2404": no image in namespace "dev" or the cluster has this');
  });
});

const WEB = readFileSync(ofCheckout("examples/vms/web.yaml"), "utf8");

/** Builds a folder with the files of the document, and this machine. */
function build(machine: string): Promise<Printed> {
  const folder = temporaryFolder();
  for (const file of ["kustomization.yaml", "pin.yaml"]) writeFileSync(join(folder, file), documented(file));
  const [, script = ""] = /^`(exec vm-image-webhook fn .*)` in it/m.exec(DOCUMENT) ?? [];
  const program = `"${process.execPath}" "${ofCheckout("src/main.ts")}"`;
  writeFileSync(join(folder, "pin.sh"), `#!/bin/sh\n${script.replace("vm-image-webhook", program)}\n`, { mode: 0o755 });
  writeFileSync(join(folder, "web.yaml"), machine);
  cpSync(ofCheckout("examples/images"), join(folder, "images"), { recursive: true });
  const env = { HOME: folder, PATH: process.env["PATH"] ?? "" };
  return run(KUSTOMIZE, ["build", "--enable-alpha-plugins", "--enable-exec", folder], { env });
}

const DOCUMENT = readFileSync(ofCheckout("docs/gitops.md"), "utf8");

/** The block of the document that begins with the name of this file. */
function documented(file: string): string {
  const [, text] = new RegExp(`^\`\`\`yaml\\n# ${file}\\n(.*?)^\`\`\`$`, "ms").exec(DOCUMENT) ?? [];
  if (text === undefined) throw new Error(`docs/gitops.md has no block for ${file}`);
  return text;
}
