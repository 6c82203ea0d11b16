import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CommandRun, ofCheckout, run, type Surroundings } from "../support/command-run.ts";
import { imageManifest } from "../support/image-manifest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const UBUNTU = "vmi-0a0044d7c690bcbea";
const IMAGES = ["--images", ofCheckout("examples/images")];

/** A machine whose `imageName` is in line 5. */
function machine(imageName: string): string {
  return [
    "apiVersion: vmoperator.vmware.com/v1alpha6",
    "kind: VirtualMachine",
    "metadata: { name: web, namespace: dev }",
    "spec:",
    `  imageName: ${imageName}`,
    "",
  ].join("\n");
}

const JSON_MACHINE = JSON.stringify(
  {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachine",
    metadata: { name: "web", namespace: "dev" },
    spec: { imageName: "ubuntu-24.04" },
  },
  null,
  2,
);

/** Files in a folder of their own. */
class Files {
  readonly folder = temporaryFolder();

  constructor(files: Readonly<Record<string, string | Uint8Array>>) {
    for (const [name, content] of Object.entries(files)) writeFileSync(this.at(name), content);
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.at(name), "utf8");
  }

  /** Runs `pin` on the folder. Paths in its output count from there. */
  async pin(args: readonly string[] = [], given?: Surroundings): Promise<CommandRun> {
    const { exitCode, output, errors } = await run(["pin", this.folder, ...IMAGES, ...args], given);
    const short = (text: string): string => text.replaceAll(`${this.folder}/`, "");
    return { exitCode, output: short(output), errors: short(errors) };
  }
}

describe("what it writes and says", () => {
  test("each pinned name with its place, and a summary", async () => {
    const files = new Files({ "a.yaml": machine("ubuntu-24.04"), "b.yaml": machine(UBUNTU) });
    expect(await files.pin()).toEqual({
      exitCode: 0,
      output: `a.yaml:5:3: spec.imageName: "ubuntu-24.04" pinned to ${UBUNTU}\n1 name pinned in 1 file; 1 already pinned\n`,
      errors: "",
    });
    expect(files.text("a.yaml")).toBe(machine(`${UBUNTU} # vm-image: ubuntu-24.04`));
    expect(readdirSync(files.folder)).toEqual(["a.yaml", "b.yaml"]);
  });

  test("--check writes nothing and fails until all is pinned; its variable is not that of levels", async () => {
    const files = new Files({ "a.yaml": machine("ubuntu-24.04") });
    const environment = { VM_IMAGE_WEBHOOK_CHECK: "exists=warn" };
    const { exitCode, output } = await files.pin(["--check"], { environment });
    expect([exitCode, output]).toEqual([
      1,
      `a.yaml:5:3: spec.imageName: "ubuntu-24.04" is not pinned: it is ${UBUNTU}\n1 name to pin in 1 file; 0 already pinned\n`,
    ]);
    expect(files.text("a.yaml")).toBe(machine("ubuntu-24.04"));
    expect((await files.pin([], { environment })).exitCode).toBe(0);
    expect((await files.pin([], { environment: { VM_IMAGE_WEBHOOK_PIN_CHECK: "true" } })).exitCode).toBe(0);
  });

  test("--diff prints a unified diff alone, and writes nothing", async () => {
    const files = new Files({ "a.yaml": machine("ubuntu-24.04"), "b.yaml": machine(UBUNTU) });
    const { exitCode, output } = await files.pin(["--diff"]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^--- a.*a\.yaml\n\+\+\+ b.*a\.yaml\n@@ -2,4 \+2,4 @@\n/);
    expect(output).toContain(`\n-  imageName: ubuntu-24.04\n+  imageName: ${UBUNTU} # vm-image: ubuntu-24.04\n`);
    expect(files.text("a.yaml")).toBe(machine("ubuntu-24.04"));
    expect((await files.pin(["--diff", "--check"])).exitCode).toBe(1);
  });

  test("JSON is pinned without a comment, and stays JSON", async () => {
    const files = new Files({ "a.json": JSON_MACHINE, "b.yaml": JSON_MACHINE });
    expect((await files.pin()).exitCode).toBe(0);
    for (const name of ["a.json", "b.yaml"]) {
      expect(files.text(name)).toBe(JSON_MACHINE.replace("ubuntu-24.04", UBUNTU));
    }
    const { exitCode, output } = await files.pin(["--update"]);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^a\.json:9:6: error: spec\.imageName: JSON has no comments/);
  });
});

