import { isResourceVersion } from "../common/resource-version.ts";
import { at, isJsonObject, type JsonObject, textAt } from "../common/json.ts";
import { ApiError } from "./api-error.ts";
import type { ApiClient, ApiResponse } from "./api-client.ts";
import { errorOfResponse, errorOfStatus } from "./response.ts";

export type WatchEvent =
  | { readonly is: "written" | "deleted"; readonly object: JsonObject }
  | { readonly is: "bookmark"; readonly resourceVersion: string };

/** Bytes. etcd takes objects of at most 1.5 MiB by default; escapes make their JSON longer, but not five times. */
const MAX_LINE = 8 * 1024 * 1024;
const NEWLINE = 10;

const TYPES: Readonly<Record<string, "written" | "deleted">> = {
  ADDED: "written",
  MODIFIED: "written",
  DELETED: "deleted",
};

export interface WatchOptions {
  /** Path without a query. */
  readonly path: string;
  /** Watches this object only; undefined watches all. */
  readonly name?: string;
  /** Events after this resourceVersion; undefined begins with an event for each existing object. */
  readonly from: string | undefined;
  /** The server ends the watch after this time. */
  readonly seconds: number;
}

/** Resolves when the server has accepted the watch. An ApiError rejects this, or the iteration of the events. */
export async function openWatch(
  client: ApiClient,
  { path, name, from, seconds }: WatchOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<WatchEvent>> {
  const query = new URLSearchParams({
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: from ?? "",
    timeoutSeconds: String(seconds),
    ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
  });
  const response = await client.get(`${path}?${query.toString()}`, signal);
  if (response.status !== 200) throw await errorOfResponse(response);
  return eventsOf(response);
}

async function* eventsOf(response: ApiResponse): AsyncGenerator<WatchEvent, void, undefined> {
  for await (const line of linesOf(response.body)) {
    if (line.length > 0) yield eventOf(line);
  }
}

/** Drops a last line without newline: the connection ended within it. */
async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...pending, chunk.subarray(start, end)]);
      [pending, size, start] = [[], 0, end + 1];
    }
    pending.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > MAX_LINE) throw new ApiError("malformed", `a line of more than ${MAX_LINE} bytes`);
  }
}

function eventOf(line: Buffer): WatchEvent {
  const event = parsed(line);
  const type = textAt(event, ["type"]);
  const object = at(event, ["object"]);
  if (!isJsonObject(object)) throw new ApiError("malformed", "an event without an object");
  const is = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (is !== undefined) return { is, object };
  if (type === "BOOKMARK") return bookmark(textAt(object, ["metadata", "resourceVersion"]));
  if (type !== "ERROR") throw new ApiError("malformed", "an event of an unknown type");
  const code = at(object, ["code"]);
  throw errorOfStatus(typeof code === "number" ? code : 500, object);
}

function bookmark(resourceVersion: string): WatchEvent {
  if (!isResourceVersion(resourceVersion)) throw new ApiError("malformed", "a bookmark without a resourceVersion");
  return { is: "bookmark", resourceVersion };
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch (error) {
    throw new ApiError("malformed", "a line that is no JSON", { cause: error });
  }
}
