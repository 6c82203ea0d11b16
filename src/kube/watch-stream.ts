import { isResourceVersion } from "../common/resource-version.ts";
import { at, isJsonObject, type JsonObject, textAt } from "../common/json.ts";
import { type ApiClient, type ApiResponse, refusalOf, troubleOf } from "./response.ts";
import { Trouble } from "./trouble.ts";

export type WatchEvent =
  | { readonly is: "written" | "deleted"; readonly object: JsonObject }
  | { readonly is: "bookmark"; readonly resourceVersion: string };

/** etcd takes objects of at most 1.5 MiB by default; as JSON with escapes they may grow, but not fivefold. */
const LONGEST_LINE = 8 * 1024 * 1024;
const NEWLINE = 10;

const TYPES: Readonly<Record<string, "written" | "deleted">> = {
  ADDED: "written",
  MODIFIED: "written",
  DELETED: "deleted",
};

export interface WatchOptions {
  /** Without a query. */
  readonly path: string;
  /** Only this object; undefined is all. */
  readonly name?: string;
  /** The resourceVersion after which events are wanted; "" begins with what is there. */
  readonly from: string;
  /** After which the server ends the watch. */
  readonly seconds: number;
}

/** Resolves when the server has taken the watch; throws a Trouble where it has not, and so do the events. */
export async function openWatch(
  client: ApiClient,
  { path, name, from, seconds }: WatchOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<WatchEvent>> {
  const query = new URLSearchParams({
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: from,
    timeoutSeconds: String(seconds),
    ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
  });
  const response = await client.get(`${path}?${query.toString()}`, signal);
  if (response.status !== 200) throw await refusalOf(response);
  return eventsOf(response);
}

async function* eventsOf(response: ApiResponse): AsyncGenerator<WatchEvent, void, undefined> {
  for await (const line of linesOf(response.body)) {
    if (line.length > 0) yield eventOf(line);
  }
}

/** A last line without its end was cut, and says nothing. */
async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let begun: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...begun, chunk.subarray(start, end)]);
      [begun, size, start] = [[], 0, end + 1];
    }
    begun.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > LONGEST_LINE) throw new Trouble("malformed", `a line of more than ${LONGEST_LINE} bytes`);
  }
}

function eventOf(line: Buffer): WatchEvent {
  const event = parsed(line);
  const type = textAt(event, ["type"]);
  const object = at(event, ["object"]);
  if (!isJsonObject(object)) throw new Trouble("malformed", "an event without an object");
  const is = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (is !== undefined) return { is, object };
  if (type === "BOOKMARK") return bookmark(textAt(object, ["metadata", "resourceVersion"]));
  if (type !== "ERROR") throw new Trouble("malformed", "an event of an unknown type");
  const code = at(object, ["code"]);
  throw troubleOf(typeof code === "number" ? code : 500, object);
}

function bookmark(resourceVersion: string): WatchEvent {
  if (!isResourceVersion(resourceVersion)) throw new Trouble("malformed", "a bookmark without a resourceVersion");
  return { is: "bookmark", resourceVersion };
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch (error) {
    throw new Trouble("malformed", "a line that is no JSON", { cause: error });
  }
}