describe("--update", () => {
  /** Pins with one image of this name, then updates with another. */
  test("says which names moved, and changes the object name alone", async () => {
    const images = temporaryFolder();
    writeFileSync(join(images, "images.yaml"), imageManifest("vmi-new", "ubuntu"));
    const from = ["--images", images, "--update"];
    const files = new Files({
      "a.yaml": machine('"vmi-old"   # vm-image: ubuntu # ours'),
      "b.yaml": machine("ubuntu"),
    });
    const update = async (...args: readonly string[]): Promise<CommandRun> =>
      run(["pin", files.folder, ...from, ...args]);
    const checked = await update("--check");
    expect([checked.exitCode, checked.output]).toEqual([
      1,
      `${files.at("a.yaml")}:5:3: spec.imageName: "ubuntu" moved from vmi-old to vmi-new\n` +
        `${files.at("b.yaml")}:5:3: spec.imageName: "ubuntu" is not pinned: it is vmi-new\n` +
        "1 name to pin, 1 to move in 2 files; 0 already pinned\n",
    ]);
    expect((await update()).output).toMatch(/\n1 name pinned, 1 moved in 2 files; 0 already pinned\n$/);
    expect(files.text("a.yaml")).toBe(machine('"vmi-new"   # vm-image: ubuntu # ours'));
    expect((await update("--check")).exitCode).toBe(0);
  });

  test("reads comments of its form only, and none inside a value", async () => {
    const texts = [`${UBUNTU} # rocky-9.5`, `${UBUNTU} # vm-image rocky-9.5`, UBUNTU];
    for (const text of texts) {
      const files = new Files({ "a.yaml": machine(text) });
      expect((await files.pin(["--update"])).exitCode).toBe(0);
      expect(files.text("a.yaml")).toBe(machine(text));
    }
    const flow = machine("x").replace(
      "spec:\n  imageName: x",
      `spec: {imageName: ${UBUNTU}, className: "a # vm-image: rocky-9.5"}`,
    );
    const files = new Files({ "a.yaml": flow });
    expect((await files.pin(["--update"])).exitCode).toBe(0);
    expect(files.text("a.yaml")).toBe(flow);
  });
});

describe("nothing at all is written where a name", () => {
  const GOOD = machine("ubuntu-24.04");

  test.each<[string, string, RegExp]>([
    ["is ambiguous", machine("photon-5"), /^z\.yaml:5:3: error: spec\.imageName: .*ambiguous/],
    ["is unknown", machine("ubuntu-2404"), /^z\.yaml:5:3: error: spec\.imageName: Not found/],
    ["is a number", machine("24.04"), /^z\.yaml:5:3: error: spec\.imageName: .*must be a string/],
    ["is not rendered", machine('"{{ .Values.image }}"'), /^z\.yaml:5:3: error: .*is not rendered/],
    ["has an anchor", machine("&a ubuntu-24.04"), /^z\.yaml:5:3: error: .*has an anchor/],
    ["is an alias", machine("*a").replace("web", "&a ubuntu-24.04"), /^z\.yaml:5:3: error: .*has an anchor/],
    [
      "is merged",
      machine("x").replace("spec:\n  imageName: x", "x: &x {imageName: ubuntu-24.04}\nspec:\n  <<: *x"),
      /^z\.yaml:\d:\d+: error: .*a merge key/,
    ],
    ["is in base64", machine("!!binary dWJ1bnR1LTI0LjA0"), /^z\.yaml:5:3: error: .*would not have the planned names/],
    ["is a block scalar", machine("|-\n    ubuntu-24.04"), /^z\.yaml:5:3: error: .*block scalar/],
    ["has no room for a comment", flow('imageName: ubuntu-24.04, x: "a\n  b"'), /^z\.yaml:4:8: error: .*no place/],
    [
      "shares its line",
      flow("imageName: ubuntu-24.04, image: {kind: VirtualMachineImage, name: ubuntu-24.04}"),
      /^z\.yaml:4:8: error: .*another image name is on this line/,
    ],
  ])("%s", async (_, text, message) => {
    const files = new Files({ "a.yaml": GOOD, "z.yaml": text });
    const { exitCode, output } = await files.pin();
    expect(output).toMatch(message);
    expect(output).toMatch(/\nnothing was written: \d errors?\n$/);
    expect([exitCode, files.text("a.yaml"), files.text("z.yaml")]).toEqual([1, GOOD, text]);
  });

  function flow(spec: string): string {
    return machine("x").replace("spec:\n  imageName: x", `spec: {${spec}}`);
  }

  test("but an anchored name that is pinned already is left", async () => {
    const files = new Files({ "a.yaml": GOOD, "z.yaml": machine(`&a ${UBUNTU}`) });
    expect((await files.pin()).exitCode).toBe(0);
  });
});

