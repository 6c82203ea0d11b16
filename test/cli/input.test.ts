import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { createReview, virtualMachine } from "../support/admission-review.ts";
import { type CommandRun, ofCheckout, run, type Surroundings } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const COMMANDS = ["check", "replay"] as const;

/** A machine of namespace dev, on one line. */
function machine(name: string, imageName: string): string {
  return JSON.stringify({ ...virtualMachine({ imageName }), metadata: { name, namespace: "dev" } });
}

const GOOD = machine("good", "ubuntu-24.04");
const BAD = machine("bad", "ubuntu-2404");
const REVIEW = JSON.stringify(createReview());

/** A folder with these files, which is removed after the test. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function check(args: readonly string[], given?: Surroundings): Promise<CommandRun> {
  return run(["check", ...args, ...IMAGES], given);
}

/** Places of the findings: text before the level. */
function places(output: string): readonly string[] {
  return [...output.matchAll(/^(.*:\d+): (?:error|warning): /gm)].map(([, place = ""]) => place);
}

describe("a folder", () => {
  test("is read with all folders below it: .yaml, .yml and .json, as kubectl reads it", async () => {
    const folder = folderWith({
      "z.yaml": BAD,
      "a/deep/er.yml": BAD,
      "b.json": BAD,
      ".hidden/.dot.yaml": BAD,
      "folder.yaml/in.yaml": BAD,
      "no.txt": "a: [",
      "upper.YAML": "a: [",
      README: "a: [",
    });
    const { exitCode, output } = await check([folder]);
    expect(exitCode).toBe(1);
    const files = [".hidden/.dot.yaml", "a/deep/er.yml", "b.json", "folder.yaml/in.yaml", "z.yaml"];
    expect(places(output)).toEqual(files.map((file) => `${join(folder, file)}:1`));
  });

  test("stands beside files and standard input, in the order of the arguments", async () => {
    const folder = folderWith({ "b.yaml": BAD });
    const file = join(folderWith({ "a.yaml": BAD }), "a.yaml");
    const { output } = await check([folder, "-", file], { stdin: BAD });
    expect(places(output)).toEqual([`${join(folder, "b.yaml")}:1`, "-:1", `${file}:1`]);
  });

  test("of reviews is replayed", async () => {
    const folder = folderWith({ "a.json": REVIEW, "b/c.yaml": `---\n${REVIEW}\n---\n${REVIEW}\n` });
    const { exitCode, output } = await run(["replay", folder, "--endpoint", "mutate", ...IMAGES]);
    expect(exitCode).toBe(0);
    expect(output.match(/^# .*$/gm)).toEqual(
      ["a.json", "b/c.yaml", "b/c.yaml"].map((file) => `# ${join(folder, file)}: /mutate answers 200`),
    );
  });

  test("without manifests is an error, and --allow-empty allows it", async () => {
    const folder = folderWith({ "no.txt": BAD });
    expect(await check([folder])).toMatchObject({
      exitCode: 3,
      output: expect.stringMatching(/^error: nothing was/) as unknown,
    });
    expect(await check([folder, "--allow-empty"])).toMatchObject({ exitCode: 0 });
    const { exitCode, errors } = await run(["replay", folder, ...IMAGES]);
    expect([exitCode, errors]).toEqual([3, `vm-image-webhook: no .yaml, .yml or .json file below ${folder}\n`]);
  });

  test("with links is read through them", async () => {
    const folder = folderWith({ "a.yaml": GOOD });
    const other = folderWith({ "b.yaml": BAD });
    symlinkSync(other, join(folder, "other"));
    expect(places((await check([folder])).output)).toEqual([`${join(folder, "other/b.yaml")}:1`]);
  });
});

describe("the object of a finding", () => {
  const object = "VirtualMachine dev/bad";

  test("is named on standard input", async () => {
    expect((await check(["-"], { stdin: BAD })).output).toContain(`-:1: error: ${object}: spec.imageName: Not found`);
  });

  test("is named in a List, and not in a file of its own", async () => {
    const folder = folderWith({ "list.json": `{"apiVersion":"v1","kind":"List","items":[${BAD}]}`, "own.yaml": BAD });
    const { output } = await check([folder]);
    expect(output).toContain(`list.json:1: error: ${object}: spec.imageName: Not found`);
    expect(output).toContain("own.yaml:1: error: spec.imageName: Not found");
  });
});

/** Text in UTF-16 with a byte order mark. */
function utf16(text: string, endian: "little" | "big"): Uint8Array {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return endian === "little" ? bytes : bytes.swap16();
}

describe("the encoding of a text", () => {
  test.each([
    ["UTF-16, little-endian", utf16(BAD, "little")],
    ["UTF-16, big-endian", utf16(BAD, "big")],
    ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${BAD}`)],
  ])("may be %s", async (_, bytes) => {
    for (const args of [["-"], [folderWith({ "vm.yaml": bytes })]]) {
      const { exitCode, output } = await check(args, { stdin: bytes });
      expect(exitCode).toBe(1);
      expect(output).toContain('did you mean "ubuntu-24.04"');
    }
  });

  test("may be UTF-16 in a folder of images and in reviews", async () => {
    const image = {
      apiVersion: "vmoperator.vmware.com/v1alpha6",
      kind: "VirtualMachineImage",
      metadata: { name: "vmi-0123456789abcdef0", namespace: "dev" },
      status: { name: "größe" },
    };
    const images = folderWith({ "a.yaml": utf16(JSON.stringify(image), "little"), "b.json": utf16("{}", "big") });
    expect(await run(["check", "-", "--images", images], { stdin: machine("a", "größe") })).toMatchObject({
      output: expect.stringContaining("1 object checked: 0 refused") as unknown,
    });
    const reviews = folderWith({ "a.json": utf16(REVIEW, "little") });
    expect((await run(["replay", reviews, ...IMAGES])).exitCode).toBe(0);
  });

  test.each([
    ["UTF-16 without a byte order mark", Buffer.from(BAD, "utf16le")],
    ["a program", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0])],
  ])("is no %s", async (_, bytes) => {
    const file = join(folderWith({ "vm.yaml": bytes }), "vm.yaml");
    for (const command of COMMANDS) {
      const { exitCode, output, errors } = await run([command, file, ...IMAGES]);
      expect([exitCode, output]).toEqual([3, ""]);
      expect(errors).toMatch(
        /^vm-image-webhook: .*vm.yaml:1: control character U\+00.*UTF-16 with a byte order mark\n$/,
      );
    }
  });
});

describe("what cannot be read exits 3 and is named", () => {
  /** Both commands fail with this one line. */
  async function expectFailure(args: readonly string[], line: RegExp): Promise<void> {
    for (const command of COMMANDS) {
      const { exitCode, output, errors } = await run([command, ...args, ...IMAGES]);
      expect([exitCode, output]).toEqual([3, ""]);
      expect(errors).toMatch(/^[^\n]+\n$/);
      expect(errors).toMatch(line);
    }
  }

  test("a path that is missing, in a missing folder, or below a file", async () => {
    const folder = folderWith({ "vm.yaml": GOOD });
    await expectFailure([join(folder, "absent")], /: cannot read .*\/absent: ENOENT: no such file or directory/);
    await expectFailure([join(folder, "vm.yaml/below")], /: cannot read .*vm.yaml\/below: ENOTDIR: not a directory/);
  });

  test("a link that leads back to a folder around it, and links in a circle", async () => {
    const folder = folderWith({ "vms/vm.yaml": GOOD });
    symlinkSync("..", join(folder, "vms/up"));
    await expectFailure([folder], new RegExp(`: cannot read ${folder}: ${folder}/vms/up is a link that leads back to`));
    const circle = temporaryFolder();
    symlinkSync("b.yaml", join(circle, "a.yaml"));
    symlinkSync("a.yaml", join(circle, "b.yaml"));
    await expectFailure([circle], /: ELOOP: .*a.yaml/);
    await expectFailure([join(circle, "a.yaml")], /: cannot read .*a.yaml: ELOOP/);
    const images = ["check", "-", "--images", folder];
    expect(await run(images, { stdin: GOOD })).toMatchObject({
      exitCode: 3,
      errors: expect.stringContaining(`${folder}/vms/up is a link that leads back to ${folder}; remove it`) as unknown,
    });
  });

  test("a file of seven gigabytes, before it is read", async () => {
    const folder = folderWith({ "vm.yaml": "", "images/a.yaml": "" });
    truncateSync(join(folder, "vm.yaml"), 7_000_000_000);
    truncateSync(join(folder, "images/a.yaml"), 7_000_000_000);
    await expectFailure([join(folder, "vm.yaml")], /vm.yaml: it has more than 64 MiB, .*; split it/);
    const { exitCode, errors } = await run(["check", "-", "--images", join(folder, "images")], { stdin: GOOD });
    expect([exitCode, errors]).toEqual([
      3,
      expect.stringMatching(/images\/a.yaml: it has more than 400 MiB, .*; split it/),
    ]);
  });

  test("an endless file, and a named pipe in a folder", async () => {
    await expectFailure(["/dev/zero"], /cannot read \/dev\/zero: it has more than 64 MiB/);
    const folder = temporaryFolder();
    execFileSync("mkfifo", [join(folder, "pipe.yaml")]);
    await expectFailure([folder], /pipe.yaml is neither a file nor a folder/);
  });

  test.skipIf(process.getuid?.() === 0)("a folder without permission", async () => {
    const folder = folderWith({ "closed/vm.yaml": GOOD });
    chmodSync(join(folder, "closed"), 0);
    await expectFailure([folder], /EACCES: permission denied.*closed/);
  });
});

test("a List may have more items than a call may have arguments", async () => {
  const items = Array.from({ length: 150_000 }, () => ({}));
  const { output, errors } = await check(["-", "--allow-empty"], { stdin: JSON.stringify({ kind: "List", items }) });
  expect([output.split("\n").at(-2), errors]).toEqual(["0 objects checked: 0 refused, 0 warned; 150000 skipped", ""]);
});

describe("an unrendered template", () => {
  const HEAD =
    "apiVersion: vmoperator.vmware.com/v1alpha6\nkind: VirtualMachine\nmetadata: {name: a, namespace: dev}\n";

  test.each([
    ["of Helm as a value", `${HEAD}spec:\n  imageName: {{ .Values.image }}\n`, 5, "{{ .Values.image }}"],
    ["of Helm around lines", `{{- if .Values.vm }}\n${HEAD}spec: {}\n{{- end }}\n`, 1, "{{- if .Values.vm }}"],
    [
      "of Helm among fields",
      `${HEAD}spec:\n  {{- include "spec" . | nindent 2 }}\n`,
      5,
      '{{- include "spec" . | nindent 2 }}',
    ],
    ["of Jinja", `{% for vm in vms %}\n${HEAD}{% endfor %}\n`, 1, "{% for vm in vms %}"],
  ])("%s exits 3 with the line of the directive", async (_, stdin, line, directive) => {
    for (const command of COMMANDS) {
      const { exitCode, output, errors } = await run([command, "-", ...IMAGES], { stdin });
      expect([exitCode, output]).toEqual([3, ""]);
      expect(errors).toBe(
        `vm-image-webhook: -:${line}: ${directive} is not rendered: render the template first (helm template, jinja2) and give the result\n`,
      );
    }
  });

  test("in a quoted name is an error of that field, instead of an unknown name", async () => {
    const { exitCode, output } = await check(["-"], { stdin: `${HEAD}spec:\n  imageName: "{{ image }}"\n` });
    expect(exitCode).toBe(1);
    expect(output.split("\n")[0]).toBe(
      '-:5: error: VirtualMachine dev/a: spec.imageName: "{{ image }}" is not rendered: render the template first (helm template, jinja2) and give the result',
    );
    expect(output).not.toContain("Not found");
  });

  test("does not explain another mistake of a file that quotes directives", async () => {
    const stdin = 'a: "{{ $labels.name }}"\nb: [1\nc: 2\n';
    expect((await check(["-"], { stdin })).errors).toMatch(/^vm-image-webhook: -:3: (?!.*rendered)/);
  });
});

describe("YAML 1.1", () => {
  /** The boot image must have cloud-init, which only the second has. */
  const IMAGES_OF_CDROMS = ["a1", "a2"].map((id) => ({
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachineImage",
    metadata: { name: `vmi-000000000000000${id}`, namespace: "dev" },
    status: { name: id, type: "ISO", capabilities: id === "a2" ? ["cloud-init"] : [] },
  }));

  test.each([
    ["no", "yes", 0],
    ["OFF", "On", 0],
    ["n", "y", 0],
    ["yes", "no", 1],
  ])("connected: %s and connected: %s are booleans, which select the boot image", async (first, second, code) => {
    const images = folderWith({
      "images.json": JSON.stringify({ apiVersion: "v1", kind: "List", items: IMAGES_OF_CDROMS }),
    });
    const stdin = `apiVersion: vmoperator.vmware.com/v1alpha6
kind: VirtualMachine
metadata: {name: a, namespace: dev, annotations: {vm-image-webhook.dev/required-capabilities: cloud-init}}
spec:
  guestID: ubuntu64Guest
  hardware:
    cdrom:
      - {name: cd1, connected: ${first}, image: {kind: VirtualMachineImage, name: vmi-000000000000000a1}}
      - {name: cd2, connected: ${second}, image: {kind: VirtualMachineImage, name: vmi-000000000000000a2}}
`;
    const { exitCode, output } = await run(["check", "-", "--images", images], { stdin });
    expect([exitCode, output]).toEqual([code, expect.stringContaining(`1 object checked: ${code} refused`)]);
  });

  test("a name that is no text is refused as such", async () => {
    const stdin = BAD.replace('"ubuntu-2404"', "on");
    expect((await check(["-"], { stdin })).output).toMatch(/spec.imageName: Invalid value: true: .*string/);
  });
});

describe("progress and the end", () => {
  const folder = (): string => folderWith({ "a.yaml": GOOD, "b.yaml": GOOD, "c.yaml": GOOD });

  test("progress counts files, and a stop ends the reading with its reason", async () => {
    const heard: (readonly [number, number | undefined])[] = [];
    const stop = new AbortController();
    const progress = (done: number, total?: number): void => {
      heard.push([done, total]);
      if (done === 2) stop.abort("SIGTERM");
    };
    const { exitCode, output, errors } = await check([folder()], { progress, stop: stop.signal });
    expect(heard).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect([exitCode, output, errors]).toEqual([3, "", "vm-image-webhook: stopped by SIGTERM\n"]);
  });

  test("a stop ends a long text between its documents, too", async () => {
    const stop = new AbortController();
    setImmediate(() => {
      stop.abort("SIGINT");
    });
    const stdin = `${GOOD}\n---\n`.repeat(1_000);
    const { errors } = await check(["-"], { stdin, stop: stop.signal });
    expect(errors).toBe("vm-image-webhook: stopped by SIGINT\n");
  });
});

describe("a field that is misspelled, or of another version", () => {
  const MISSPELLED = BAD.replace("imageName", "imagename");

  test("is an error of check, at its line", async () => {
    const { exitCode, output } = await check(["-"], { stdin: `# here\n${MISSPELLED}` });
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "-:2: error: VirtualMachine dev/bad: spec.imagename: unknown field; did you mean imageName?\n",
    );
    const old = BAD.replace("v1alpha6", "v1alpha2").replace(
      '"imageName":"ubuntu-2404"',
      '"image":{"name":"ubuntu-24.04"}',
    );
    expect((await check(["-"], { stdin: old })).output).toContain(
      "spec.image: unknown field in v1alpha2; write spec.imageName, or use one of the versions that have it: v1alpha6,",
    );
  });

  test("is a note of replay, which answers as the server would", async () => {
    const stdin = JSON.stringify(createReview({ object: virtualMachine({ imageName: "ubuntu-24.04", imgae: {} }) }));
    const { exitCode, output } = await run(["replay", "-", ...IMAGES], { stdin });
    expect(exitCode).toBe(0);
    expect(output).toContain("# mistake in the object: spec.imgae: unknown field; did you mean image?\n");
    const { output: json } = await run(["replay", "-", "-o", "json", ...IMAGES], { stdin });
    expect(JSON.parse(json.split("\n")[0] ?? "")).toMatchObject({
      allowed: true,
      mistakes: [{ field: "spec.imgae", message: "unknown field; did you mean image?" }],
    });
  });
});
