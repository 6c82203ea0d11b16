import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { manifestsOf, only } from "./manifests.ts";

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

const ROOT = new URL("../../", import.meta.url);
const instructions = linesOf("Dockerfile").map((line): Instruction => {
  const [name = "", ...rest] = line.split(/\s+/);
  return { name, rest: rest.join(" ") };
});
const stages = instructions.reduce<Instruction[][]>((all, instruction) => {
  if (instruction.name === "FROM") return [...all, [instruction]];
  return [...all.slice(0, -1), [...(all.at(-1) ?? []), instruction]];
}, []);
const [build = [], final = []] = stages;

function linesOf(file: string): readonly string[] {
  const lines = readFileSync(new URL(file, ROOT), "utf8").split("\n");
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

function restOf(stage: readonly Instruction[], name: string): readonly string[] {
  return stage.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
}

test("both stages are from an image with a tag other than latest", () => {
  expect(stages).toHaveLength(2);
  for (const image of instructions.filter(({ name }) => name === "FROM").map(({ rest }) => rest)) {
    expect(image).toMatch(/:(?!latest)[\w.-]+( AS build)?$/);
  }
});

test("both stages have the major version of Node from package.json", () => {
  const major = /\d+/.exec(packageJson.engines.node)?.[0] ?? "";
  expect(restOf(build, "FROM")[0]).toContain(` node:${major}-`);
  expect(restOf(final, "FROM")[0]).toMatch(new RegExp(`/nodejs${major}-debian\\d+:nonroot$`));
});

test("the build installs from the lock file and makes the bundle", () => {
  expect(restOf(build, "RUN")).toEqual(["npm ci --no-audit --no-fund", "npm run build"]);
});

test("the final stage copies only the bundle, and runs no command", () => {
  expect(restOf(final, "COPY")).toEqual(["--from=build /build/dist/vm-image-webhook.mjs /app/vm-image-webhook.mjs"]);
  expect(restOf(final, "ADD")).toEqual([]);
  expect(restOf(final, "RUN")).toEqual([]);
});

test("the image starts the bundle without a shell, as a numeric user other than root", () => {
  expect(restOf(final, "ENTRYPOINT").map((text): unknown => JSON.parse(text))).toEqual([
    ["/nodejs/bin/node", "/app/vm-image-webhook.mjs"],
  ]);
  expect(restOf(final, "CMD").map((text): unknown => JSON.parse(text))).toEqual([["serve"]]);
  const { securityContext } = only(manifestsOf("base"), "Deployment").spec.template.spec;
  expect(restOf(final, "USER")).toEqual([
    `${String(securityContext["runAsUser"])}:${String(securityContext["runAsGroup"])}`,
  ]);
});

test("the build context has only what the Dockerfile copies: no keys, no node_modules, no history", () => {
  const [all, ...kept] = linesOf(".dockerignore");
  expect(all).toBe("*");
  const copied = restOf(build, "COPY").flatMap((rest) => rest.split(" ").slice(0, -1));
  expect(kept.map((line) => line.slice(1)).sort()).toEqual(copied.map((path) => path.replace(/\/$/, "")).sort());
});
