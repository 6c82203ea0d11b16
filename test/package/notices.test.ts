import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { licenseNotices } from "../../scripts/package/notices.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function packageWith(files: Readonly<Record<string, string>>, license?: string): string {
  const folder = join(temporaryFolder(), "node_modules", "left");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "left", version: "1.2.3", license }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

it("a notice has name, version, licence and every text", async () => {
  const folder = packageWith({ LICENSE: "MIT text\n", NOTICE: "a notice\n", "README.md": "# License\nread me" }, "MIT");
  expect(await licenseNotices([folder])).toMatch(/\nleft 1\.2\.3: MIT\n-+\n\nMIT text\n\na notice\n$/);
});

it("a licence that stands in the README only is taken from there", async () => {
  const folder = packageWith({ "Readme.md": "# left\n\n## License\n\nMIT text" }, "MIT");
  expect(await licenseNotices([folder])).toContain("MIT text");
});

it("a package without a licence or its text stops the package", async () => {
  await expect(licenseNotices([packageWith({ LICENSE: "text" })])).rejects.toThrow("no license in package.json");
  await expect(licenseNotices([packageWith({ "README.md": "# left" }, "MIT")])).rejects.toThrow("no licence text");
});
