import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** The folder of the package that a bundled file is of. */
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
const LICENSE_FILE = /^(licen[cs]e|unlicen[cs]e|copying|notice)/i;
/** Some packages have the text in their README only. */
const README_WITH_LICENSE = /^#+ *licen[cs]e\b/im;

/** Folders of the packages that esbuild put into the bundle, each once, sorted. */
export function bundledPackages({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  // esbuild also lists inputs that it removed whole: they have no bytes in the bundle.
  const files = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
  return [...new Set(files.flatMap((file) => PACKAGE_FOLDER.exec(file) ?? []))].toSorted();
}

/** Name, version, licence and licence texts of each package. Throws where a package has no licence or no text of it. */
export async function licenseNotices(folders: readonly string[]): Promise<string> {
  const notices = await Promise.all(folders.map(noticeOf));
  return `The bundle contains these packages.\n\n${notices.join("\n")}`;
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: unknown;
  };
  const texts = await licenseTexts(folder);
  if (typeof license !== "string" || license === "" || texts.length === 0) {
    throw new Error(`${folder}: ${texts.length === 0 ? "no licence text" : "no license in package.json"}: replace it`);
  }
  const heading = `${name} ${version}: ${license}`;
  return [heading, "-".repeat(heading.length), "", ...texts.map((text) => `${text.trim()}\n`)].join("\n");
}

async function licenseTexts(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).toSorted();
  const read = (file: string): Promise<string> => readFile(join(folder, file), "utf8");
  const licenses = files.filter((file) => LICENSE_FILE.test(file));
  if (licenses.length > 0) return Promise.all(licenses.map(read));
  const readmes = await Promise.all(files.filter((file) => /^readme/i.test(file)).map(read));
  return readmes.filter((text) => README_WITH_LICENSE.test(text));
}
