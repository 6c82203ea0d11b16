/**
 * Makes the npm package in dist/package, and packs it to dist/vm-image-webhook-VERSION.tgz: `npm run package`. It has no
 * dependencies: the bundle contains them.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import packageJson from "../../package.json" with { type: "json" };
import { bundle } from "../build.ts";
import { bundledPackages, licenseNotices } from "./notices.ts";

const FOLDER = "dist/package";
/** The command, and the file that it starts. The program knows by the file's name how it was called. */
const COMMANDS = { "vm-image-webhook": "vm-image-webhook.cjs", "kubectl-vmimage": "kubectl-vmimage.cjs" };

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
const metafile = await bundle(join(FOLDER, "vm-image-webhook.mjs"));
await writeFile(join(FOLDER, "THIRD_PARTY_NOTICES"), await licenseNotices(bundledPackages(metafile)));
await copyFile("LICENSE", join(FOLDER, "LICENSE"));
await copyFile("scripts/package/README.md", join(FOLDER, "README.md"));
for (const file of Object.values(COMMANDS)) await writeLauncher(join(FOLDER, file));
const { name, version, description, license, type, engines } = packageJson;
const files = ["*.cjs", "*.mjs", "THIRD_PARTY_NOTICES"];
const packed = { name, version, description, license, type, bin: COMMANDS, engines, files };
await writeFile(join(FOLDER, "package.json"), `${JSON.stringify(packed, undefined, 2)}\n`);
await promisify(execFile)("npm", ["pack", "--silent", "--pack-destination", "..", "."], { cwd: FOLDER });
process.stdout.write(`dist/${name}-${version}.tgz\n`);

async function writeLauncher(outfile: string): Promise<void> {
  await build({
    entryPoints: ["scripts/package/launcher.ts"],
    outfile,
    platform: "node",
    format: "cjs",
    target: "node12",
    // Node 12 has it from 12.17 on. Converted to require, it could not load the bundle.
    supported: { "dynamic-import": true },
    define: { WANTED_NODE: JSON.stringify(packageJson.engines.node.replace(">=", "")) },
    logLevel: "warning",
  });
}
