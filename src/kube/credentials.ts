import type { Logger } from "pino";
import { Failure, messageOf } from "../common/failure.ts";
import { Trouble } from "./trouble.ts";

/** What a request to the API server needs. */
export interface Credentials {
  /** Of the API server; may have a path. */
  readonly server: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

/** As node:https takes them. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Reads credentials as they are now. `renewed`: the API server refused the last ones. Throws where it cannot. */
export type ReadCredentials = (renewed: boolean) => Promise<Credentials>;

/**
 * Milliseconds for which what was read is taken for current: client-go's period (transport/token_source.go). The
 * kubelet renews a token when a fifth of its life is left, minutes before it ends.
 */
const FRESH_FOR = 60_000;

export interface CurrentCredentialsOptions {
  readonly read: ReadCredentials;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Credentials that are read again now and then; the last good ones stay while they cannot be. */
export class CurrentCredentials {
  readonly #options: CurrentCredentialsOptions;
  #good: Credentials | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Credentials> | undefined;
  #problem: string | undefined;

  constructor(options: CurrentCredentialsOptions) {
    this.#options = options;
  }

  /** Why the last reading failed; undefined where it did not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The first reading: what is wrong with it now will not mend itself. Throws a Failure. */
  async check(): Promise<void> {
    try {
      await this.#read(false);
    } catch (error) {
      throw new Failure("cluster", messageOf(error), { cause: error });
    }
  }

  /** Throws a Trouble where there were never any good ones. */
  async get(): Promise<Credentials> {
    const age = this.#options.now().getTime() - this.#readAt;
    return this.#good !== undefined && age < FRESH_FOR ? this.#good : this.#read(false);
  }

  /** As `get`, after the API server has refused what it gave. */
  renew(): Promise<Credentials> {
    return this.#read(true);
  }

  /** One reading at a time: both kinds ask together. */
  #read(renewed: boolean): Promise<Credentials> {
    this.#reading ??= this.#readOnce(renewed).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(renewed: boolean): Promise<Credentials> {
    this.#readAt = this.#options.now().getTime();
    try {
      this.#good = await this.#options.read(renewed);
      if (this.#problem !== undefined) this.#options.log.info("credentials for the API server are readable again");
      this.#problem = undefined;
      return this.#good;
    } catch (error) {
      this.#report(messageOf(error));
      if (this.#good !== undefined) return this.#good;
      throw new Trouble("credentials", messageOf(error), { cause: error });
    }
  }

  /** Before there are any good ones, the caller that asks for them reports the problem. */
  #report(why: string): void {
    if (this.#problem === why) return;
    this.#problem = why;
    if (this.#good === undefined) return;
    this.#options.log.warn({ why }, "credentials for the API server cannot be read; the last good ones stay");
  }
}
