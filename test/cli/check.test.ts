import { decider } from "../../src/admission/decide.ts";
import { readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { checkManifest } from "../../src/cli/findings.ts";
import type { Finding } from "../../src/cli/output/finding.ts";
import { manifestsOf } from "../../src/cli/manifest.ts";
import { yamlDocuments } from "../../src/files/yaml.ts";
import { type Json, virtualMachine } from "../support/admission-review.ts";
import { POLICY } from "../support/admission.ts";
import { indexOf } from "../support/catalogue.ts";
import { type CommandRun, ofCheckout, run, type Surroundings } from "../support/command-run.ts";
import { FakeApiServer } from "../support/fake-api-server.ts";
import { imageManifest } from "../support/image-manifest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const EXAMPLES = ofCheckout("examples/vms");
const GROUP = "vmoperator.vmware.com";

function check(args: readonly string[], given?: Surroundings): Promise<CommandRun> {
  return run(["check", ...args, ...IMAGES], given);
}

/** A file with this text, which is removed after the test. */
function written(text: string, name = "vm.yaml"): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

interface Report {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  readonly summary: unknown;
}

/** The findings that `-o json` prints for standard input. */
async function report(stdin: string, args: readonly string[] = []): Promise<Report> {
  const { exitCode, output, errors } = await check(["-", "-o", "json", ...args], { stdin });
  expect(errors).toBe("");
  const documents = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Finding | { readonly summary: unknown });
  const last = documents.pop();
  return { exitCode, findings: documents as Finding[], summary: (last as { summary: unknown }).summary };
}

/** Line, level and field of each finding. */
async function places(
  stdin: string,
  args?: readonly string[],
): Promise<readonly (readonly [number, string, string])[]> {
  return (await report(stdin, args)).findings.map(({ line, level, field }) => [line, level, field]);
}

/** A VirtualMachine of namespace dev: `imageName` is at line 5. */
function machine(imageName: string): string {
  return [
    `apiVersion: ${GROUP}/v1alpha6`,
    "kind: VirtualMachine",
    "metadata: { name: web, namespace: dev }",
    "spec:",
    `  imageName: ${imageName}`,
    "",
  ].join("\n");
}

const UNKNOWN = machine("ubuntu-2404");
const NOT_READY = machine("debian-13");
const KNOWN = machine("ubuntu-24.04");
const CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n";

