import { setImmediate } from "node:timers/promises";
import { isJsonObject, listAt, textAt, textOrNothing } from "../../common/json.ts";
import { isResourceVersion } from "../../common/resource-version.ts";
import { ApiError } from "../../kube/api-error.ts";
import { withDeadline } from "../../kube/deadline.ts";
import type { ApiClient } from "../../kube/api-client.ts";
import { readJson } from "../../kube/response.ts";
import { decodeImageObject, type ImageObject, type ServedKind } from "./image-object.ts";

export interface ListPage<T = ImageObject> {
  readonly objects: readonly T[];
  /** Of the whole list: all pages show the same moment. */
  readonly resourceVersion: string;
}

export interface PageOptions {
  /** Path without a query. */
  readonly path: string;
  readonly pageSize: number;
  /** Milliseconds for one page. */
  readonly pageDeadline: number;
}

export type ListOptions = ServedKind & PageOptions;

/** A list of one kind. Each object is decoded as its page arrives. */
export interface DecodedListOptions<T> extends PageOptions {
  readonly kind: string;
  readonly decode: (object: unknown) => T;
}

/** Reads a list of images, as `listDecoded`. */
export function listPages(
  client: ApiClient,
  options: ListOptions,
  signal: AbortSignal,
): AsyncGenerator<ListPage, void, undefined> {
  const { kind, namespaced } = options;
  const decode = (object: unknown): ImageObject => decodeImageObject(object, { kind, namespaced });
  return listDecoded(client, { ...options, decode }, signal);
}

/**
 * Reads a consistent list page by page, and lets the event loop turn between pages. A list with resourceVersion=0 would
 * ignore the limit, and may be older than what was seen before (kubernetes/kubernetes issue 97294).
 *
 * Throws an ApiError. With the code `expired` the list must start again.
 */
export async function* listDecoded<T>(
  client: ApiClient,
  options: DecodedListOptions<T>,
  signal: AbortSignal,
): AsyncGenerator<ListPage<T>, void, undefined> {
  let token: string | undefined;
  do {
    const path = pagePath(options, token);
    const deadline = { what: "a page of the list", milliseconds: options.pageDeadline, signal };
    const { page, next } = await withDeadline(deadline, (limited) => readPage(client, path, options, limited));
    yield page;
    if (next !== undefined && next === token) {
      throw new ApiError("malformed", "the list never ends: the same page came twice");
    }
    token = next;
    await setImmediate();
  } while (token !== undefined);
}

interface ReadPage<T> {
  readonly page: ListPage<T>;
  /** Continue token of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/** Trims the objects at once: the raw page would stay in memory until the next one is read. */
async function readPage<T>(
  client: ApiClient,
  path: string,
  served: DecodedListOptions<T>,
  signal: AbortSignal,
): Promise<ReadPage<T>> {
  const body = await readJson(await client.get(path, signal));
  return { page: pageOf(body, served), next: textOrNothing(body, ["metadata", "continue"]) };
}

function pagePath({ path, pageSize }: PageOptions, token: string | undefined): string {
  return `${path}?limit=${pageSize}${token === undefined ? "" : `&continue=${encodeURIComponent(token)}`}`;
}

/** The items of a typed list may leave out apiVersion and kind. */
function pageOf<T>(body: unknown, { kind, decode }: DecodedListOptions<T>): ListPage<T> {
  const resourceVersion = textAt(body, ["metadata", "resourceVersion"]);
  const isList = isJsonObject(body) && body["kind"] === `${kind}List` && Array.isArray(body["items"]);
  if (!isList || !isResourceVersion(resourceVersion)) throw new ApiError("malformed", `the answer is no ${kind}List`);
  const type = { apiVersion: textAt(body, ["apiVersion"]), kind };
  const typed = (item: unknown): unknown =>
    isJsonObject(item) && (item["kind"] === undefined || item["apiVersion"] === undefined)
      ? { ...type, ...item }
      : item;
  return {
    objects: listAt(body, ["items"]).map((item) => decode(typed(item))),
    resourceVersion,
  };
}
