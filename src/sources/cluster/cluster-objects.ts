import type { Logger } from "pino";
import { Failure, messageOf } from "../../common/failure.ts";
import type { Timing } from "../../common/timing.ts";
import { ApiError, type ApiErrorCode } from "../../kube/api-error.ts";
import { Connection } from "../../kube/connection.ts";
import { CurrentCredentials, type ReadCredentials } from "../../kube/credentials.ts";
import { discoverKind, type Resource, resourcePath, type WantedKind } from "./discovery.ts";
import { listDecoded } from "./list-pager.ts";

export type { WantedKind } from "./discovery.ts";

/** kubectl asks for as many. Each object is decoded as its page arrives. */
const PAGE_SIZE = 500;
/** Milliseconds. */
const PAGE_DEADLINE = 15_000;
/** A list is begun so many times, where its continue token expires or the server is busy. */
const MAX_ATTEMPTS = 4;
/** Milliseconds before a busy server is asked again, unless it says how long. */
const RETRY_WAIT = 1_000;

/** Errors after which a list is begun again. */
const RETRIED: readonly ApiErrorCode[] = ["expired", "server", "tooManyRequests", "tooLargeResourceVersion"];

/** What reading one kind came to. */
export type ObjectsRead<T> =
  | { readonly is: "read"; readonly objects: readonly T[] }
  /** No version is served: the CRD is not installed. */
  | { readonly is: "absent" }
  | { readonly is: "forbidden"; readonly message: string };

export interface ClusterObjectsOptions {
  readonly credentials: ReadCredentials;
  readonly log: Logger;
  readonly timing: Timing;
}

/** How one kind is read. */
export interface ReadOptions<T> {
  readonly wanted: WantedKind;
  /** Undefined for all namespaces. */
  readonly namespace: string | undefined;
  readonly decode: (object: unknown) => T;
  /** Hears how many objects are read. */
  readonly progress: (objects: number) => void;
}

/** Objects of any kind, listed once with the rights of the caller. Nothing is watched or written. */
export class ClusterObjects {
  readonly #timing: Timing;
  readonly #connection: Connection;

  constructor({ credentials: read, log, timing }: ClusterObjectsOptions) {
    this.#timing = timing;
    this.#connection = new Connection({ credentials: new CurrentCredentials({ read, log, timing }) });
  }

  /** Throws a Failure `cluster` where the API server does not answer as one. */
  async read<T>(options: ReadOptions<T>, signal: AbortSignal): Promise<ObjectsRead<T>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#readOnce(options, signal);
      } catch (error) {
        if (signal.aborted) throw new Failure("cluster", `stopped by ${String(signal.reason)}`, { cause: error });
        if (error instanceof ApiError && error.code === "forbidden") return { is: "forbidden", message: error.message };
        if (!isRetried(error) || attempt === MAX_ATTEMPTS) {
          throw new Failure("cluster", `cannot read ${options.wanted.kind}s: ${messageOf(error)}`, { cause: error });
        }
        if (error.code !== "expired") await this.#timing.delay(error.retryAfter ?? RETRY_WAIT, signal);
      }
    }
  }

  close(): void {
    this.#connection.close();
  }

  async #readOnce<T>(options: ReadOptions<T>, signal: AbortSignal): Promise<ObjectsRead<T>> {
    const resource = await discoverKind(this.#connection, options.wanted, signal);
    if (resource === undefined) return { is: "absent" };
    return { is: "read", objects: await this.#list(resource, options, signal) };
  }

  async #list<T>(resource: Resource, options: ReadOptions<T>, signal: AbortSignal): Promise<readonly T[]> {
    const { wanted, namespace, decode, progress } = options;
    const list = {
      path: resourcePath(resource, namespace),
      kind: wanted.kind,
      decode,
      pageSize: PAGE_SIZE,
      pageDeadline: PAGE_DEADLINE,
    };
    const all: T[] = [];
    for await (const { objects } of listDecoded(this.#connection, list, signal)) {
      for (const object of objects) all.push(object);
      progress(all.length);
    }
    return all;
  }
}

function isRetried(error: unknown): error is ApiError {
  return error instanceof ApiError && RETRIED.includes(error.code);
}
