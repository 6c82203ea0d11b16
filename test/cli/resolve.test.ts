import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ofCheckout, run } from "../support/command-run.ts";
import { imageManifest } from "../support/image-manifest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const DEV = ["-n", "dev"];

describe("in words", () => {
  test("a display name is the image, how it was found, and its facts", async () => {
    expect(await run(["resolve", "ubuntu-24.04", ...DEV, ...IMAGES])).toEqual({
      exitCode: 0,
      output:
        '"ubuntu-24.04" in namespace "dev" is vmi-0a0044d7c690bcbea, found by display name\n' +
        '  VirtualMachineImage dev/vmi-0a0044d7c690bcbea, display name "ubuntu-24.04", type OVF, library cl-linux, ready\n',
      errors: "",
    });
  });

  test("a VMI ID is found by object name, a cluster image from any namespace", async () => {
    expect(await run(["resolve", "vmi-5cb0d0fbeb78ad7a5", ...IMAGES])).toEqual({
      exitCode: 0,
      output:
        '"vmi-5cb0d0fbeb78ad7a5" in namespace "default" is vmi-5cb0d0fbeb78ad7a5, found by object name\n' +
        '  ClusterVirtualMachineImage vmi-5cb0d0fbeb78ad7a5, display name "rocky-9.5", type OVF, library cl-shared, ready\n',
      errors: "",
    });
  });

  test("LIBRARY/NAME is found by library and name", async () => {
    const { exitCode, output } = await run(["resolve", "cl-team/photon-5", ...DEV, ...IMAGES]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(
      /^"cl-team\/photon-5" in namespace "dev" is vmi-2173ee292a3fca160, found by library and name$/m,
    );
  });

  test("an image that is not ready says why, and resolves", async () => {
    const { exitCode, output } = await run(["resolve", "debian-13", ...DEV, ...IMAGES]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/, not ready: VirtualMachineImageNotSynced$/m);
  });

  test("an ambiguous name lists its candidates and exits 1", async () => {
    expect(await run(["resolve", "photon-5", ...DEV, ...IMAGES])).toEqual({
      exitCode: 1,
      output:
        '"photon-5" in namespace "dev" is ambiguous, by display name:\n' +
        '  VirtualMachineImage dev/vmi-38cba0e73c6ba3792, display name "photon-5", type OVF, library cl-linux, ready\n' +
        '  VirtualMachineImage dev/vmi-2173ee292a3fca160, display name "photon-5", type OVF, library cl-team, ready\n',
      errors: "",
    });
  });

  test("an unknown name lists what is named like it and exits 1", async () => {
    const { exitCode, output } = await run(["resolve", "ubuntu-2404", ...DEV, ...IMAGES]);
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /^"ubuntu-2404" in namespace "dev" is no image; named like it:\n {2}VirtualMachineImage dev\/vmi-0a00/,
    );
  });

  test("a name like nothing says so and exits 1", async () => {
    expect(await run(["resolve", "solaris", ...DEV, ...IMAGES])).toEqual({
      exitCode: 1,
      output: '"solaris" in namespace "dev" is no image, and nothing is named like it\n',
      errors: "",
    });
  });

  test("another namespace's image is not named", async () => {
    const { exitCode, output } = await run(["resolve", "ubuntu-24.04", "-n", "prod", ...IMAGES]);
    expect(exitCode).toBe(1);
    expect(output).not.toContain("vmi-0a0044d7c690bcbea");
  });

  test("control characters of a name are escaped", async () => {
    const { output } = await run(["resolve", "a\u001b[2Kb\n", ...IMAGES]);
    expect(output).toMatch(/^[^\p{Cc}]+\n$/u);
  });
});

describe("flags", () => {
  test("--kind searches only that scope", async () => {
    const args = ["resolve", "ubuntu-24.04", ...DEV, ...IMAGES, "--kind"];
    expect((await run([...args, "VirtualMachineImage"])).exitCode).toBe(0);
    expect((await run([...args, "ClusterVirtualMachineImage"])).exitCode).toBe(1);
  });

  test("--resolution strict is vm-operator's rule, which knows no libraries", async () => {
    expect((await run(["resolve", "cl-team/photon-5", ...DEV, ...IMAGES, "--resolution", "strict"])).exitCode).toBe(1);
  });

  test("-o json is one object a program can read, for every outcome", async () => {
    const outcomes = [];
    for (const name of ["ubuntu-24.04", "photon-5", "ubuntu-2404"]) {
      const { exitCode, output } = await run(["resolve", name, ...DEV, ...IMAGES, "-o", "json"]);
      expect(output).toMatch(/^[^\n]+\n$/);
      outcomes.push([exitCode, JSON.parse(output)]);
    }
    expect(outcomes).toMatchObject([
      [0, { is: "resolved", by: "displayName", image: { kind: "VirtualMachineImage", name: "vmi-0a0044d7c690bcbea" } }],
      [1, { is: "ambiguous", candidates: [{ name: "vmi-38cba0e73c6ba3792" }, { name: "vmi-2173ee292a3fca160" }] }],
      [1, { is: "notFound", near: [{ name: "vmi-0a0044d7c690bcbea" }] }],
    ]);
  });

  test("images and namespace may come from the environment", async () => {
    const environment = {
      VM_IMAGE_WEBHOOK_IMAGES: ofCheckout("examples/images"),
      VM_IMAGE_WEBHOOK_NAMESPACE: "dev",
      VM_IMAGE_WEBHOOK_OUTPUT: "json",
    };
    const { exitCode, output } = await run(["resolve", "ubuntu-24.04"], { environment });
    expect([exitCode, JSON.parse(output)]).toMatchObject([0, { is: "resolved" }]);
    const { exitCode: elsewhere } = await run(["resolve", "ubuntu-24.04", "-n", "prod"], { environment });
    expect(elsewhere).toBe(1);
  });
});

describe("images that cannot be read", () => {
  test("a missing folder exits 3 and is named", async () => {
    const { exitCode, output, errors } = await run(["resolve", "x", "--images", "absent-folder"]);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^vm-image-webhook: cannot read the folder of images absent-folder: ENOENT[^\n]*\n$/);
  });

  test("a broken file exits 3 with its name and line", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "bad.yaml"), `${imageManifest("vmi-a", "a")}---\nkind: [Virt\n`);
    const { exitCode, output, errors } = await run(["resolve", "x", "--images", folder]);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^vm-image-webhook: .*sub\/bad\.yaml:\d: [^\n]+\n$/);
  });

  test("a folder without images warns on stderr, so that stdout stays the result", async () => {
    const { exitCode, output, errors } = await run(["resolve", "x", "--images", temporaryFolder()]);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/is no image/);
    expect(JSON.parse(errors)).toMatchObject({ level: "warn", images: 0 });
  });
});
