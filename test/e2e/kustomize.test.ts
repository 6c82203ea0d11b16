import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { run } from "./kubectl.ts";

/** The program that scripts/kustomize.sh prints. */
const KUSTOMIZE = process.env["KUSTOMIZE"];

test.runIf(process.env["E2E_REQUIRED"] === "1")("KUSTOMIZE names kustomize", () => {
  expect(KUSTOMIZE, "the path that scripts/kustomize.sh prints").toBeTruthy();
});

const CONFIG = `apiVersion: vm-image-webhook.dev/v1alpha1
kind: PinImages
metadata:
  name: pin
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: ./fn.sh
`;

test.skipIf(KUSTOMIZE === undefined)("kustomize build pins names with fn as an exec function", async () => {
  const folder = temporaryFolder();
  const command = `"${process.execPath}" "${ofCheckout("src/main.ts")}" fn --images "${ofCheckout("examples/images")}"`;
  writeFileSync(join(folder, "fn.sh"), `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 });
  writeFileSync(join(folder, "kustomization.yaml"), "resources: [web.yaml]\ntransformers: [pin.yaml]\n");
  writeFileSync(join(folder, "pin.yaml"), CONFIG);
  copyFileSync(ofCheckout("examples/vms/web.yaml"), join(folder, "web.yaml"));
  const args = ["build", "--enable-alpha-plugins", "--enable-exec", folder];
  const { code, stdout, stderr } = await run(KUSTOMIZE ?? "", args, {
    env: { HOME: folder, PATH: process.env["PATH"] },
  });
  expect([code, stdout], stderr).toEqual([0, expect.stringContaining("imageName: vmi-0a0044d7c690bcbea\n")]);
});