describe("bad input", () => {
  test("UTF-16 and other encodings are not written", async () => {
    for (const bytes of [
      Buffer.from(`\ufeff${machine("ubuntu-24.04")}`, "utf16le"),
      Buffer.from(`# f\u00fcr alle\n${machine("ubuntu-24.04")}`, "latin1"),
    ]) {
      const files = new Files({ "a.yaml": machine("ubuntu-24.04"), "z.yaml": bytes });
      const { exitCode, errors } = await files.pin();
      expect(exitCode).toBe(3);
      expect(errors).toBe(
        "vm-image-webhook: cannot write z.yaml: it is not in UTF-8; save it as UTF-8. Nothing was written\n",
      );
      expect(readFileSync(files.at("z.yaml"))).toEqual(bytes);
      expect(files.text("a.yaml")).toBe(machine("ubuntu-24.04"));
    }
  });

  test("a binary, a wrong path, and standard input", async () => {
    const files = new Files({ "a.yaml": "\u0000" });
    expect(await files.pin()).toMatchObject({
      exitCode: 3,
      errors: expect.stringContaining("a.yaml:1: control") as string,
    });
    expect((await run(["pin", files.at("none.yaml"), ...IMAGES])).errors).toMatch(/cannot read .*none\.yaml: ENOENT/);
    expect(await run(["pin", "-", ...IMAGES])).toMatchObject({
      exitCode: 2,
      errors: "vm-image-webhook: pin changes files, so it does not read standard input\n",
    });
  });

  test("nothing that names an image is exit 3, unless that is allowed", async () => {
    const files = new Files({ "a.yaml": "apiVersion: v1\nkind: ConfigMap\n" });
    const { exitCode, output } = await files.pin();
    expect([exitCode, output]).toEqual([3, expect.stringMatching(/^error: nothing was pinned: .*--allow-empty\n$/)]);
    expect((await files.pin(["--allow-empty"])).exitCode).toBe(0);
  });

  test("an object in an unknown version is left, with a warning", async () => {
    const text = machine("ubuntu-24.04").replace("v1alpha6", "v1beta1");
    const files = new Files({ "a.yaml": text });
    const { exitCode, output } = await files.pin();
    expect([exitCode, files.text("a.yaml")]).toEqual([0, text]);
    expect(output).toMatch(/^a\.yaml:1:1: warning: apiVersion: not pinned: VirtualMachine is known here in/);
  });
});

describe("links and modes", () => {
  test("the target of a link is replaced once, and keeps its mode", async () => {
    const files = new Files({ "target.txt": machine("ubuntu-24.04") });
    mkdirSync(files.at("links"));
    for (const name of ["a.yaml", "b.yaml"]) symlinkSync("../target.txt", files.at(`links/${name}`));
    chmodSync(files.at("target.txt"), 0o640);
    expect((await files.pin()).output).toMatch(/\n1 name pinned in 1 file; 0 already pinned\n$/);
    expect(lstatSync(files.at("links/a.yaml")).isSymbolicLink()).toBe(true);
    expect(files.text("target.txt")).toBe(machine(`${UBUNTU} # vm-image: ubuntu-24.04`));
    expect(statSync(files.at("target.txt")).mode & 0o777).toBe(0o640);
    expect(readdirSync(files.folder).sort()).toEqual(["links", "target.txt"]);
  });
});