describe("the verdict", () => {
  test("has no finding for an admitted object, and exit code 0", async () => {
    expect(await check(["-"], { stdin: KNOWN })).toEqual({
      exitCode: 0,
      output: "1 object checked: 0 refused, 0 warned; 0 skipped\n",
      errors: "",
    });
  });

  test("has an error at the line of a refused field, with admission's text, and exit code 1", async () => {
    const file = written(UNKNOWN);
    expect(await check([file])).toEqual({
      exitCode: 1,
      output:
        `${file}:5: error: spec.imageName: Not found: "ubuntu-2404": no image in namespace "dev" or the cluster has ` +
        'this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea)?\n' +
        "1 object checked: 1 refused, 0 warned; 0 skipped\n",
      errors: "",
    });
  });

  test("has a warning once, and exit code 0", async () => {
    const file = written(NOT_READY);
    const { exitCode, output } = await check([file]);
    expect(exitCode).toBe(0);
    expect(output.split("\n")).toEqual([
      expect.stringMatching(
        /^\/.*\/vm\.yaml:5: warning: spec\.imageName: "vmi-859800d0616bdde5a": debian-13: the image is not ready /,
      ),
      "1 object checked: 0 refused, 1 warned; 0 skipped",
      "",
    ]);
    // Both endpoints warn of this.
    expect(await places(UNKNOWN, ["--check", "exists=warn"])).toEqual([[5, "warning", "spec.imageName"]]);
  });

  test("counts an object with an error and a warning as refused only", async () => {
    const stdin = `${NOT_READY}  bootOptions: { firmware: bios, efiSecureBoot: Enabled }\n`;
    const { exitCode, findings, summary } = await report(stdin);
    expect(exitCode).toBe(1);
    expect(findings.map(({ level, field }) => [level, field])).toEqual([
      ["error", "spec.bootOptions.efiSecureBoot"],
      ["warning", "spec.imageName"],
    ]);
    expect(summary).toEqual({ checked: 1, refused: 1, warned: 0, skipped: 0 });
  });

  test("finds what only /validate refuses, in the mutated object", async () => {
    // /mutate adds the missing kind; /validate alone would refuse it.
    const filled = `${machine("''")}  image: { name: vmi-0a0044d7c690bcbea }\n`;
    expect(await places(filled)).toEqual([]);
    const required = machine("''");
    expect(await places(required)).toEqual([[5, "error", "spec.imageName"]]);
  });

  test("refuses a machine without an image, because a manifest has no privileged user", async () => {
    const object = virtualMachine({ className: "small" });
    const metadata = { name: "web", annotations: { [`${GROUP}.protected/skip-validation`]: "" } };
    expect((await report(stringify({ ...object, metadata }))).exitCode).toBe(1);
  });

  test("follows the flags --check, --resolution and --write of serve", async () => {
    expect((await report(UNKNOWN, ["--check", "exists=off"])).findings).toEqual([]);
    const byLibrary = machine("cl-linux/photon-5");
    expect((await report(byLibrary)).findings).toEqual([]);
    expect(await places(byLibrary, ["--resolution", "strict"])).toEqual([[5, "error", "spec.imageName"]]);
    expect(await places(byLibrary, ["--write", "image"])).toEqual([[5, "warning", "spec.imageName"]]);
  });

  test("has messages that do not repeat the field", async () => {
    const stdin = [UNKNOWN, NOT_READY].join("---\n");
    const messages = (await report(stdin)).findings.map(({ message }) => message);
    expect(messages).toEqual([
      expect.stringMatching(/^Not found: "ubuntu-2404": /),
      expect.stringMatching(/^"vmi-859800d0616bdde5a": debian-13: the image is not ready/),
    ]);
  });

  test("is a failure while the index is not complete", () => {
    const [document] = yamlDocuments(`# here\n${KNOWN}`);
    const [manifest] = document === undefined ? [] : manifestsOf({ file: "vm.yaml", ...document });
    const input = { namespace: "default", index: indexOf([], []), decide: decider(POLICY) };
    expect(() => manifest && checkManifest(manifest, input)).toThrow(
      expect.objectContaining({
        code: "images",
        message: expect.stringMatching(/^vm\.yaml:2: not decided: .*VirtualMachineImage/) as unknown,
      }) as Error,
    );
  });
});

