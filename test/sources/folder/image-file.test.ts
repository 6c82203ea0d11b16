import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type ImageFile, readImageFile } from "../../../src/sources/folder/image-file.ts";

const GROUP = "vmoperator.vmware.com";

interface Manifest {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string };
  readonly status?: unknown;
}

function image(name: string, version = "v1alpha6"): Manifest {
  return {
    apiVersion: `${GROUP}/${version}`,
    kind: "VirtualMachineImage",
    metadata: { name, namespace: "dev" },
    status: version === "v1alpha1" ? { imageName: `display of ${name}` } : { name: `display of ${name}` },
  };
}

/** Name and line of each image. */
function found({ images }: ImageFile): readonly [string, number][] {
  return images.map(({ image: { name }, line }) => [name, line]);
}

describe("YAML", () => {
  test("each document is an image with the line where it begins", () => {
    const text = `# two images\n${stringify(image("vmi-a"))}---\n# the second\n${stringify(image("vmi-b"))}`;
    const file = readImageFile(text, ".yaml");
    expect(file.problems).toEqual([]);
    expect(found(file)).toEqual([
      ["vmi-a", 2],
      ["vmi-b", 11],
    ]);
    expect(file.images[0]?.image).toMatchObject({ namespace: "dev", displayName: "display of vmi-a" });
  });

  test("empty documents are ignored, and do not count as other kinds", () => {
    const text = `---\n---\n# only a comment\n---\nnull\n---\n${stringify(image("vmi-a"))}---\n`;
    expect(readImageFile(text, ".yaml")).toMatchObject({ images: [{ line: 7 }], skipped: 0, problems: [] });
    expect(readImageFile("", ".yaml")).toEqual({ images: [], skipped: 0, problems: [] });
  });

  test("each item of a List has its own line", () => {
    const text = stringify({ apiVersion: "v1", kind: "List", items: [image("vmi-a"), image("vmi-b")] });
    expect(found(readImageFile(text, ".yml"))).toEqual([
      ["vmi-a", 4],
      ["vmi-b", 11],
    ]);
  });

  test("other kinds are counted", () => {
    const other = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
    const elsewhere = { ...image("vmi-x"), apiVersion: "example.com/v1" };
    const list = { apiVersion: "v1", kind: "List", items: [other, image("vmi-a"), elsewhere] };
    const text = [list, other, "text", 7, ["list"]].map((document) => stringify(document)).join("---\n");
    expect(readImageFile(text, ".yaml")).toMatchObject({ images: [{ image: { name: "vmi-a" } }], skipped: 6 });
  });

  test.each([
    ["a bracket that is not closed", "a: 1\nb: [1\nc: 2\n", 3],
    ["a tab as indentation", "a:\n\tb: 1\n", 2],
    ["a key that comes twice", "a: 1\nb: 2\na: 3\n", 3],
    ["a value within a value", "a: 1\nb: c: d\n", 2],
  ])("%s is a problem at its line", (_, text, line) => {
    const { problems, images } = readImageFile(text, ".yaml");
    expect(images).toEqual([]);
    expect(problems[0]).toEqual({ line, why: expect.stringMatching(/^[^\n]+$/) as unknown });
  });

  test("the line of a problem counts the documents before it", () => {
    const text = `${stringify(image("vmi-a"))}---\na: 1\nb: [1\nc: 2\n`;
    expect(readImageFile(text, ".yaml").problems[0]?.line).toBe(11);
  });

  test.each([
    ["an alias of an unknown anchor", "kind: List\nitems:\n  - *nowhere\n"],
    ["aliases that multiply", `a: &a [x, x, x, x, x]\n${multiplied()}`],
  ])("%s is a problem of the file, not an exception", (_, text) => {
    const { problems } = readImageFile(text, ".yaml");
    expect(problems).toHaveLength(1);
    expect(problems[0]?.why).toMatch(/alias/i);
  });
});

/** A few lines of text with millions of values: each line repeats the one before five times. */
function multiplied(): string {
  const names = "abcdefghij".match(/./g) ?? [];
  return names
    .slice(1)
    .map((name, index) => `${name}: &${name} [${Array(5).fill(`*${names[index]}`).join(", ")}]\n`)
    .join("");
}

