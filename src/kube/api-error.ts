import { messageOf } from "../common/failure.ts";

/** Why a request to the API server failed. */
export type ApiErrorCode =
  /** A broken or silent connection, or a deadline that passed. */
  | "connection"
  /** No connection, for a reason that stays: refused, an unknown host, a certificate that is not trusted. */
  | "unreachable"
  /** 408, 5xx, and every status that has no code of its own. */
  | "server"
  /** 3xx and 4xx that no API server answers to these requests: it is another server. */
  | "rejected"
  /** 429. */
  | "tooManyRequests"
  /** 410, of a watch or between two pages: the resourceVersion or the continue token is too old. */
  | "expired"
  /** 504 "Too large resource version": this API server is behind the one that was asked before. */
  | "tooLargeResourceVersion"
  /** An answer that no API server writes. */
  | "malformed"
  /** 401, with credentials that were read a moment ago. */
  | "unauthorized"
  /** Token, CA or client certificate cannot be read, and never could be. */
  | "credentials"
  /** 403. */
  | "forbidden"
  /** 404. */
  | "notFound"
  /** 409 of a write: another client wrote the object first. */
  | "conflict"
  /** A bug in this program. */
  | "internal";

interface ApiErrorOptions extends ErrorOptions {
  /** Milliseconds that the server asks clients to wait. */
  readonly retryAfter?: number | undefined;
}

/** A request to the API server that failed. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly retryAfter: number | undefined;

  constructor(code: ApiErrorCode, message: string, { retryAfter, ...options }: ApiErrorOptions = {}) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Every other error is a bug: `internal`. */
export function toApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError("internal", messageOf(error), { cause: error });
}

/** The result of a read; undefined if the object does not exist. */
export async function ifFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.code === "notFound") return undefined;
    throw error;
  }
}

/** Whether a write succeeded; false if another client wrote the object first. */
export async function succeedsWithoutConflict(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "conflict") return false;
    throw error;
  }
}
