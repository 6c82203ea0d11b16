import type { BigIntStats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";

/** The names that kubectl reads in a folder. */
const EXTENSIONS: ReadonlySet<string> = new Set([".yaml", ".yml", ".json"]);

export interface ManifestFile {
  readonly path: string;
  readonly status: BigIntStats;
}

export interface SearchOptions {
  /** Whether names with a leading dot are read. */
  readonly dotNames: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds every .yaml, .yml and .json file below a folder, in the order of names. Links are followed. Throws an error that
 * names the path where a folder or file cannot be read, and where a link leads back to a folder around it.
 */
export async function* manifestFiles(folder: string, options: SearchOptions): AsyncGenerator<ManifestFile> {
  yield* filesBelow(folder, await statusOf(folder), [], options);
}

/** A folder on the way from the root to the current one. */
interface OuterFolder {
  readonly path: string;
  readonly status: BigIntStats;
}

async function* filesBelow(
  path: string,
  status: BigIntStats,
  outer: readonly OuterFolder[],
  options: SearchOptions,
): AsyncGenerator<ManifestFile> {
  const same = outer.find((each) => each.status.dev === status.dev && each.status.ino === status.ino);
  if (same !== undefined) throw new Error(`${path} is a link that leads back to ${same.path}; remove it`);
  for (const { name, mayMatter } of await entriesIn(path)) {
    options.signal?.throwIfAborted();
    if (!mayMatter || (name.startsWith(".") && !options.dotNames)) continue;
    const below = join(path, name);
    const found = await statusOf(below);
    if (found.isDirectory()) yield* filesBelow(below, found, [...outer, { path, status }], options);
    else if (!isManifest(name)) continue;
    else if (found.isFile()) yield { path: below, status: found };
    else throw new Error(`${below} is neither a file nor a folder`);
  }
}

function isManifest(name: string): boolean {
  return EXTENSIONS.has(extname(name));
}

/** The names of a folder in order, and whether each may be a manifest or a folder. A link may be either. */
async function entriesIn(folder: string): Promise<readonly { readonly name: string; readonly mayMatter: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .map((entry) => ({ name: entry.name, mayMatter: isManifest(entry.name) || !entry.isFile() }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function statusOf(path: string): Promise<BigIntStats> {
  return stat(path, { bigint: true });
}
