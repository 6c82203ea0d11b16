import { at, textAt } from "../common/json.ts";
import { Trouble, type TroubleCode } from "./trouble.ts";

/** An answer of the API server whose headers are in. */
export interface ApiResponse {
  readonly status: number;
  /** Milliseconds, from the header Retry-After. */
  readonly retryAfter: number | undefined;
  /** Rejects with a Trouble when the connection breaks. Leaving it early closes the connection. */
  readonly body: AsyncIterable<Buffer>;
}

/** The API server, as far as images need it. */
export interface ApiClient {
  /** Gives any status. Throws a Trouble where there is no answer. Aborting the signal ends the body too. */
  get(path: string, signal: AbortSignal): Promise<ApiResponse>;
}

export interface ApiRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** An `ApiClient` that writes, too. */
export interface WritingApiClient extends ApiClient {
  /**
   * As `get`. Sent a second time where the connection broke before there was an answer, so it must be one that does no
   * harm twice: a write says the resourceVersion that it changes.
   */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
}

/** 100 images are 400 kB; a page of 100 objects at etcd's limit of 1.5 MiB each would be refused as no honest list. */
export const BODY_LIMIT = 64 * 1024 * 1024;
/** A Status is short; a proxy's error page is not worth reading on. */
const ERROR_BODY_LIMIT = 64 * 1024;
/** Of a text that is no Status; enough to recognise a proxy's page. */
const LONGEST_QUOTE = 200;

const CODES: Readonly<Record<number, TroubleCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "gone",
  409: "conflict",
  410: "expired",
  429: "busy",
};
const TOO_NEW = "Too large resource version";

/** The JSON of a 200; throws a Trouble for another status, and for what is no JSON. */
export async function readJson(response: ApiResponse): Promise<unknown> {
  if (response.status !== 200) throw await refusalOf(response);
  try {
    return JSON.parse(await readText(response, BODY_LIMIT));
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble("malformed", "the answer is no JSON", { cause: error });
  }
}

/**
 * As `readJson`; undefined where the API server has no such object. Only a Status says that: a 404 in other words is of
 * the path, which an API server does not know while it starts, and where the kind has another scope or version by now.
 */
export async function readObject(response: ApiResponse): Promise<unknown> {
  if (response.status !== 404) return readJson(response);
  const body = parsed(await readText(response, ERROR_BODY_LIMIT));
  if (textAt(body, ["kind"]) === "Status") return undefined;
  throw troubleOf(response.status, body, response.retryAfter);
}

/** What an answer other than 200 means. */
export async function refusalOf(response: ApiResponse): Promise<Trouble> {
  const text = await readText(response, ERROR_BODY_LIMIT);
  return troubleOf(response.status, parsed(text), response.retryAfter);
}

/** From a Kubernetes Status, of an answer or of an event; from any text where a proxy answers. */
export function troubleOf(code: number, status: unknown, retryAfter?: number): Trouble {
  const said = textAt(status, ["message"]) || (typeof status === "string" ? status : "");
  const quoted = said.replaceAll(/\s+/g, " ").trim().slice(0, LONGEST_QUOTE);
  const message = quoted.startsWith(String(code)) ? quoted : `${code} ${quoted}`.trim();
  const seconds = at(status, ["details", "retryAfterSeconds"]);
  const wait = retryAfter ?? (typeof seconds === "number" ? seconds * 1_000 : undefined);
  if (code === 504 && said.includes(TOO_NEW)) return new Trouble("tooNew", message, { retryAfter: wait });
  return new Trouble(CODES[code] ?? "server", message, { retryAfter: wait });
}

/** The whole body; throws a Trouble where it is longer than `limit` bytes. */
export async function readText({ body }: ApiResponse, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new Trouble("server", `an answer of more than ${limit} bytes`);
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