describe("JSON", () => {
  test("one image and a List of images are read", () => {
    expect(readImageFile(JSON.stringify(image("vmi-a")), ".json").images).toHaveLength(1);
    const list = { apiVersion: "v1", kind: "List", items: [image("vmi-a"), image("vmi-b")] };
    const file = readImageFile(JSON.stringify(list, null, 2), ".json");
    expect(file.images.map(({ image: { name } }) => name)).toEqual(["vmi-a", "vmi-b"]);
    expect(file.problems).toEqual([]);
  });

  test("an invalid image is a problem at its line", () => {
    const list = {
      apiVersion: "v1",
      kind: "List",
      items: [image("vmi-a"), { ...image("vmi-b"), status: { name: 5 } }],
    };
    expect(readImageFile(JSON.stringify(list, null, 2), ".json").problems).toEqual([
      { line: 16, why: "status.name must be a string; put what you wrote in quotes" },
    ]);
  });

  test.each([
    ["a surplus comma", '{\n  "a": 1,\n}\n', 3],
    ["a missing colon", '{\n  "a": 1,\n  "b" 2\n}\n', 3],
    ["a word", '{\n  "a": 1,\n  "b": yes\n}\n', 3],
    ["an incomplete file", '{\n  "a": 1,\n  "b": [1,', 3],
    ["text after the end", "{\n}\n{\n}\n", 3],
  ])("%s is a problem at its line, with a message of one line", (_, text, line) => {
    expect(readImageFile(text, ".json")).toEqual({
      images: [],
      skipped: 0,
      problems: [{ line, why: expect.stringMatching(/^[^\n]+$/) as unknown }],
    });
  });

  test("an empty file is a problem, because its writer is not done", () => {
    expect(readImageFile("", ".json").problems).toMatchObject([{ line: 1 }]);
  });
});

describe.each([
  [".yaml", stringify],
  [".json", (value: unknown) => JSON.stringify(value)],
] as const)("what kubectl prints, in %s", (extension, write) => {
  test.each(["VirtualMachineImage", "ClusterVirtualMachineImage"])(
    "the items of a typed list get the kind %s",
    (kind) => {
      const items = ["vmi-a", "vmi-b"].map((name) => ({ metadata: { name }, status: { name: `display of ${name}` } }));
      const list = { apiVersion: `${GROUP}/v1alpha6`, kind: `${kind}List`, metadata: {}, items };
      const file = readImageFile(write(list), extension);
      expect(file.problems).toEqual([]);
      expect(file.images.map(({ image: { kind: each, name } }) => [each, name])).toEqual([
        [kind, "vmi-a"],
        [kind, "vmi-b"],
      ]);
    },
  );

  test("the items of a typed list get its version", () => {
    const item = { metadata: { name: "vmi-a" }, status: { imageName: "old" } };
    const list = { apiVersion: `${GROUP}/v1alpha1`, kind: "VirtualMachineImageList", items: [item] };
    expect(readImageFile(write(list), extension).images[0]?.image.displayName).toBe("old");
  });

  test("an empty list has no images and no problems", () => {
    for (const kind of ["List", "VirtualMachineImageList"]) {
      const file = readImageFile(write({ apiVersion: "v1", kind, items: [] }), extension);
      expect(file).toEqual({ images: [], skipped: 0, problems: [] });
    }
  });

  test.each(["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"])(
    "version %s is read",
    (version) => {
      const file = readImageFile(write(image("vmi-a", version)), extension);
      expect(file.images[0]?.image).toMatchObject({ name: "vmi-a", displayName: "display of vmi-a" });
    },
  );

  test.each([
    ["a display name that is a number", { ...image("vmi-a"), status: { name: 24.04 } }, "status.name must be a string"],
    [
      "a v1alpha1 display name that is a number",
      { ...image("vmi-a", "v1alpha1"), status: { imageName: 24.04 } },
      "status.imageName must be a string",
    ],
    ["an image without a name", { ...image(""), metadata: {} }, "metadata.name must be a non-empty string"],
  ])("%s is a problem that names the expected value", (_, object, why) => {
    const { problems, images } = readImageFile(write(object), extension);
    expect(images).toEqual([]);
    expect(problems).toEqual([{ line: 1, why: expect.stringContaining(why) as unknown }]);
  });
});

test("the examples are images without problems", () => {
  for (const [file, count] of [
    ["dev.yaml", 4],
    ["cluster.yaml", 3],
  ] as const) {
    const text = readFileSync(new URL(`../../../examples/images/${file}`, import.meta.url), "utf8");
    const { images, skipped, problems } = readImageFile(text, ".yaml");
    expect([images.length, skipped, problems]).toEqual([count, 0, []]);
  }
});
