import { CHECKS } from "../src/admission/systems.ts";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { environmentName, FLAGS, type FlagName } from "../src/cli/flags.ts";

import { ofCheckout, run } from "./support/command-run.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it.each(Object.entries(FLAGS))("the README has flag --%s with its default and variable", (name, flag) => {
  const {
    short,
    argument,
    default: fallback,
  } = flag as { short?: string; argument?: string; default?: readonly string[] };
  const title = `${short === undefined ? "" : `-${short}, `}--${name}${argument === undefined ? "" : ` ${argument}`}`;
  const written = fallback === undefined ? (argument === undefined ? "off" : "") : `\`${fallback.join(",")}\``;
  const row = `| \`${title}\` | ${written === "" ? "" : `${written} `}| \`${environmentName(name as FlagName)}\` |`;
  expect(README).toContain(row);
});

it.each(CHECKS)("the README has check $id with its level and rule", ({ id, level, rule }) => {
  expect(README).toContain(`| \`${id}\` | ${level} | ${rule} |`);
});

it("the README says what each dependency is for", () => {
  for (const name of [...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.devDependencies)]) {
    expect(README).toContain(name);
  }
});

it("the README names scripts that exist", () => {
  const named = [...README.matchAll(/`npm run (?:-s )?([\w:-]+)/g)].map(([, script]) => script ?? "");
  expect(named.length).toBeGreaterThan(5);
  for (const script of named) expect(packageJson.scripts).toHaveProperty([script]);
});

it("the README shows the very answer that a newcomer's first review gets", async () => {
  const files = ["--images", ofCheckout("examples/images"), ofCheckout("examples/reviews/resolved.json")];
  const { output } = await run(["replay", "--endpoint", "mutate", "-o", "json", ...files]);
  const { answer } = JSON.parse(output) as { answer: unknown };
  expect(README).toContain(`\n${JSON.stringify(answer)}\n`);
});
