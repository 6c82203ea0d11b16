import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type CommandRun, ofCheckout, run } from "../support/command-run.ts";

const UBUNTU = "vmi-0a0044d7c690bcbea";
const IMAGES = ["--images", ofCheckout("examples/images")];

function image(name: string, displayName: string, annotations = ""): string {
  const metadata = `{name: ${name}, namespace: dev${annotations}}`;
  return `{apiVersion: vmoperator.vmware.com/v1alpha6, kind: VirtualMachineImage, metadata: ${metadata}, status: {name: ${displayName}}}`;
}

const LOCAL = ', annotations: {config.kubernetes.io/local-config: "true"}';

const MACHINE = `- apiVersion: vmoperator.vmware.com/v1alpha6
  kind: VirtualMachine
  metadata:
    name: web
    namespace: dev
    annotations: {internal.config.kubernetes.io/path: web.yaml, internal.config.kubernetes.io/index: "1"}
  spec:
    imageName: ubuntu-24.04
`;
const OTHER = `- {apiVersion: v1,   kind: ConfigMap, metadata: {name: a}} # kept as it is\n`;
const HEAD = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";

function config(spec: string): string {
  return `functionConfig:\n  apiVersion: vm-image-webhook.dev/v1alpha1\n  kind: PinImages\n  spec: ${spec}\n`;
}

function fn(stdin: string | Uint8Array, args: readonly string[] = []): Promise<CommandRun> {
  return run(["fn", ...args], { stdin });
}

interface Answer {
  readonly kind: string;
  readonly items: readonly { readonly spec?: { readonly imageName: string } }[];
  readonly results?: readonly object[];
}

describe("a ResourceList", () => {
  const text = `${HEAD}items:\n${OTHER}${MACHINE}`;

  test("stays byte for byte, but for pinned names and results", async () => {
    const { exitCode, output, errors } = await fn(text, IMAGES);
    expect([exitCode, errors]).toEqual([0, ""]);
    const pinned = text.replace("ubuntu-24.04", `${UBUNTU} # vm-image: ubuntu-24.04`);
    expect(output.slice(0, pinned.length)).toBe(pinned);
    expect((parse(output) as Answer).results).toEqual([
      {
        message: `"ubuntu-24.04" pinned to ${UBUNTU}`,
        severity: "info",
        resourceRef: {
          apiVersion: "vmoperator.vmware.com/v1alpha6",
          kind: "VirtualMachine",
          name: "web",
          namespace: "dev",
        },
        file: { path: "web.yaml", index: 1 },
        field: { path: "spec.imageName", currentValue: "ubuntu-24.04", proposedValue: UBUNTU },
      },
    ]);
  });

  test("is unchanged where everything is pinned", async () => {
    const pinned = text.replace("ubuntu-24.04", UBUNTU);
    expect(await fn(pinned, IMAGES)).toEqual({ exitCode: 0, output: pinned, errors: "" });
  });

  test("with a name that cannot be pinned changes nothing, has an error in its results, and fails", async () => {
    const wrong = text + MACHINE.replace("ubuntu-24.04", "nope").replaceAll("internal.config", "config");
    const { exitCode, output, errors } = await fn(wrong, IMAGES);
    expect(exitCode).toBe(1);
    expect(output.slice(0, wrong.length)).toBe(wrong);
    expect((parse(output) as Answer).results).toEqual([
      expect.objectContaining({
        severity: "error",
        message: expect.stringContaining('"nope"') as unknown,
        file: { path: "web.yaml", index: 1 },
        field: { path: "spec.imageName" },
      }),
    ]);
    expect(errors).toMatch(/^-:\d+:\d+: error: spec\.imageName: .*"nope"/);
  });

  test.each([
    ["results of an earlier function", `${text}results: [{message: old}]\n`],
    [
      "flow style",
      `{apiVersion: config.kubernetes.io/v1, kind: ResourceList, items: [${JSON.stringify((parse(text) as Answer).items[1])}]}`,
    ],
    ["an end of the document", `${text}...\n`],
    ["no line end", text.trimEnd()],
  ])("has the new results after %s", async (_, given) => {
    const { exitCode, output } = await fn(given, IMAGES);
    const { items, results } = parse(output) as Answer;
    expect([exitCode, items.at(-1)?.spec?.imageName]).toEqual([0, UBUNTU]);
    expect(results).toEqual([expect.objectContaining({ severity: "info" })]);
  });

  test("of 300 items is pinned", async () => {
    const { exitCode, output } = await fn(`${HEAD}items:\n${MACHINE.repeat(300)}`, IMAGES);
    expect([exitCode, output.split(`imageName: ${UBUNTU} #`).length - 1]).toEqual([0, 300]);
  });

  test("is pinned again with update in functionConfig", async () => {
    const moved = MACHINE.replace("ubuntu-24.04", "vmi-0000000000000000a # vm-image: ubuntu-24.04");
    const { exitCode, output } = await fn(`${HEAD}${config("{update: true}")}items:\n${moved}`, IMAGES);
    expect([exitCode, output]).toEqual([0, expect.stringContaining(`imageName: ${UBUNTU} # vm-image: ubuntu-24.04`)]);
    expect((parse(output) as Answer).results).toMatchObject([{ message: `"ubuntu-24.04" moved to ${UBUNTU}` }]);
  });
});

