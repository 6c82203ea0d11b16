import { at, textAt } from "../common/json.ts";
import type { ApiResponse } from "./api-client.ts";
import { ApiError, type ApiErrorCode } from "./api-error.ts";

/** Bytes. A page of 100 images is about 400 kB; a larger body than this is not from a working API server. */
export const BODY_LIMIT = 64 * 1024 * 1024;
/** Bytes. A Status is short, and of a proxy's error page the beginning is enough. */
const ERROR_BODY_LIMIT = 64 * 1024;
/** Characters of an error body in a message: enough to recognise a proxy's page. */
const MAX_QUOTE = 200;

const CODES: Readonly<Record<number, ApiErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  410: "expired",
  429: "tooManyRequests",
};
const TOO_LARGE = "Too large resource version";

/** Parses the JSON of a 200. Throws an ApiError for every other status, and for a body that is not JSON. */
export async function readJson(response: ApiResponse): Promise<unknown> {
  if (response.status !== 200) throw await errorOfResponse(response);
  try {
    return JSON.parse(await readText(response, BODY_LIMIT));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError("malformed", "the answer is no JSON", { cause: error });
  }
}

/**
 * Like `readJson`, but undefined if the API server has no such object. Only a 404 with a Status says so. Another 404 is
 * about the path: the API server is still starting, or the kind now has another scope or version.
 */
export async function readObject(response: ApiResponse): Promise<unknown> {
  if (response.status !== 404) return readJson(response);
  const body = parsed(await readText(response, ERROR_BODY_LIMIT));
  if (textAt(body, ["kind"]) === "Status") return undefined;
  throw errorOfStatus(response.status, body, response.retryAfter);
}

/** The error of an answer other than 200. */
export async function errorOfResponse(response: ApiResponse): Promise<ApiError> {
  const text = await readText(response, ERROR_BODY_LIMIT);
  return errorOfStatus(response.status, parsed(text), response.retryAfter);
}

/** The error of a Kubernetes Status, from an answer or a watch event. A proxy may send any other text. */
export function errorOfStatus(code: number, status: unknown, retryAfter?: number): ApiError {
  const text = textAt(status, ["message"]) || (typeof status === "string" ? status : "");
  const quoted = text.replaceAll(/\s+/g, " ").trim().slice(0, MAX_QUOTE);
  const message = quoted.startsWith(String(code)) ? quoted : `${code} ${quoted}`.trim();
  const seconds = at(status, ["details", "retryAfterSeconds"]);
  const wait = retryAfter ?? (typeof seconds === "number" ? seconds * 1_000 : undefined);
  if (code === 504 && text.includes(TOO_LARGE))
    return new ApiError("tooLargeResourceVersion", message, { retryAfter: wait });
  return new ApiError(CODES[code] ?? otherCode(code), message, {
    retryAfter: wait,
  });
}

/** 408 is a server that waited in vain: the next request may succeed. */
function otherCode(status: number): ApiErrorCode {
  return status >= 300 && status < 500 && status !== 408 ? "rejected" : "server";
}

/** Reads the whole body. Throws an ApiError if it is longer than `limit` bytes. */
export async function readText({ body }: ApiResponse, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new ApiError("server", `an answer of more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
