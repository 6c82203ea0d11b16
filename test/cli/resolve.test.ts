import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ofCheckout, run } from "../support/command-run.ts";
import { FakeApiServer } from "../support/fake-api-server.ts";
import { ProgramProcess } from "../support/program-process.ts";
import { imageManifest } from "../support/image-manifest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const DEV = ["-n", "dev"];

describe("resolve", () => {
  test("prints the image of a display name, how it was found, and its facts", async () => {
    expect(await run(["resolve", "ubuntu-24.04", ...DEV, ...IMAGES])).toEqual({
      exitCode: 0,
      output:
        '"ubuntu-24.04" in namespace "dev" is vmi-0a0044d7c690bcbea, found by display name\n' +
        '  VirtualMachineImage dev/vmi-0a0044d7c690bcbea, display name "ubuntu-24.04", type OVF, library cl-linux, ready\n',
      errors: "",
    });
  });

  test("finds a VMI ID by object name, and a cluster image from any namespace", async () => {
    expect(await run(["resolve", "vmi-5cb0d0fbeb78ad7a5", ...IMAGES])).toEqual({
      exitCode: 0,
      output:
        '"vmi-5cb0d0fbeb78ad7a5" in namespace "dev" is vmi-5cb0d0fbeb78ad7a5, found by object name\n' +
        '  ClusterVirtualMachineImage vmi-5cb0d0fbeb78ad7a5, display name "rocky-9.5", type OVF, library cl-shared, ready\n',
      errors: "",
    });
  });

  test("finds LIBRARY/NAME by library and name", async () => {
    const { exitCode, output } = await run(["resolve", "cl-team/photon-5", ...DEV, ...IMAGES]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(
      /^"cl-team\/photon-5" in namespace "dev" is vmi-2173ee292a3fca160, found by library and name$/m,
    );
  });

  test("resolves an image that is not ready, and prints the reason", async () => {
    const { exitCode, output } = await run(["resolve", "debian-13", ...DEV, ...IMAGES]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/, not ready: VirtualMachineImageNotSynced$/m);
  });

  test("lists the candidates of an ambiguous name and exits 1", async () => {
    expect(await run(["resolve", "photon-5", ...DEV, ...IMAGES])).toEqual({
      exitCode: 1,
      output:
        '"photon-5" in namespace "dev" is ambiguous, by display name:\n' +
        '  VirtualMachineImage dev/vmi-38cba0e73c6ba3792, display name "photon-5", type OVF, library cl-linux, ready\n' +
        '  VirtualMachineImage dev/vmi-2173ee292a3fca160, display name "photon-5", type OVF, library cl-team, ready\n',
      errors: "",
    });
  });

  test("lists images with names similar to an unknown one and exits 1", async () => {
    const { exitCode, output } = await run(["resolve", "ubuntu-2404", ...DEV, ...IMAGES]);
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /^"ubuntu-2404" in namespace "dev" is no image; images with similar names:\n {2}VirtualMachineImage dev\/vmi-0a00/,
    );
  });

  test("exits 1 for a name without similar ones", async () => {
    expect(await run(["resolve", "solaris", ...DEV, ...IMAGES])).toEqual({
      exitCode: 1,
      output: '"solaris" in namespace "dev" is no image, and no image has a similar name\n',
      errors: "",
    });
  });

  test("names no image of another namespace", async () => {
    const { exitCode, output } = await run(["resolve", "ubuntu-24.04", "-n", "prod", ...IMAGES]);
    expect(exitCode).toBe(1);
    expect(output).not.toContain("vmi-0a0044d7c690bcbea");
  });

  test("escapes control characters of a name", async () => {
    const { output } = await run(["resolve", "a\u001b[2Kb\n", ...IMAGES]);
    expect(output).toMatch(/^[^\p{Cc}]+\n$/u);
  });
});

describe("flags of resolve", () => {
  test("--kind searches only that scope", async () => {
    const args = ["resolve", "ubuntu-24.04", ...DEV, ...IMAGES, "--kind"];
    expect((await run([...args, "VirtualMachineImage"])).exitCode).toBe(0);
    expect((await run([...args, "ClusterVirtualMachineImage"])).exitCode).toBe(1);
  });

  test("--resolution strict applies vm-operator's rule, without libraries", async () => {
    expect((await run(["resolve", "cl-team/photon-5", ...DEV, ...IMAGES, "--resolution", "strict"])).exitCode).toBe(1);
  });

  test("-o json prints one object, for every outcome", async () => {
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
  test("in a missing folder exit 3 with its name", async () => {
    const { exitCode, output, errors } = await run(["resolve", "x", "--images", "absent-folder"]);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^vm-image-webhook: cannot read the folder of images absent-folder: ENOENT[^\n]*\n$/);
  });

  test("in a broken file exit 3 with its name and line", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "bad.yaml"), `${imageManifest("vmi-a", "a")}---\nkind: [Virt\n`);
    const { exitCode, output, errors } = await run(["resolve", "x", "--images", folder]);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^vm-image-webhook: .*sub\/bad\.yaml:\d: [^\n]+\n$/);
  });

  test("in an empty folder cause a warning on stderr, and stdout has only the result", async () => {
    const { exitCode, output, errors } = await run(["resolve", "x", "--images", temporaryFolder()]);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/is no image/);
    expect(JSON.parse(errors)).toMatchObject({ level: "warn", images: 0 });
  });
});

describe("the namespace", () => {
  test("of a folder whose images are all of one is that one", async () => {
    const { exitCode, output } = await run(["resolve", "ubuntu-24.04", ...IMAGES]);
    expect([exitCode, output]).toEqual([0, expect.stringMatching(/^"ubuntu-24.04" in namespace "dev" is /)]);
  });

  test("of a folder with images of several, or of none, is default", async () => {
    const folder = temporaryFolder();
    expect((await run(["resolve", "a", "--images", folder])).output).toMatch(/^"a" in namespace "default" is no image/);
    writeFileSync(join(folder, "a.yaml"), imageManifest("vmi-a", "a", "dev"));
    writeFileSync(join(folder, "b.yaml"), imageManifest("vmi-b", "b", "prod"));
    expect((await run(["resolve", "a", "--images", folder])).output).toMatch(/^"a" in namespace "default" is no image/);
  });

  test.each([
    [[], "context-a", "of-a"],
    [["--context", "context-b"], "context-a", "of-b"],
    [["--context", "context-c"], "context-a", "default"],
    [["-n", "given"], "context-a", "given"],
  ])("with %j of a cluster is that of the context", async (flags, current, namespace) => {
    const server = new FakeApiServer();
    const url = await server.listen();
    onTestFinished(() => server.close());
    const names = ["a", "b", "c"];
    const content = {
      "current-context": current,
      clusters: [{ name: "it", cluster: { server: url.href, "insecure-skip-tls-verify": true } }],
      contexts: names.map((name) => ({
        name: `context-${name}`,
        context: { cluster: "it", ...(name === "c" ? {} : { namespace: `of-${name}` }) },
      })),
    };
    const kubeconfig = join(temporaryFolder(), "kubeconfig");
    writeFileSync(kubeconfig, JSON.stringify(content));
    const program = ProgramProcess.run({ args: ["resolve", "x", "--kubeconfig", kubeconfig, ...flags] });
    expect([await program.exit(), program.errors]).toEqual([1, ""]);
    expect(program.output).toMatch(new RegExp(`^"x" in namespace "${namespace}" is no image`));
  });
});