describe("images", () => {
  const pinnedTo = async (text: string, args: readonly string[] = []): Promise<string | undefined> =>
    (parse((await fn(text, args)).output) as Answer).items.at(-1)?.spec?.imageName;

  test("come from functionConfig, and then not from --images", async () => {
    const text = `${HEAD}${config(`{images: [${image("vmi-a", "ubuntu-24.04")}]}`)}items:\n${MACHINE}`;
    expect(await pinnedTo(text, IMAGES)).toBe("vmi-a");
  });

  test("come from the list, and then not from --images", async () => {
    expect(await pinnedTo(`${HEAD}items:\n- ${image("vmi-b", "ubuntu-24.04", LOCAL)}\n${MACHINE}`, IMAGES)).toBe(
      "vmi-b",
    );
  });

  test("of the list are none without the annotation", async () => {
    expect(await pinnedTo(`${HEAD}items:\n- ${image("vmi-b", "ubuntu-24.04")}\n${MACHINE}`, IMAGES)).toBe(UBUNTU);
  });

  test.each([
    ["in no place", "", "", "no images are given: write them to functionConfig.spec.images, add image objects"],
    [
      "twice",
      config(`{images: [${image("vmi-a", "a")}]}`),
      `- ${image("vmi-a", "b", LOCAL)}\n`,
      "items[0]: VirtualMachineImage dev vmi-a is in functionConfig.spec.images[0] already; remove one",
    ],
    ["of another kind", config("{images: [{kind: Pod}]}"), "", "functionConfig.spec.images[0] is no image"],
    [
      "with a number as name",
      config(`{images: [${image("vmi-a", "24.04")}]}`),
      "",
      "functionConfig.spec.images[0].status.name must be a string",
    ],
  ])("%s are an error", async (_, head, items, message) => {
    const { exitCode, output, errors } = await fn(`${HEAD}${head}items:\n${items}${MACHINE}`);
    expect([exitCode, output, errors]).toEqual([3, "", expect.stringContaining(message)]);
  });
});

describe("functionConfig", () => {
  test.each([
    ["{image: []}", "functionConfig.spec.image is not known; known are images, namespace, resolution, update"],
    ["{images: {}}", "functionConfig.spec.images must be a list of image objects"],
    ["{namespace: 1}", "functionConfig.spec.namespace must be a non-empty string"],
    ["{resolution: best}", "functionConfig.spec.resolution must be one of namespace-first, strict"],
    ["{update: 1}", "functionConfig.spec.update must be true or false"],
    ["[]", "functionConfig.spec must be an object"],
  ])("with spec %s is refused", async (spec, message) => {
    const { exitCode, output, errors } = await fn(`${HEAD}${config(spec)}items: []\n`, IMAGES);
    expect([exitCode, output, errors]).toEqual([3, "", `vm-image-webhook: ${message}\n`]);
  });

  test("of another kind is refused", async () => {
    const { errors } = await fn(`${HEAD}${config("{}").replace("PinImages", "Pin")}items: []\n`, IMAGES);
    expect(errors).toBe("vm-image-webhook: functionConfig.kind must be PinImages\n");
  });
});

test.each([
  ["nothing", "", "standard input is empty"],
  ["another kind", "apiVersion: v1\nkind: List\n", 'is not a ResourceList: apiVersion "v1", kind "List"'],
  ["two documents", `${HEAD}---\n${HEAD}`, "has 2 documents"],
  ["broken YAML", `${HEAD}items: [`, "-:"],
  ["items that are no list", `${HEAD}items: {}\n`, "has items that are not a list"],
  ["UTF-16", Buffer.from(`\ufeff${HEAD}`, "utf16le"), "is not in UTF-8"],
])("%s on standard input is an error", async (_, stdin, message) => {
  const { exitCode, output, errors } = await fn(stdin, IMAGES);
  expect([exitCode, output, errors]).toEqual([3, "", expect.stringContaining(message)]);
});

test("a terminal as standard input is wrong use, so that nobody waits in vain", async () => {
  const { exitCode, output, errors } = await run(["fn", ...IMAGES], { isInteractive: true });
  expect([exitCode, output]).toEqual([2, ""]);
  expect(errors).toBe("vm-image-webhook: standard input is a terminal: fn reads a ResourceList there\n");
});
