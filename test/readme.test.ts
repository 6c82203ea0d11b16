import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { ofCheckout, run } from "./support/command-run.ts";

const README = readFileSync(ofCheckout("README.md"), "utf8");

it("the README has at most 160 lines", () => {
  expect(README.trimEnd().split("\n").length).toBeLessThanOrEqual(160);
});

it("the README shows the very patch that a newcomer's first review gets", async () => {
  const files = ["--images", ofCheckout("examples/images"), ofCheckout("examples/reviews/resolved.json")];
  const { output } = await run(["replay", "--endpoint", "mutate", "-o", "json", ...files]);
  const { answer } = JSON.parse(output) as { answer: { response: { patch: string } } };
  const patch = Buffer.from(answer.response.patch, "base64").toString();
  expect(README).toContain(`\n${patch}\n`);
});

it("the README says which Node runs the bundle", () => {
  expect(README).toContain(`Node ${packageJson.engines.node.replace(">=", "")} or newer`);
});

it("docs/architecture.md says what each dependency is for", () => {
  const page = readFileSync(ofCheckout("docs/architecture.md"), "utf8");
  for (const name of [...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.devDependencies)]) {
    expect(page).toContain(name);
  }
});