describe("the lines of findings", () => {
  test("count through the documents of a file, comments and empty ones included", async () => {
    const stdin = `# one\n${UNKNOWN}---\n# two\n---\n${KNOWN}---\n\n${UNKNOWN}`;
    expect(await places(stdin)).toEqual([
      [6, "error", "spec.imageName"],
      [21, "error", "spec.imageName"],
    ]);
  });

  test("of a missing field are those of its nearest parent that exists", async () => {
    const head = `# a machine\napiVersion: ${GROUP}/v1alpha6\nkind: VirtualMachine\nmetadata: { name: web }\n`;
    expect(await places(`${head}spec:\n  className: small\n`)).toEqual([[5, "error", "spec.imageName"]]);
    expect(await places(`${head}spec:\n`)).toEqual([[5, "error", "spec.imageName"]]);
    expect(await places(head)).toEqual([[2, "error", "spec.imageName"]]);
  });

  test("and columns are those of the field's key, wherever its value is", async () => {
    const [finding] = (await report(UNKNOWN.replace("imageName: ", "imageName:\n    "))).findings;
    expect(finding).toMatchObject({ line: 5, column: 3 });
  });

  test("of a CD-ROM are those of its entry", async () => {
    const stdin = [
      `apiVersion: ${GROUP}/v1alpha6`,
      "kind: VirtualMachine",
      "metadata: { name: installer, namespace: dev }",
      "spec:",
      "  guestID: ubuntu64Guest",
      "  hardware:",
      "    cdrom:",
      "      - name: cd1",
      "        image: { name: ubuntu-24.04-live }",
      "      - name: cd2",
      "        image:",
      "          kind: VirtualMachineImage",
      "          name: nothing",
      "      - name: cd3",
      "        image: { kind: Iso, name: ubuntu-24.04-live }",
      "",
    ].join("\n");
    expect(await places(stdin)).toEqual([
      [13, "error", "spec.hardware.cdrom[1].image.name"],
      [15, "error", "spec.hardware.cdrom[2].image.kind"],
    ]);
    const nameless = stdin.slice(0, stdin.indexOf("      - name: cd3")).replace("          name: nothing\n", "");
    expect(await places(nameless)).toContainEqual([11, "error", "spec.hardware.cdrom[1].image.name"]);
    const guestless = stdin.slice(0, stdin.indexOf("      - name: cd2")).replace("  guestID: ubuntu64Guest\n", "");
    expect(await places(guestless)).toEqual([[4, "error", "spec.guestID"]]);
  });

  test("of a template are those within it", async () => {
    const stdin = [
      `apiVersion: ${GROUP}/v1alpha6`,
      "kind: VirtualMachineReplicaSet",
      "metadata: { name: set, namespace: dev }",
      "spec:",
      "  template:",
      "    spec:",
      "      imageName: photon-5",
      "",
    ].join("\n");
    expect(await places(stdin)).toEqual([[7, "error", "spec.template.spec.imageName"]]);
  });

  test("of a field from an anchor or a merge key are those where it is written", async () => {
    const stdin = [
      "base: &base",
      "  imageName: ubuntu-2404",
      `apiVersion: ${GROUP}/v1alpha6`,
      "kind: VirtualMachine",
      "metadata: { name: web, namespace: dev }",
      "spec:",
      "  className: small",
      "  <<: *base",
      "",
    ].join("\n");
    expect(await places(stdin)).toEqual([[2, "error", "spec.imageName"]]);
    expect((await report(stdin)).findings).toMatchObject([
      { message: expect.stringMatching(/^Not found: "ubuntu-2404"/) as unknown },
    ]);
    expect(await places(stdin.replace("<<: *base", "<<: [*base]"))).toEqual([[2, "error", "spec.imageName"]]);
    expect(await places(stdin.replace(/spec:\n.*\n.*\n/, "spec: *base\n"))).toEqual([[2, "error", "spec.imageName"]]);
    const own = stdin.replace("className: small", "imageName: ubuntu-2404");
    expect(await places(own)).toEqual([[7, "error", "spec.imageName"]]);
  });
});

