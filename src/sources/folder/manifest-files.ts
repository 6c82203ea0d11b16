import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { Failure, messageOf } from "../../common/failure.ts";

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);
/** Folders deeper than this are a loop of links. */
const MAX_DEPTH = 32;

/**
 * Finds every manifest file below a folder, with a signature that changes whenever its content may have changed. Skips
 * names with a leading dot. Throws a Failure if a folder or file cannot be read.
 */
export async function manifestFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const walk = async (directory: string, depth: number): Promise<void> => {
    for (const name of (await readdir(directory)).sort()) {
      if (name.startsWith(".")) continue;
      const path = join(directory, name);
      const status = await stat(path, { bigint: true });
      if (status.isDirectory() && depth < MAX_DEPTH) await walk(path, depth + 1);
      else if (EXTENSIONS.has(extname(name))) found.set(path, `${status.ino} ${status.size} ${status.mtimeNs}`);
    }
  };
  try {
    await walk(folder, 0);
  } catch (error) {
    throw new Failure("images", `cannot read the folder of images ${folder}: ${messageOf(error)}`, { cause: error });
  }
  return found;
}
