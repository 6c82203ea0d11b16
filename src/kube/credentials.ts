import type { Logger } from "pino";
import { Failure, messageOf } from "../common/failure.ts";
import type { Timing } from "../common/timing.ts";
import { ApiError } from "./api-error.ts";

/** Address, headers and TLS material for requests to the API server. */
export interface Credentials {
  /** URL of the API server. It may have a path. */
  readonly server: URL;
  /** For people: where these credentials come from. */
  readonly origin?: string;
  /** Undefined connects without a proxy. */
  readonly proxy?: URL;
  readonly headers: RequestHeaders;
  readonly tls: TlsMaterial;
}

/** A list sends a header once for each value. */
export type RequestHeaders = Readonly<Record<string, string | string[]>>;

/** TLS options under the names of node:https. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Reads the current credentials. `renewed` is true after the API server refused the last ones. Throws if it cannot. */
export type ReadCredentials = (renewed: boolean) => Promise<Credentials>;

/**
 * Milliseconds until credentials are read again, as in client-go (transport/token_source.go). The kubelet renews a
 * token when a fifth of its lifetime is left, minutes before it expires.
 */
const REREAD_AFTER = 60_000;

export interface CurrentCredentialsOptions {
  readonly read: ReadCredentials;
  readonly log: Logger;
  readonly timing: Pick<Timing, "now">;
}

/** Credentials that are read again at intervals. The last good ones stay in use while a read fails. */
export class CurrentCredentials {
  readonly #options: CurrentCredentialsOptions;
  #good: Credentials | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Credentials> | undefined;
  #problem: string | undefined;

  constructor(options: CurrentCredentialsOptions) {
    this.#options = options;
  }

  /** Why the last read failed; undefined if it succeeded. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The server that is asked, and where its address comes from, for people; undefined before the first read. */
  get asked(): string | undefined {
    if (this.#good === undefined) return undefined;
    const { server, proxy, origin } = this.#good;
    const way = proxy === undefined ? "" : ` through the proxy ${proxy.protocol}//${proxy.host}`;
    return `${server.origin}${way}${origin === undefined ? "" : `, ${origin}`}`;
  }

  /** Reads for the first time. Throws a Failure: an error at the start does not resolve itself. */
  async check(): Promise<void> {
    try {
      await this.#read(false);
    } catch (error) {
      throw new Failure("cluster", messageOf(error), { cause: error });
    }
  }

  /** Throws an ApiError if no read has succeeded yet. */
  async get(): Promise<Credentials> {
    const age = this.#options.timing.now().getTime() - this.#readAt;
    return this.#good !== undefined && age < REREAD_AFTER ? this.#good : this.#read(false);
  }

  /** Like `get`, after the API server refused the current credentials. */
  renew(): Promise<Credentials> {
    return this.#read(true);
  }

  /** One read at a time: concurrent callers share it. */
  #read(renewed: boolean): Promise<Credentials> {
    this.#reading ??= this.#readOnce(renewed).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(renewed: boolean): Promise<Credentials> {
    this.#readAt = this.#options.timing.now().getTime();
    try {
      this.#good = await this.#options.read(renewed);
      if (this.#problem !== undefined) this.#options.log.info("credentials for the API server are readable again");
      this.#problem = undefined;
      return this.#good;
    } catch (error) {
      this.#report(messageOf(error));
      if (this.#good !== undefined) return this.#good;
      throw new ApiError("credentials", messageOf(error), { cause: error });
    }
  }

  /** Logs a new problem. Before the first success the caller gets the error instead. */
  #report(why: string): void {
    if (this.#problem === why) return;
    this.#problem = why;
    if (this.#good === undefined) return;
    this.#options.log.warn({ why }, "credentials for the API server cannot be read; the last good ones stay");
  }
}