describe("input", () => {
  test("several files are checked in order", async () => {
    const [one, two] = [written(UNKNOWN, "one.yaml"), written(NOT_READY, "two.yaml")];
    const { exitCode, output } = await check([two, one]);
    expect(exitCode).toBe(1);
    expect(output.match(/^.*?\d:/gm)).toEqual([`${two}:5:`, `${one}:5:`]);
    expect(output).toContain("2 objects checked: 1 refused, 1 warned; 0 skipped\n");
  });

  test("JSON has lines, and may be indented by tabs", async () => {
    const object = virtualMachine({ imageName: "ubuntu-2404" });
    for (const indentation of [2, "\t"]) {
      expect(await places(JSON.stringify(object, null, indentation))).toEqual([[9, "error", "spec.imageName"]]);
    }
    expect(await places(JSON.stringify(object))).toEqual([[1, "error", "spec.imageName"]]);
  });

  test("the items of a List are objects, also those of a nested List", async () => {
    const bad = (): Json => virtualMachine({ imageName: "ubuntu-2404" });
    const list = (...items: readonly Json[]): Json => ({ apiVersion: "v1", kind: "List", items });
    const { findings, summary } = await report(stringify(list(virtualMachine(), bad(), list(bad()))));
    expect(findings.map(({ line }) => line)).toEqual([17, 27]);
    expect(summary).toEqual({ checked: 3, refused: 2, warned: 0, skipped: 0 });
    expect((await report(stringify(list()))).summary).toEqual({ checked: 0, refused: 0, warned: 0, skipped: 0 });
  });

  test("the items of a typed list have its kind and version", async () => {
    const items = ["ubuntu-24.04", "ubuntu-2404"].map((imageName) => ({
      metadata: { name: imageName, namespace: "dev" },
      spec: { imageName },
    }));
    const list = { apiVersion: `${GROUP}/v1alpha6`, kind: "VirtualMachineList", items };
    const { findings, summary } = await report(stringify(list));
    expect(findings).toMatchObject([{ line: 13, object: { kind: "VirtualMachine", name: "ubuntu-2404" } }]);
    expect(summary).toEqual({ checked: 2, refused: 1, warned: 0, skipped: 0 });
    const elsewhere = await report(stringify({ ...list, apiVersion: "example.com/v1alpha6" }));
    expect(elsewhere.summary).toEqual({ checked: 0, refused: 0, warned: 0, skipped: 1 });
  });

  test("objects of other kinds are skipped and counted", async () => {
    const elsewhere = UNKNOWN.replace(GROUP, "example.com");
    const stdin = [CONFIG_MAP, elsewhere, imageManifest("vmi-a", "a"), "just text\n", KNOWN].join("---\n");
    expect(await report(stdin)).toEqual({
      exitCode: 0,
      findings: [],
      summary: { checked: 1, refused: 0, warned: 0, skipped: 4 },
    });
  });

  test("an object of an unknown version is skipped with a warning", async () => {
    const { exitCode, findings, summary } = await report(UNKNOWN.replace("v1alpha6", "v2"));
    expect(exitCode).toBe(0);
    expect(findings).toEqual([
      {
        file: "-",
        line: 1,
        column: 1,
        object: { kind: "VirtualMachine", namespace: "dev", name: "web" },
        level: "warning",
        rule: "unknown-version",
        field: "apiVersion",
        message:
          "not checked: VirtualMachine is known here in v1alpha6, v1alpha5, v1alpha4, v1alpha3, v1alpha2, v1alpha1, not in v2",
      },
    ]);
    expect(summary).toEqual({ checked: 0, refused: 0, warned: 0, skipped: 1 });
    const set = UNKNOWN.replace("v1alpha6", "v1alpha2").replace("VirtualMachine", "VirtualMachineReplicaSet");
    expect((await report(set)).findings).toMatchObject([
      { message: expect.stringMatching(/v1alpha3, not in v1alpha2$/) as unknown },
    ]);
  });

  test.each([
    ["an empty file", "", 0],
    ["a file of comments", "# nothing\n---\nnull\n", 0],
    ["other kinds only", CONFIG_MAP, 1],
  ])("%s is an error, because nothing was checked, and exits 3", async (_, stdin, skipped) => {
    const nothing =
      "nothing was checked: there is no VirtualMachine, VirtualMachineReplicaSet, VirtualMachinePublishRequest, VirtualMachineGroupPublishRequest, NodeProvider, NodeClaim, Machine or OSImage";
    const error = `${nothing}; correct the path, or allow that by --allow-empty`;
    const summary = `0 objects checked: 0 refused, 0 warned; ${skipped} skipped\n`;
    expect(await check(["-"], { stdin })).toEqual({ exitCode: 3, output: `error: ${error}\n${summary}`, errors: "" });
    const { exitCode, output: json } = await check(["-", "-o", "json"], { stdin });
    expect([exitCode, JSON.parse(json)]).toMatchObject([3, { summary: { checked: 0 }, error }]);
    expect((await check(["-", "-o", "github"], { stdin })).output).toBe(`::error::${error}\n${summary}`);
    const allowed = await check(["-", "--allow-empty"], { stdin });
    expect([allowed.exitCode, allowed.output]).toEqual([0, `warning: ${nothing}\n${summary}`]);
  });

  test("the namespace is that of the object, else that of -n, else default", async () => {
    const homeless = UNKNOWN.replace(", namespace: dev", "").replace("ubuntu-2404", "ubuntu-24.04");
    expect((await report(homeless)).findings).toMatchObject([
      { object: { namespace: "default" }, message: expect.stringContaining('namespace "default"') as unknown },
    ]);
    expect((await report(homeless, ["-n", "dev"])).exitCode).toBe(0);
    expect((await report(homeless, ["-n", "prod"])).findings).toMatchObject([{ object: { namespace: "prod" } }]);
    expect((await report(KNOWN, ["-n", "prod"])).exitCode).toBe(0);
  });

  test("an object without a name has its generateName", async () => {
    const { findings } = await report(UNKNOWN.replace("name: web", "generateName: web-"));
    expect(findings).toMatchObject([{ object: { kind: "VirtualMachine", namespace: "dev", name: "web-" } }]);
  });
});

