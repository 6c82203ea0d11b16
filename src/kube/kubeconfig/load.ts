import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Failure, messageOf } from "../../common/failure.ts";
import { decodeKubeconfig } from "./decode.ts";
import type { Kubeconfig } from "./kubeconfig.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reasons in words; every other one keeps the system's text. */
const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "it is a folder, and must be a file",
  EACCES: "permission denied",
  ENOTDIR: "a part of the path is no folder",
};

/**
 * The kubeconfig of kubectl: the given file, else the files of KUBECONFIG, else ~/.kube/config. Of several files, the
 * first that has a cluster, user, context or current-context counts, and files that do not exist are left out (client-go
 * tools/clientcmd/loader.go). Throws a Failure that names the file.
 */
export async function loadKubeconfig(file: string | undefined, environment: Environment): Promise<Kubeconfig> {
  if (file !== undefined && file !== "") return readKubeconfig(file);
  const files = usualFiles(environment);
  const found: Kubeconfig[] = [];
  for (const path of new Set(files)) {
    const config = await ifExists(readKubeconfig(path));
    if (config !== undefined) found.push(config);
  }
  if (found.length > 0) return merged(found);
  const missing = files.length === 0 ? "" : ` (no file ${files.join(", ")})`;
  throw new Failure(
    "cluster",
    `no cluster: not in a pod, and no kubeconfig found${missing}; give --kubeconfig FILE, or --images DIR for images in files`,
  );
}

function usualFiles({ KUBECONFIG: variable = "", HOME: home = "" }: Environment): readonly string[] {
  if (variable !== "") return variable.split(delimiter).filter((path) => path !== "");
  return home === "" ? [] : [join(home, ".kube", "config")];
}

async function readKubeconfig(file: string): Promise<Kubeconfig> {
  try {
    return decodeKubeconfig(await readFile(file, "utf8"), file);
  } catch (error) {
    throw new Failure("cluster", `cannot read the kubeconfig ${file}: ${readProblem(error)}`, { cause: error });
  }
}

async function ifExists(reading: Promise<Kubeconfig>): Promise<Kubeconfig | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Failure && errorCode(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}

/** Why a file cannot be read, without its path. */
export function readProblem(error: unknown): string {
  return READ_ERRORS[errorCode(error)] ?? messageOf(error);
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Entries of one name are not mixed: the first file has the whole entry. */
function merged(configs: readonly Kubeconfig[]): Kubeconfig {
  const lastFirst = configs.toReversed();
  return {
    files: configs.flatMap(({ files }) => files),
    clusters: new Map(lastFirst.flatMap(({ clusters }) => [...clusters])),
    users: new Map(lastFirst.flatMap(({ users }) => [...users])),
    contexts: new Map(lastFirst.flatMap(({ contexts }) => [...contexts])),
    currentContext: configs.map(({ currentContext }) => currentContext).find((name) => name !== undefined),
  };
}
