import { CHECKS, REFERENCES } from "../../src/admission/systems.ts";
import { MUTATION_RULES } from "../../src/admission/mutation-rules.ts";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { check, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { REFERENCES_PAGE, referencesPage, TABLES } from "../../scripts/references-page.ts";

import { OS_IMAGE_ROWS } from "../../src/osimage/rows.ts";
import { VERSIONS, VM_ROWS } from "../../src/vm-operator/rows.ts";
import { RESOLUTION_RULES } from "../../src/images/resolve.ts";
import { referencesChanged } from "../../src/references/webhook-rules.ts";

const PAGE = readFileSync(REFERENCES_PAGE, "utf8");

/** The cells of a section's table, without its head and without code marks. */
function rowsOf(heading: string, page = PAGE): readonly (readonly string[])[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const lines = section
    .split("\n## ")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("|"));
  return (lines ?? []).slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|")),
  );
}

/** `v1alpha3 to v1alpha5` as the versions that it stands for. */
function expanded(range: string): readonly string[] {
  const [oldest, newest] = range.split(" to ").map((version) => VERSIONS.findIndex((each) => each === version));
  if (oldest === undefined || newest === undefined) return range.split(", ");
  return VERSIONS.slice(newest, oldest + 1);
}

it("docs/references.md is what `npm run docs` writes now", () => {
  expect(PAGE).toBe(referencesPage(TABLES));
});

it("docs/references.md is laid out as prettier would", async () => {
  const file = fileURLToPath(REFERENCES_PAGE);
  expect(await check(PAGE, { ...(await resolveConfig(file)), filepath: file })).toBe(true);
});

describe("every row is on the page", () => {
  it.each(REFERENCES)("$group $kind $path", ({ group, kind, path, form, role, versions }) => {
    const field = path
      .join(".")
      .replaceAll(".[]", "[]")
      .replace(/\.(vcluster\.com.*)$/, "[$1]");
    const [row, ...others] = rowsOf("Where references are")
      .filter((cells) => cells[0] === group && cells[1] === kind && cells[3] === field)
      .map((cells) => cells.slice(1));
    expect(others).toEqual([]);
    expect(new Set(expanded(row?.[1] ?? ""))).toEqual(new Set(versions));
    expect(row?.[3]).toBe({ name: "string", object: "object {kind, name}" }[form]);
    expect(row?.[4]).toContain(
      { boot: "boots", cdrom: "CD-ROM", property: "provisioned", creates: "no reference" }[role],
    );
  });

  it.each(Object.entries(RESOLUTION_RULES))("rule %s", (id, rule) => {
    expect(rowsOf("What a name means")).toContainEqual([id, rule]);
  });

  it.each(Object.entries(MUTATION_RULES))("rule %s", (id, rule) => {
    expect(rowsOf("What is written")).toContainEqual([id, rule]);
  });

  it.each(CHECKS)("check $id", ({ id, level, mutate, rule }) => {
    const endpoints = {
      before: "mutate and validate",
      only: "mutate",
      after: "mutate (what was mutated) and validate",
      afterOnUpdate: "mutate (what was mutated, on UPDATE) and validate",
      never: "validate",
    }[mutate];
    expect(rowsOf("Checks")).toContainEqual([id, level, endpoints, rule]);
  });

  it("and no other", () => {
    expect(rowsOf("Where references are")).toHaveLength(REFERENCES.length);
    expect(rowsOf("What a name means")).toHaveLength(Object.keys(RESOLUTION_RULES).length);
    expect(rowsOf("What is written")).toHaveLength(Object.keys(MUTATION_RULES).length);
    expect(rowsOf("Checks")).toHaveLength(CHECKS.length);
  });
});

it("the page has what the webhook configurations say", () => {
  const prose = PAGE.replaceAll("\n", " ");
  expect(PAGE).toContain(`\n${referencesChanged(VM_ROWS)}\n`);
  expect(prose).toContain("CREATE and UPDATE of `virtualmachines` (v1alpha1 to v1alpha6)");
  expect(PAGE).toContain(`\n${referencesChanged(OS_IMAGE_ROWS)}\n`);
  expect(prose).toContain("CREATE and UPDATE of `nodeproviders` (v1) and `nodeclaims` (v1) and `machines` (v1)");
  expect(prose).toContain("CREATE and UPDATE of `osimages` (v1)");
  expect(prose).toContain(
    "CREATE of `virtualmachinepublishrequests` (v1alpha1 to v1alpha6) and `virtualmachinegrouppublishrequests` (v1alpha5, v1alpha6)",
  );
  for (const { resource } of REFERENCES) expect(PAGE).toContain(`\`${resource}\` (`);
});

it("the page says how a level is changed", () => {
  expect(PAGE).toContain("`--check NAME=deny|warn|off`");
  expect(PAGE).toContain("`VM_IMAGE_WEBHOOK_CHECK`");
});

describe("the page follows its tables", () => {
  const [reference] = REFERENCES;
  const versionsWritten = (versions: readonly (typeof VERSIONS)[number][]): string | undefined => {
    const references = reference === undefined ? [] : [{ ...reference, versions }];
    return rowsOf("Where references are", referencesPage({ ...TABLES, references }))[0]?.[2];
  };

  it.each([
    [["v1alpha5"], "v1alpha5"],
    [["v1alpha5", "v1alpha4"], "v1alpha4, v1alpha5"],
    [["v1alpha5", "v1alpha4", "v1alpha3"], "v1alpha3 to v1alpha5"],
    [["v1alpha6", "v1alpha4", "v1alpha3"], "v1alpha3, v1alpha4, v1alpha6"],
  ] as const)("versions %j are %s", (versions, written) => {
    expect(versionsWritten(versions)).toBe(written);
  });

  it("a rule may have a table's own mark in it", () => {
    const page = referencesPage({ ...TABLES, resolutionRules: { R1: "a|b" } });
    expect(rowsOf("What a name means", page)).toEqual([["R1", "a|b"]]);
  });
});
