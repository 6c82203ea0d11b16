import { expect, test } from "vitest";
import { YamlError, yamlDocuments } from "../../src/files/yaml.ts";
import { REFUSED_VALUES, SCALARS } from "./scalar-table.ts";

function valuesOf(text: string): readonly unknown[] {
  return [...yamlDocuments(text)].map(({ value }) => value);
}

function errorOf(text: string): YamlError {
  try {
    valuesOf(text);
  } catch (error) {
    if (error instanceof YamlError) return error;
    throw error;
  }
  throw new Error(`this was read: ${text}`);
}

test.each(SCALARS)("%s is what kubectl makes of it", (yaml, value) => {
  expect(valuesOf(`x: ${yaml}\n`)).toEqual([{ x: value }]);
});

test.each(REFUSED_VALUES)("%s is refused, as by kubectl, at its line", (yaml) => {
  const { line, message } = errorOf(`# here\nx: ${yaml}\n`);
  expect(line).toBe(2);
  expect(message).toMatch(/^[^\n]+$/);
});

test("a key that comes twice is refused, though kubectl takes the last", () => {
  expect(errorOf("a: 1\nb: 2\na: 3\n")).toMatchObject({
    line: 3,
    message: expect.stringContaining("duplicated") as unknown,
  });
});

test("documents are counted as kubectl counts them, by lines of three hyphens", () => {
  const text = "# one\na: 1\n--- # two\n---\nb: --- 2\n---\nc: 'd\n  ---\n  e'\n---\n|\n  ---\n  text\n...\n---\n";
  expect(valuesOf(text)).toEqual([{ a: 1 }, null, { b: "--- 2" }, { c: "d --- e" }, "---\ntext\n", null]);
  expect(valuesOf("%YAML 1.2\n---\na: 1\n---\nb: 2\n")).toEqual([{ a: 1 }, { b: 2 }]);
  expect(valuesOf("")).toEqual([]);
});

test("a long merge, deep nesting and aliases that multiply are errors, and no crash", () => {
  expect(errorOf(`x: ${"[".repeat(5_000)}${"]".repeat(5_000)}`).message).toMatch(/nesting/);
  const names = [..."abcdefghij".matchAll(/./g)].map(([name]) => name);
  const lines = names.slice(1).map((name, at) => `${name}: &${name} [${Array(9).fill(`*${names[at]}`).join(", ")}]\n`);
  expect(errorOf(`a: &a [x, x, x]\n${lines.join("")}`).message).toMatch(/alias/);
  expect(errorOf("x: &x\n  y: *x\n").message).toMatch(/alias/);
});

test("a position is that of the key, and follows anchors and merge keys", () => {
  const [document] = yamlDocuments(
    "---\nbase: &base {imageName: a}\nspec:\n  <<: *base\n  list:\n    - x\n    -\n      y: 1\n",
  );
  const at = (...path: readonly string[]): readonly number[] => {
    const { line, column } = document?.positionOf(path) ?? { line: 0, column: 0 };
    return [line, column];
  };
  expect(at()).toEqual([2, 1]);
  expect(at("spec")).toEqual([3, 1]);
  expect(at("spec", "imageName")).toEqual([2, 14]);
  expect(at("spec", "list", "1", "y")).toEqual([8, 7]);
  expect(at("spec", "list", "1", "absent")).toEqual([8, 7]);
  expect(at("absent")).toEqual([2, 1]);
});
