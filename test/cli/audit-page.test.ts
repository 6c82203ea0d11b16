import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { reportOf } from "../../src/audit/report.ts";
import { auditHtml } from "../../src/cli/output/audit-html.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const HAS_CHROMIUM = existsSync(CHROMIUM);

test.runIf(process.env["CHROMIUM_REQUIRED"] === "1")("CHROMIUM names a browser", () => {
  expect(HAS_CHROMIUM, CHROMIUM).toBe(true);
});

/** The DOM of the page after its script has run. */
async function domAt(fragment: string): Promise<string> {
  const folder = temporaryFolder();
  const file = join(folder, "audit.html");
  const finding = { kind: "VirtualMachine", field: "spec.imageName", message: "m", remedy: undefined } as const;
  const page = auditHtml(
    reportOf(
      [
        {
          namespace: "dev",
          findings: [
            {
              ...finding,
              id: "gone",
              level: "error",
              namespace: "dev",
              name: "<img src=x onerror=document.title='broken'>",
            },
            { ...finding, id: "pinned", level: "info", namespace: "dev", name: "cache" },
          ],
        },
        { namespace: "prod", findings: [{ ...finding, id: "gone", level: "error", namespace: "prod", name: "web" }] },
      ],
      [],
    ),
  );
  writeFileSync(file, page);
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    `--user-data-dir=${join(folder, "profile")}`,
    "--dump-dom",
  ];
  const { stdout } = await promisify(execFile)(CHROMIUM, [...args, `${pathToFileURL(file).href}#${fragment}`]);
  return stdout;
}

function visibleRows(dom: string): number {
  return [...dom.matchAll(/<tr data-level="[^>]*>/g)].filter(([row]) => !row.includes("hidden")).length;
}

describe.skipIf(!HAS_CHROMIUM)("the audit page in a browser", () => {
  test.each([
    ["", 3],
    ["level=error", 2],
    ["namespace=prod", 1],
    ["q=cache", 1],
    ["level=error&namespace=dev", 1],
    ["q=nothing", 0],
  ])("filters by #%s", async (fragment, shown) => {
    const dom = await domAt(fragment);
    expect(dom).toContain(`>${shown} of 3 findings<`);
    expect(visibleRows(dom)).toBe(shown);
    expect(dom).toContain("2 objects in 2 namespaces: 2 error, 0 warning, 1 info");
    expect(dom).toContain("<title>Image audit</title>");
    expect(dom).not.toContain("<img");
  });
});
