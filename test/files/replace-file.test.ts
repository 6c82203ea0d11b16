import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replaceFile } from "../../src/files/replace-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a file that changed since it was read stays as it is, and nothing is left beside it", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "a.yaml");
  writeFileSync(path, "changed");
  const replaced = replaceFile({ path, before: Buffer.from("read"), after: Buffer.from("new") });
  await expect(replaced).rejects.toThrow("it changed meanwhile; run the command again");
  expect(readFileSync(path, "utf8")).toBe("changed");
  expect(readdirSync(folder)).toEqual(["a.yaml"]);
});
