import { describe, expect, it } from "vitest";
import { applyPatch, patchFor, type PatchOperation } from "../../src/admission/json-patch.ts";
import type { JsonObject } from "../../src/common/json.ts";
import type { Edit } from "../../src/references/edit.ts";
import { applied } from "../support/admission.ts";

interface Row {
  readonly title: string;
  readonly object: JsonObject;
  readonly edits: readonly Edit[];
  readonly patch: readonly PatchOperation[];
}

const set = (path: readonly (string | number)[], value: unknown): Edit => ({ is: "set", path, value });
const remove = (...path: readonly (string | number)[]): Edit => ({ is: "remove", path });

const ROWS: readonly Row[] = [
  {
    title: "adds a missing value",
    object: { a: {} },
    edits: [set(["a", "b"], 1)],
    patch: [{ op: "add", path: "/a/b", value: 1 }],
  },
  {
    title: "replaces a value",
    object: { a: 1 },
    edits: [set(["a"], 2)],
    patch: [{ op: "replace", path: "/a", value: 2 }],
  },
  {
    title: "replaces null",
    object: { a: null },
    edits: [set(["a"], 2)],
    patch: [{ op: "replace", path: "/a", value: 2 }],
  },
  {
    title: "has no operation for a value that is already there",
    object: { a: "x" },
    edits: [set(["a"], "x")],
    patch: [],
  },
  {
    title: "creates missing parents, once",
    object: {},
    edits: [set(["a", "b", "c"], 1), set(["a", "b", "d"], 2)],
    patch: [
      { op: "add", path: "/a", value: { b: { c: 1 } } },
      { op: "add", path: "/a/b/d", value: 2 },
    ],
  },
  {
    title: "replaces a null parent",
    object: { a: null },
    edits: [set(["a", "b"], 1)],
    patch: [{ op: "replace", path: "/a", value: { b: 1 } }],
  },
  {
    title: "removes a value",
    object: { a: { b: 1 } },
    edits: [remove("a", "b")],
    patch: [{ op: "remove", path: "/a/b" }],
  },
  {
    title: "has no operation for the removal of an absent value",
    object: { a: {} },
    edits: [remove("a", "b"), remove("c", "d")],
    patch: [],
  },
  {
    title: "escapes ~ and /",
    object: { "a/b": {} },
    edits: [set(["a/b", "c~d/e"], 1)],
    patch: [{ op: "add", path: "/a~1b/c~0d~1e", value: 1 }],
  },
  {
    title: "reaches into lists",
    object: { a: [{ b: 1 }, { b: 2 }] },
    edits: [set(["a", 1, "b"], 3)],
    patch: [{ op: "replace", path: "/a/1/b", value: 3 }],
  },
  {
    title: "treats names of Object.prototype like any other name",
    object: {},
    edits: [set(["constructor", "name"], 1)],
    patch: [{ op: "add", path: "/constructor", value: { name: 1 } }],
  },
];

describe("patchFor", () => {
  it.each(ROWS)("M11: $title", ({ object, edits, patch }) => {
    expect(patchFor(object, edits)).toEqual(patch);
    expect(applyPatch(object, patch)).toEqual(applied(object, patch));
  });
});
