/**
 * An API server with images and nothing else, as a process of its own: pages are made before they are asked for, so that
 * the time of a list is its reader's. Its options are in its argument, in JSON; its parent tells it what happens.
 */
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import type { ApiServerAnswer, ApiServerOptions, ApiServerOrder } from "./api-server-orders.ts";
import { DEFAULT_LIMITS } from "../src/kube/reflector-limits.ts";
import { programOptions } from "./processes.ts";
import { displayNameOf, imageObject, isClusterImage } from "./workload.ts";

const PLURALS = ["virtualmachineimages", "clustervirtualmachineimages"] as const;
type Plural = (typeof PLURALS)[number];
const KINDS = {
  virtualmachineimages: "VirtualMachineImage",
  clustervirtualmachineimages: "ClusterVirtualMachineImage",
};
const VERSION = "vmoperator.vmware.com/v1alpha6";
/** Images of a page: what the webhook asks for. */
const PAGE = DEFAULT_LIMITS.pageSize;
const JSON_TYPE = { "content-type": "application/json" };

const { port, certDir, images } = programOptions() as ApiServerOptions;
let resourceVersion = 1_000_000;
/** Images that were written since the start, as JSON. */
const written = new Map<number, string>();
let pages = allPages();
const watches = new Map<ServerResponse, Plural>();
let storm: Storm | undefined;
/** When the first page was asked for, and when the watch behind the last one was. */
let marks: { listed?: number; watched: Partial<Record<Plural, number>> } = { watched: {} };

function allPages(): Readonly<Record<string, readonly Buffer[]>> {
  return Object.fromEntries(PLURALS.map((plural) => [plural, pagesOf(plural)]));
}

function pagesOf(plural: Plural): readonly Buffer[] {
  const isCluster = plural === "clustervirtualmachineimages";
  const all = Array.from({ length: images }, (_, position) => position).filter(
    (each) => isClusterImage(each) === isCluster,
  );
  return Array.from({ length: Math.max(1, Math.ceil(all.length / PAGE)) }, (_, page) => {
    const isLast = (page + 1) * PAGE >= all.length;
    const metadata = { resourceVersion: String(resourceVersion), ...(isLast ? {} : { continue: String(page + 1) }) };
    const head = JSON.stringify({ apiVersion: VERSION, kind: `${KINDS[plural]}List`, metadata });
    const items = all.slice(page * PAGE, (page + 1) * PAGE).map((each) => written.get(each) ?? unwritten(each));
    return Buffer.from(`${head.slice(0, -1)},"items":[${items.join()}]}`);
  });
}

function unwritten(position: number): string {
  return JSON.stringify(imageObject(position, String(position + 1)));
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "https://fake");
  const [, , , version, plural] = url.pathname.split("/");
  response.writeHead(200, JSON_TYPE);
  if (version === undefined) {
    response.end(JSON.stringify({ kind: "APIGroup", versions: [{ groupVersion: VERSION, version: "v1alpha6" }] }));
  } else if (plural === undefined) {
    response.end(JSON.stringify({ resources: PLURALS.map((name) => ({ name, kind: KINDS[name] })) }));
  } else if (url.searchParams.get("watch") === "true") {
    marks.watched[plural as Plural] ??= performance.now();
    watches.set(response, plural as Plural);
    response.once("close", () => watches.delete(response));
    response.flushHeaders();
  } else {
    marks.listed ??= performance.now();
    response.end(pages[plural]?.[Number(url.searchParams.get("continue") ?? 0)]);
  }
}

/** Milliseconds from the first page to the last watch; undefined while it lasts. */
function listTime(): number | undefined {
  const ends = PLURALS.map((plural) => marks.watched[plural] ?? NaN);
  const time = Math.max(...ends) - (marks.listed ?? NaN);
  return Number.isNaN(time) ? undefined : time;
}

function write(position: number, displayName: string): void {
  const object = JSON.stringify(imageObject(position, String(++resourceVersion), displayName));
  written.set(position, object);
  const plural = isClusterImage(position) ? "clustervirtualmachineimages" : "virtualmachineimages";
  for (const [response, watched] of watches) {
    if (watched === plural) response.write(`{"type":"MODIFIED","object":${object}}\n`);
  }
}

/** Writes of images at random, but for the first hundred, at an even pace. */
class Storm {
  #count = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(perSecond: number) {
    const begun = performance.now();
    this.#timer = setInterval(() => {
      for (const due = ((performance.now() - begun) / 1_000) * perSecond; this.#count < due; this.#count++) {
        const position = 100 + Math.floor(Math.random() * (images - 100));
        write(position, displayNameOf(position));
      }
    }, 1);
  }

  end(): number {
    clearInterval(this.#timer);
    return this.#count;
  }
}

/** All watches are too old: their readers have to list anew. */
function expire(): void {
  pages = allPages();
  marks = { watched: {} };
  const status = {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    code: 410,
    message: "too old resource version",
  };
  for (const response of watches.keys()) response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
  watches.clear();
}

function say(said: ApiServerAnswer): void {
  process.send?.(said);
}

function obey(order: ApiServerOrder): void {
  switch (order.do) {
    case "forget":
      marks = { watched: {} };
      say({});
      break;
    case "listTime":
      say({ listTime: listTime() });
      break;
    case "write": {
      const at = process.hrtime.bigint();
      write(order.position, order.displayName);
      say({ at: String(at) });
      break;
    }
    case "storm":
      storm = new Storm(order.perSecond);
      say({});
      break;
    case "calm":
      say({ written: storm?.end() ?? 0 });
      break;
    case "expire":
      expire();
      say({});
  }
}

process.on("message", obey);
process.on("disconnect", () => process.exit());
const tls = { cert: readFileSync(join(certDir, "tls.crt")), key: readFileSync(join(certDir, "tls.key")) };
const server = createServer(tls, answer);
server.keepAliveTimeout = 120_000;
server.listen(port, "127.0.0.1", () => {
  say({});
});
