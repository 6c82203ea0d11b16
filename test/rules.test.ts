import { MUTATION_RULES } from "../src/admission/mutation-rules.ts";
import { CHECK_IDS } from "../src/admission/systems.ts";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RESOLUTION_RULES } from "../src/images/resolve.ts";

const TESTS = import.meta.dirname;

/** What tests are called: the titles in the code, and the IDs of rows from which `it.each` makes titles. */
function titles(): string {
  return readdirSync(TESTS, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && file !== "rules.test.ts")
    .flatMap(
      (file) =>
        readFileSync(join(TESTS, file), "utf8").match(
          /\b(?:it|test|describe)\b.*\(\s*["'`].*|^ *\]\)\(["'`].*|\b(?:rule|check): "\w[\w-]*"/gm,
        ) ?? [],
    )
    .join("\n");
}

const IDS = [...Object.keys(RESOLUTION_RULES), ...Object.keys(MUTATION_RULES), ...CHECK_IDS];

it.each(IDS)("rule %s has a test that carries its ID", (id) => {
  expect(titles()).toMatch(new RegExp(`["'\`]${id}(?::|")`));
});
