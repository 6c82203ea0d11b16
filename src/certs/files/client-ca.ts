import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { Failure, messageOf } from "../../common/failure.ts";
import { type ReadinessCheck, readinessStatus } from "../../common/readiness.ts";
import type { Timing } from "../../common/timing.ts";
import { timeText } from "../certificate-source.ts";
import { certificatesIn } from "../pem.ts";
import { PolledFiles } from "./polled-files.ts";

export interface ClientCaOptions {
  readonly file: string;
  readonly log: Logger;
  readonly timing: Timing;
}

/** The CAs that must have signed the certificate of a caller. They are in a file that is read again when it changes. */
export class ClientCa {
  readonly #options: ClientCaOptions;
  readonly #files: PolledFiles<string>;
  #use: (pem: string) => void = () => undefined;
  #expiry: Date | undefined;

  constructor(options: ClientCaOptions) {
    const { file, log, timing } = options;
    this.#options = options;
    this.#files = new PolledFiles({
      what: "client CA",
      path: file,
      read: () => readFile(file, "utf8"),
      use: (pem) => {
        this.#expiry = lastExpiry(pem, timing.now());
        this.#use(pem);
      },
      log,
      timing,
    });
  }

  /**
   * Resolves after it has passed the first PEM to `use`. Passes each later one until the signal aborts. Throws a
   * Failure.
   */
  async start(use: (pem: string) => void, signal: AbortSignal): Promise<void> {
    this.#use = use;
    try {
      await this.#files.start(signal);
    } catch (error) {
      const why = `--client-ca ${this.#options.file} cannot be used: ${messageOf(error)}`;
      throw new Failure("certificate", why, { cause: error });
    }
  }

  readiness(): ReadinessCheck {
    const { file, timing } = this.#options;
    const isGood = this.#expiry !== undefined && this.#expiry > timing.now();
    const until =
      this.#expiry === undefined ? "not read yet" : `${isGood ? "good until" : "expired at"} ${timeText(this.#expiry)}`;
    const { problem } = this.#files;
    const kept = problem === undefined ? "" : `; the last good one stays: ${problem}`;
    return { name: "clientCA", status: readinessStatus(isGood, problem), text: `${until}, from ${file}${kept}` };
  }
}

/** The expiry of the CA that lasts longest: one valid CA is enough. Throws an Error if all have expired. */
function lastExpiry(pem: string, now: Date): Date {
  const expiry = new Date(Math.max(...certificatesIn(pem).map(({ validToDate }) => validToDate.getTime())));
  if (expiry <= now) throw new Error(`its CA expired at ${timeText(expiry)}`);
  return expiry;
}
