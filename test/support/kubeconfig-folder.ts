import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

/** The parts of a kubeconfig; a part that is not given is the usual one, and null leaves it out. */
export interface KubeconfigParts {
  readonly cluster?: object | null;
  readonly user?: object | null;
  /** Fields of the context beside cluster and user. */
  readonly context?: object;
  /** Name of cluster, user and context. */
  readonly name?: string;
  readonly currentContext?: string | null;
}

/** A folder for kubeconfigs and what they name. */
export class KubeconfigFolder {
  readonly path = temporaryFolder();
  readonly #cluster: object;

  /** The usual cluster, which a given one extends. */
  constructor(cluster: object) {
    this.#cluster = cluster;
  }

  /** Writes a file, with its folders. Returns its path. */
  write(name: string, content: string, mode = 0o600): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  kubeconfig(parts: KubeconfigParts = {}, file = "config"): string {
    const { cluster = {}, user = {}, context = {}, name = "it", currentContext = name } = parts;
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": currentContext,
      clusters: cluster === null ? [] : [{ name, cluster: { ...this.#cluster, ...cluster } }],
      users: user === null ? [] : [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name, ...context } }],
    };
    return this.write(file, JSON.stringify(config));
  }

  /** A shell script, which an exec plugin may be. */
  script(name: string, body: string): string {
    return this.write(name, `#!/bin/sh\n${body}\n`, 0o700);
  }
}
