import { setImmediate } from "node:timers/promises";
import { isResourceVersion } from "../../common/resource-version.ts";
import { isJsonObject, listAt, textAt } from "../../common/json.ts";
import { within } from "../../kube/deadline.ts";
import { imageObject, type ImageObject, type ServedKind } from "./image-object.ts";
import { type ApiClient, readJson } from "../../kube/response.ts";
import { Trouble } from "../../kube/trouble.ts";

export interface ListPage {
  readonly objects: readonly ImageObject[];
  /** Of the whole list: each page is of the same moment. */
  readonly resourceVersion: string;
}

export interface ListOptions extends ServedKind {
  /** Without a query. */
  readonly path: string;
  readonly pageSize: number;
  /** Milliseconds for one page. */
  readonly pageDeadline: number;
}

/**
 * A consistent list, page by page; the event loop turns between two. Never with resourceVersion=0, which ignores the
 * limit and may be older than what was seen before (kubernetes/kubernetes issue 97294).
 *
 * Throws a Trouble, `expired` where the list has to start anew.
 */
export async function* listPages(
  client: ApiClient,
  options: ListOptions,
  signal: AbortSignal,
): AsyncGenerator<ListPage, void, undefined> {
  let token = "";
  do {
    const path = pagePath(options, token);
    const deadline = { what: "a page of the list", milliseconds: options.pageDeadline, signal };
    const { page, next } = await within(deadline, (cut) => readPage(client, path, options, cut));
    yield page;
    if (next !== "" && next === token) throw new Trouble("malformed", "the list never ends: the same page came twice");
    token = next;
    await setImmediate();
  } while (token !== "");
}

interface ReadPage {
  readonly page: ListPage;
  /** Of the page behind it; "" for the last one. */
  readonly next: string;
}

/** Trims the objects before it gives them: a page as it came would stay in memory until the next one is here. */
async function readPage(client: ApiClient, path: string, served: ServedKind, signal: AbortSignal): Promise<ReadPage> {
  const body = await readJson(await client.get(path, signal));
  return { page: pageOf(body, served), next: textAt(body, ["metadata", "continue"]) };
}

function pagePath({ path, pageSize }: ListOptions, token: string): string {
  return `${path}?limit=${pageSize}${token === "" ? "" : `&continue=${encodeURIComponent(token)}`}`;
}

/** Items of a typed list may leave out what they are. */
function pageOf(body: unknown, { kind, namespaced }: ServedKind): ListPage {
  const resourceVersion = textAt(body, ["metadata", "resourceVersion"]);
  const isList = isJsonObject(body) && body["kind"] === `${kind}List` && Array.isArray(body["items"]);
  if (!isList || !isResourceVersion(resourceVersion)) throw new Trouble("malformed", `the answer is no ${kind}List`);
  const type = { apiVersion: textAt(body, ["apiVersion"]), kind };
  const typed = (item: unknown): unknown =>
    isJsonObject(item) && (item["kind"] === undefined || item["apiVersion"] === undefined)
      ? { ...type, ...item }
      : item;
  return {
    objects: listAt(body, ["items"]).map((item) => imageObject(typed(item), { kind, namespaced })),
    resourceVersion,
  };
}