describe("unreadable input", () => {
  test.each([
    ["broken YAML", "a: 1\nb: [1\nc: 2\n", 3],
    ["broken JSON", '{\n"a": 1,\n"b" 2}', 3],
    ["a key that comes twice", "a: 1\nb: 2\na: 3\n", 3],
    ["an alias of nothing", "# here\na: *nowhere\n", 2],
    ["the second document", `${UNKNOWN}---\na: b: c\n`, 7],
  ])("%s exits 3 and names file and line, and nothing is checked", async (_, text, line) => {
    const [good, bad] = [written(UNKNOWN), written(text)];
    const { exitCode, output, errors } = await check([good, bad]);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^[^\n]+\n$/);
    expect(errors.startsWith(`vm-image-webhook: ${bad}:${line}: `)).toBe(true);
  });

  test("a missing file exits 3 and is named", async () => {
    const { exitCode, output, errors } = await check([written(UNKNOWN), "absent.yaml"]);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^vm-image-webhook: cannot read absent\.yaml: ENOENT[^\n]*\n$/);
  });
});

describe("-o", () => {
  test("json prints a finding on each line, then the summary", async () => {
    const { output } = await check(["-", "-o", "json"], { stdin: [UNKNOWN, CONFIG_MAP, NOT_READY].join("---\n") });
    const documents = output.trimEnd().split("\n");
    expect(documents.map((document) => JSON.parse(document) as unknown)).toEqual([
      {
        file: "-",
        line: 5,
        column: 3,
        object: { kind: "VirtualMachine", namespace: "dev", name: "web" },
        level: "error",
        rule: "exists",
        field: "spec.imageName",
        message: expect.stringMatching(/^Not found: /) as unknown,
      },
      expect.objectContaining({ line: 15, level: "warning" }),
      { summary: { checked: 2, refused: 1, warned: 1, skipped: 1 } },
    ]);
  });

  test("github prints a workflow command for each finding, then the summary", async () => {
    const file = relative("", written([UNKNOWN, NOT_READY].join("---\n")));
    const { exitCode, output } = await check([`./${file}`, "-o", "github"]);
    expect(exitCode).toBe(1);
    const [error = "", warning = "", ...rest] = output.split("\n");
    const properties = (line: number): string => `file=${file},line=${line},col=3,title=VirtualMachine dev/web`;
    expect(error.startsWith(`::error ${properties(5)}::spec.imageName: Not found: "ubuntu-2404": `)).toBe(true);
    expect(warning.startsWith(`::warning ${properties(11)}::spec.imageName: "vmi-`)).toBe(true);
    expect(rest).toEqual(["2 objects checked: 1 refused, 1 warned; 0 skipped", ""]);
  });

  test("github escapes characters that would end a property or a line", async () => {
    const file = written(machine("100%,a:b"), "a,b:c%\r\n.yaml");
    const { output } = await check([file, "-o", "github"]);
    expect(output).toContain("/a%2Cb%3Ac%25%0D%0A.yaml,line=5,");
    expect(output).toContain('::spec.imageName: Not found: "100%25,a:b": ');
    const named = UNKNOWN.replace("name: web", 'name: "a,b::c%\\n"');
    expect((await check(["-", "-o", "github"], { stdin: named })).output).toMatch(
      /^::error title=VirtualMachine dev\/a%2Cb%3A%3Ac%25\\u000a::spec\.imageName: /,
    );
  });

  test("github prints no file for standard input", async () => {
    const { output } = await check(["-", "-o", "github"], { stdin: UNKNOWN });
    expect(output).toMatch(/^::error title=VirtualMachine dev\/web::/);
  });

  test("github may be set in the environment, for check only", async () => {
    const environment = { VM_IMAGE_WEBHOOK_OUTPUT: "github" };
    expect((await check(["-"], { stdin: UNKNOWN, environment })).output).toMatch(/^::error /);
    for (const command of [
      ["resolve", "x"],
      ["replay", "-"],
    ]) {
      const { exitCode, errors } = await run([...command, ...IMAGES, "-o", "github"]);
      expect([exitCode, errors]).toEqual([2, "vm-image-webhook: --output github: is not one of text, json\n"]);
    }
    const { exitCode, errors } = await check(["-", "-o", "xml"], { stdin: UNKNOWN });
    const outputs = "text, json, github, sarif, junit";
    expect([exitCode, errors]).toEqual([2, `vm-image-webhook: --output xml: is not one of ${outputs}\n`]);
  });

  test("appears in the help once", async () => {
    const { exitCode, output } = await run(["check", "--help"]);
    expect(exitCode).toBe(0);
    expect(output.match(/-o, --output <FORMAT>/g)).toHaveLength(1);
    expect(output).toContain("VM_IMAGE_WEBHOOK_OUTPUT");
    expect(output).not.toContain("--privileged");
  });
});

