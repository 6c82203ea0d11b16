import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file that gets new content. */
export interface ReplacedFile {
  /** May be a symbolic link: its target is replaced. */
  readonly path: string;
  /** What the new content was made of. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Throws an error where the file may not be written, or its folder takes no new file. */
export async function checkWritable(path: string): Promise<void> {
  const target = await realpath(path);
  await access(target, constants.W_OK);
  await access(dirname(target), constants.W_OK);
}

/**
 * Replaces a file at once: it has its old content or its new one, whatever ends the process. The new file is written
 * beside it, flushed to the disk, and renamed; mode and owner stay. Throws an error, and leaves the file as it is, where it
 * has other content than `before`.
 */
export async function replaceFile({ path, before, after }: ReplacedFile): Promise<void> {
  const target = await realpath(path);
  // Its ending is not that of a manifest, so that no reader of the folder takes it for one.
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await writeLike(target, temporary, after);
    if (!(await readFile(target)).equals(before)) throw new Error("it changed meanwhile; run the command again");
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flush(dirname(target));
}

/** Writes a new file with the mode and the owner of another. */
async function writeLike(model: string, path: string, content: Uint8Array): Promise<void> {
  const { mode, uid, gid } = await stat(model);
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    const own = await file.stat();
    if (own.uid !== uid || own.gid !== gid) await file.chown(uid, gid);
    await file.chmod(mode & 0o7777);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes the names of a folder, so that the rename outlasts a crash of the machine. */
async function flush(folder: string): Promise<void> {
  const file = await open(folder);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
