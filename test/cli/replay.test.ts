import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { createReview, type Json, UID, virtualMachine } from "../support/admission-review.ts";
import { type CommandRun, ofCheckout, run, type Surroundings } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const RESOLVED = ofCheckout("examples/reviews/resolved.json");
const AMBIGUOUS = ofCheckout("examples/reviews/ambiguous.json");
const UNKNOWN = ofCheckout("examples/reviews/unknown.json");
const PINNED = "vmi-0a0044d7c690bcbea";

function replay(args: readonly string[], given?: Surroundings): Promise<CommandRun> {
  return run(["replay", ...args, ...IMAGES], given);
}

interface Shown {
  readonly file: string;
  readonly endpoint: string;
  readonly code: number;
  readonly answer: { readonly response: Json };
  readonly allowed: boolean;
  readonly before?: unknown;
  readonly after?: unknown;
}

async function replayed(args: readonly string[], given?: Surroundings): Promise<readonly Shown[]> {
  const { output, errors } = await replay([...args, "-o", "json"], given);
  expect(errors).toBe("");
  return output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Shown);
}

describe("the examples", () => {
  test("with a resolved review are answered by both endpoints and exit 0", async () => {
    const { exitCode, output, errors } = await replay([RESOLVED]);
    expect([exitCode, errors]).toEqual([0, ""]);
    expect(output.match(/^# .*$/gm)).toEqual([
      `# ${RESOLVED}: /mutate answers 200`,
      `# ${RESOLVED}: /validate answers 200`,
    ]);
    const [, mutated = "", validated = ""] = output.split(/^# .*\n/m);
    expect(JSON.parse(mutated)).toMatchObject({
      kind: "AdmissionReview",
      response: { allowed: true, patchType: "JSONPatch" },
    });
    expect(JSON.parse(validated)).toMatchObject({ response: { allowed: true } });
  });

  test.each([
    ["ambiguous", AMBIGUOUS],
    ["unknown", UNKNOWN],
  ])("with an %s review are refused by /mutate, not validated, and exit 1", async (_, file) => {
    const { exitCode } = await replay([file]);
    expect(exitCode).toBe(1);
    const answers = await replayed([file]);
    expect(answers.map(({ endpoint, allowed, code }) => [endpoint, allowed, code])).toEqual([["mutate", false, 200]]);
  });

  test("are answered in order, and one refusal means exit 1", async () => {
    const answers = await replayed([RESOLVED, UNKNOWN, RESOLVED]);
    expect(answers.map(({ file, endpoint }) => [file, endpoint])).toEqual([
      [RESOLVED, "mutate"],
      [RESOLVED, "validate"],
      [UNKNOWN, "mutate"],
      [RESOLVED, "mutate"],
      [RESOLVED, "validate"],
    ]);
    expect((await replay([UNKNOWN, RESOLVED])).exitCode).toBe(1);
  });
});

describe("--endpoint", () => {
  test.each(["mutate", "validate"])("%s calls only that one", async (endpoint) => {
    const answers = await replayed([RESOLVED, "--endpoint", endpoint]);
    expect(answers.map(({ endpoint: asked }) => asked)).toEqual([endpoint]);
    expect("patch" in (answers[0]?.answer.response ?? {})).toBe(endpoint === "mutate");
  });

  test("both validates the mutated object", async () => {
    // /mutate adds a missing kind; /validate alone refuses it.
    const review = createReview({ object: virtualMachine({ image: { name: PINNED } }) });
    const given = { stdin: JSON.stringify(review) };
    expect((await replay(["-"], given)).exitCode).toBe(0);
    expect((await replay(["-", "--endpoint", "validate"], given)).exitCode).toBe(1);
  });
});

describe("--diff", () => {
  test("prints the object before and after mutation, and that validation changes nothing", async () => {
    const { output } = await replay([RESOLVED, "--diff"]);
    const [, before = "", after = ""] = /# before\n([^#]*)# after\n([^#]*)#/.exec(output) ?? [];
    const sent = (JSON.parse(readFileSync(RESOLVED, "utf8")) as { request: { object: Json } }).request.object;
    expect(parse(before)).toEqual(sent);
    expect(parse(after)).toMatchObject({
      spec: { className: "best-effort-small", imageName: PINNED, image: { kind: "VirtualMachineImage", name: PINNED } },
    });
    expect(output.match(/# object unchanged/g)).toHaveLength(1);
  });

  test("adds both objects to JSON", async () => {
    const [mutated, validated] = await replayed([RESOLVED, "--diff"]);
    expect(mutated?.before).toMatchObject({ spec: { imageName: "ubuntu-24.04" } });
    expect(mutated?.after).toMatchObject({ spec: { imageName: PINNED } });
    expect(validated?.before).toEqual(mutated?.after);
    expect(validated?.after).toEqual(validated?.before);
    expect(Object.keys((await replayed([RESOLVED]))[0] ?? {})).toEqual([
      "file",
      "endpoint",
      "code",
      "answer",
      "allowed",
    ]);
  });

  test("accepts a review without an object", async () => {
    const review = createReview({ operation: "DELETE", object: null, oldObject: virtualMachine() });
    const { exitCode, output } = await replay(["-", "--diff"], { stdin: JSON.stringify(review) });
    expect(exitCode).toBe(0);
    expect(output).toContain("# object unchanged");
  });
});

describe("input", () => {
  test("- is standard input", async () => {
    const [mutated] = await replayed(["-"], { stdin: JSON.stringify(createReview()) });
    expect(mutated).toMatchObject({ file: "-", allowed: true, answer: { response: { uid: UID } } });
  });

  test("a YAML file may hold several reviews, and empty documents", async () => {
    const file = join(temporaryFolder(), "reviews.yaml");
    const reviews = ["one", "two"].map((uid) => stringify(createReview({ uid })));
    writeFileSync(file, `---\n${reviews.join("---\n")}---\n`);
    const answers = await replayed([file, "--endpoint", "mutate"]);
    expect(answers.map(({ answer }) => answer.response["uid"])).toEqual(["one", "two"]);
  });

  test("JSON may be indented by tabs", async () => {
    const stdin = JSON.stringify(createReview(), null, "\t");
    expect((await replay(["-"], { stdin })).exitCode).toBe(0);
  });

  test("keeps large integers and keys like __proto__", async () => {
    const stdin = JSON.stringify(createReview()).replace(
      '"spec":{',
      '"spec":{"__proto__":{"imageName":"photon-5"},"generation":9007199254740993,',
    );
    const [mutated, validated] = await replayed(["-"], { stdin });
    expect([mutated?.allowed, validated?.allowed]).toEqual([true, true]);
  });

  test.each([
    ["another object", JSON.stringify({ apiVersion: "v1", kind: "ConfigMap" })],
    ["a list", "[]"],
    ["text", "just text"],
    ["a review without a uid", JSON.stringify(createReview({ uid: "" }))],
  ])("%s is no review: the answer is 400, and the exit code 1", async (_, stdin) => {
    const { exitCode, output } = await replay(["-"], { stdin });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^# -: \/mutate answers 400\n"[^\n]+"\n$/);
    expect(await replayed(["-"], { stdin })).toMatchObject([{ code: 400, allowed: false }]);
  });

  test("a missing file exits 3 and is named", async () => {
    const { exitCode, output, errors } = await replay(["absent.json"]);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(/^vm-image-webhook: cannot read absent\.json: ENOENT[^\n]*\n$/);
  });

  test.each([
    ["broken YAML", "a: 1\nb: [1\nc: 2\n", /^vm-image-webhook: -:3: /],
    ["broken JSON", '{\n"a": 1,\n"b" 2}', /^vm-image-webhook: -:3: /],
    ["an empty file", "", /^vm-image-webhook: cannot read -: the file is empty\n$/],
    ["a file of comments", "# nothing\n---\n", /^vm-image-webhook: cannot read -: the file is empty\n$/],
    ["an alias of nothing", "a: *nowhere\n", /^vm-image-webhook: -:1: .*alias/],
  ])("%s exits 3 with the reason", async (_, stdin, message) => {
    const { exitCode, output, errors } = await replay(["-"], { stdin });
    expect([exitCode, output]).toEqual([3, ""]);
    expect(errors).toMatch(message);
    expect(errors).toMatch(/^[^\n]+\n$/);
  });
});

describe("policy", () => {
  test("has the flags --write and --check of serve", async () => {
    const [mutated] = await replayed([RESOLVED, "--endpoint", "mutate", "--diff", "--write", "imageName"]);
    expect(mutated?.after).toMatchObject({ spec: { imageName: PINNED } });
    expect(mutated?.after).not.toHaveProperty("spec.image");
    expect((await replay([UNKNOWN, "--endpoint", "mutate", "--check", "exists=warn"])).exitCode).toBe(0);
  });

  test("may have levels from the environment, as a comma list", async () => {
    const environment = { VM_IMAGE_WEBHOOK_CHECK: "exists=warn, required=off" };
    const [, validated] = await replayed([UNKNOWN], { environment });
    expect(validated).toMatchObject({
      allowed: true,
      answer: { response: { warnings: [expect.stringContaining("spec.imageName")] } },
    });
  });
});

test("a manifest exits 3 and says which command takes it", async () => {
  const file = ofCheckout("examples/vms/web.yaml");
  const { exitCode, output, errors } = await run(["replay", file]);
  expect([exitCode, output]).toEqual([3, ""]);
  expect(errors).toBe(
    `vm-image-webhook: ${file}: is a VirtualMachine and not an AdmissionReview; run: vm-image-webhook check ${file}\n`,
  );
});