describe("a cluster", () => {
  /** A check of this text against a cluster. */
  async function checked(server: FakeApiServer, stdin: string): Promise<CommandRun & { href: string }> {
    const { href } = await server.listen();
    onTestFinished(() => server.close());
    const kubeconfig = written(
      JSON.stringify({
        "current-context": "it",
        clusters: [{ name: "it", cluster: { server: href, "insecure-skip-tls-verify": true } }],
        users: [{ name: "it", user: {} }],
        contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
      }),
    );
    return { ...(await run(["check", "-", "--kubeconfig", kubeconfig], { stdin })), href };
  }

  /** The lists that a check of this text requests. */
  async function lists(stdin: string, server = new FakeApiServer()): Promise<readonly string[]> {
    const { errors, href } = await checked(server, stdin);
    expect(errors).toBe("");
    const listed = server.requests.filter(({ verb }) => verb === "list").map(({ url }) => new URL(url, href).pathname);
    return listed.map((path) => path.replace(/^.*v1alpha\d+\//, "")).sort();
  }

  test("is asked for the images of one namespace where all objects are in it", async () => {
    expect(await lists(`${KNOWN}---\n${UNKNOWN}`)).toEqual([
      "clustervirtualmachineimages",
      "namespaces/dev/virtualmachineimages",
    ]);
    expect(await lists(`${KNOWN}---\n${KNOWN.replace("dev", "prod")}`)).toEqual([
      "clustervirtualmachineimages",
      "virtualmachineimages",
    ]);
  });

  test("with cluster-scoped VirtualMachineImages is asked for these", async () => {
    const server = new FakeApiServer();
    server.replaceVmImages("Cluster");
    server.write("ubuntu-noble", "ubuntu-24.04");
    const { exitCode, output } = await checked(server, KNOWN.replace("dev", "prod"));
    expect(output).not.toContain("Not found");
    expect(exitCode).toBe(0);
    const ofCluster = new FakeApiServer();
    ofCluster.replaceVmImages("Cluster");
    expect(await lists(KNOWN, ofCluster)).toEqual(["clustervirtualmachineimages", "virtualmachineimages"]);
  });

  test("is asked for no images where there is nothing to check", async () => {
    expect(await lists(CONFIG_MAP)).toEqual([]);
  });
});

test("the examples are admitted, and only the publish request warns", async () => {
  const files = readdirSync(EXAMPLES).map((file) => join(EXAMPLES, file));
  const { exitCode, output } = await check(files);
  expect(exitCode).toBe(0);
  expect(output.split("\n")).toEqual([
    expect.stringMatching(/\/publish\.yaml:14: warning: spec\.target\.item\.name: "ubuntu-24\.04": image vmi-0a00/),
    `${files.length} objects checked: 0 refused, 1 warned; 0 skipped`,
    "",
  ]);
});
