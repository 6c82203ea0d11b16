import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { IMAGE_KIND_ROWS, type ImageKind, VM_OPERATOR_GROUP } from "../../src/images/image.ts";

/** The kind of a request. */
export type Verb = "discovery" | "get" | "list" | "watch";

/** Answers a request in place of the server. */
export type Fault = (response: ServerResponse, request: IncomingMessage) => void;

interface Event {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resourceVersion: number;
  readonly object: Record<string, unknown>;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
}

interface Resource {
  readonly plural: string;
  readonly kind: ImageKind;
}

const RESOURCES: readonly Resource[] = [
  { plural: "virtualmachineimages", kind: "VirtualMachineImage" },
  { plural: "clustervirtualmachineimages", kind: "ClusterVirtualMachineImage" },
  { plural: "osimages", kind: "OSImage" },
];

/** An answer with a Status, as the API server sends it. */
export function status(code: number, message = "scripted", headers: Record<string, string> = {}): Fault {
  return (response) => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, message }));
  };
}

/** An answer of a proxy, not of the API server. */
export function text(code: number, body: string): Fault {
  return (response) => {
    response.writeHead(code, { "content-type": "text/plain" }).end(body);
  };
}

/** Accepts the request and never answers. */
export const hang: Fault = () => undefined;

export const reset: Fault = (response) => {
  response.socket?.resetAndDestroy();
};

/** Sends the headers and a part of the body, and then nothing more. */
export function begin(...lines: readonly string[]): Fault {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write(lines.join(""));
  };
}

/** Sends the headers and these lines, and ends the body. */
export function lines(...all: readonly string[]): Fault {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(all.map((line) => `${line}\n`).join(""));
  };
}

/** Sends the headers and these lines, and breaks the connection. */
export function broken(...all: readonly string[]): Fault {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write(all.join("\n"), () => {
      response.socket?.resetAndDestroy();
    });
  };
}

export function errorEvent(code: number, message = "scripted"): string {
  return JSON.stringify({ type: "ERROR", object: { kind: "Status", apiVersion: "v1", code, message } });
}

/**
 * An API server that has only the kinds of image, over real HTTP on the loopback interface. It answers correctly unless
 * a fault is scripted for the next requests of a verb.
 */
export class FakeApiServer {
  readonly requests: { verb: Verb; url: string; headers: http.IncomingHttpHeaders }[] = [];
  /** Served versions of vm-operator's kinds. An empty list means that the CRDs are not installed. */
  versions: readonly string[] = ["v1alpha5", "v1alpha6"];
  /** Groups that serve OSImage in v1. */
  platformGroups: readonly string[] = [];
  /** The scope of VirtualMachineImage, which old Supervisors serve with cluster scope. `replaceVmImages` changes it. */
  #vmImagesAreNamespaced = true;
  readonly #server: http.Server;
  readonly #faults: Record<Verb, Fault[]> = { discovery: [], get: [], list: [], watch: [] };
  readonly #always: Partial<Record<Verb, Fault | undefined>> = {};
  readonly #objects = new Map<string, Record<string, unknown>>();
  #history: Event[] = [];
  readonly #watches = new Set<{ resource: Resource; response: ServerResponse }>();
  readonly #sockets = new Set<Socket>();
  /** The content of each list that was begun: all its pages show the same moment. */
  readonly #snapshots: { readonly all: Record<string, unknown>[]; readonly resourceVersion: string }[] = [];
  #resourceVersion = 100;
  #compactedAt = 0;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request, response);
    };
    this.#server = tls === undefined ? http.createServer(handler) : https.createServer(tls, handler);
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket.once("close", () => this.#sockets.delete(socket)));
    });
  }

  async listen(): Promise<URL> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const scheme = this.#server instanceof https.Server ? "https" : "http";
    return new URL(`${scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  get resourceVersion(): string {
    return String(this.#resourceVersion);
  }

  count(verb: Verb): number {
    return this.requests.filter((request) => request.verb === verb).length;
  }

  /** The next requests of the verb get the fault. */
  fail(verb: Verb, fault: Fault, times = 1): void {
    this.#faults[verb].push(...Array<Fault>(times).fill(fault));
  }

  /** Every request of the verb gets the fault; undefined ends that. */
  failAlways(verb: Verb, fault: Fault | undefined): void {
    this.#always[verb] = fault;
  }

  /** Number of faults that no request got yet. */
  get pendingFaults(): number {
    return Object.values(this.#faults).reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Deletes the CRD of VirtualMachineImage with its objects, and installs one of the given scope. With cluster scope it
   * has only v1alpha1, as on old Supervisors.
   */
  replaceVmImages(scope: "Cluster" | "Namespaced"): void {
    for (const { kind, metadata } of [...this.#objects.values()] as { kind: string; metadata: Metadata }[]) {
      if (kind === "VirtualMachineImage") this.delete(metadata.name, { kind, namespace: metadata.namespace ?? "" });
    }
    this.endWatches();
    this.#vmImagesAreNamespaced = scope === "Namespaced";
    this.versions = scope === "Cluster" ? ["v1alpha1"] : ["v1alpha5", "v1alpha6"];
  }

  write(name: string, displayName: string, { namespace = "dev", kind = "VirtualMachineImage" } = {}): void {
    const isNamespaced = this.#isNamespaced(kind);
    const key = keyOf(kind, isNamespaced ? namespace : "", name);
    const known = this.#objects.get(key);
    const uid = (known?.["metadata"] as Metadata | undefined)?.uid ?? `uid-${this.#resourceVersion + 1}`;
    const metadata = { name, uid, resourceVersion: this.#next(), ...(isNamespaced ? { namespace } : {}) };
    const object = { ...this.#factsOf(kind, displayName), kind, metadata };
    this.#objects.set(key, object);
    this.#publish(known === undefined ? "ADDED" : "MODIFIED", object);
  }

  delete(name: string, { namespace = "dev", kind = "VirtualMachineImage" } = {}): void {
    const key = keyOf(kind, this.#isNamespaced(kind) ? namespace : "", name);
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.#objects.delete(key);
    const metadata = { ...(known["metadata"] as object), resourceVersion: this.#next() };
    this.#publish("DELETED", { ...known, metadata });
  }

  /** Display names by namespace and object name, `dev/vmi-a`. */
  images(kind: ImageKind): Record<string, string> {
    return Object.fromEntries(
      this.#listed(kind).map((object) => {
        const { namespace = "", name = "" } = object["metadata"] as { namespace?: string; name?: string };
        return [`${namespace}/${name}`, (object["status"] as { name: string }).name];
      }),
    );
  }

  /** Forgets the history: a watch from an older resourceVersion gets 410. */
  compact(): void {
    this.#compactedAt = this.#resourceVersion;
    this.#history = [];
  }

  /** Restores etcd from a backup: resourceVersions go back, and later objects are gone. */
  restore(resourceVersion: number): void {
    for (const [key, object] of this.#objects) {
      const { resourceVersion: written } = object["metadata"] as { resourceVersion: string };
      if (Number(written) > resourceVersion) this.#objects.delete(key);
    }
    this.#history = [];
    this.#resourceVersion = resourceVersion;
    this.#compactedAt = 0;
  }

  bookmark(): void {
    const metadata = { resourceVersion: this.resourceVersion };
    this.sendLine(JSON.stringify({ type: "BOOKMARK", object: { kind: "VirtualMachineImage", metadata } }));
  }

  /** Sends a line to every open watch. */
  sendLine(line: string): void {
    for (const { response } of this.#watches) response.write(`${line}\n`);
  }

  endWatches(): void {
    for (const { response } of this.#watches) response.end();
    this.#watches.clear();
  }

  cutWatches(): void {
    for (const { response } of this.#watches) response.socket?.resetAndDestroy();
    this.#watches.clear();
  }

  #isNamespaced(kind: string): boolean {
    return kind === "VirtualMachineImage" && this.#vmImagesAreNamespaced;
  }

  #factsOf(kind: string, displayName: string): object {
    if (kind === "OSImage") return { apiVersion: "storage.loft.sh/v1", spec: { displayName } };
    return this.versions.includes("v1alpha1")
      ? { apiVersion: `${VM_OPERATOR_GROUP}/v1alpha1`, status: { imageName: displayName } }
      : { apiVersion: `${VM_OPERATOR_GROUP}/v1alpha6`, status: { name: displayName } };
  }

  /** Paths as apiextensions-apiserver serves them: of the other scope, only the list of all objects exists. */
  #isServed(url: URL, { kind }: Resource, name: string | undefined): boolean {
    if (!this.#versionsOf(url).includes(url.pathname.split("/")[3] ?? "")) return false;
    if (namespaceIn(url) !== undefined) return this.#isNamespaced(kind);
    return name === undefined || !this.#isNamespaced(kind);
  }

  #next(): string {
    return String(++this.#resourceVersion);
  }

  #publish(type: Event["type"], object: Record<string, unknown>): void {
    const event = { type, object, resourceVersion: this.#resourceVersion };
    this.#history.push(event);
    for (const { resource, response } of this.#watches) if (resource.kind === object["kind"]) send(response, event);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://fake");
    const { resource, name } = resourceAt(url);
    const verb = verbOf(url, resource, name);
    this.requests.push({ verb, url: request.url ?? "", headers: request.headers });
    const fault = this.#faults[verb].shift() ?? this.#always[verb];
    if (fault !== undefined) fault(response, request);
    else if (resource === undefined) this.#discover(url, response);
    else if (!this.#isServed(url, resource, name)) text(404, "404 page not found\n")(response, request);
    else if (verb === "watch") this.#watch(resource, url, response, request);
    else if (name !== undefined) this.#get(resource, { namespace: namespaceIn(url), name }, response, request);
    else this.#list(resource, url, response);
  }

  #discover(url: URL, response: ServerResponse): void {
    const [, , group = "", version] = url.pathname.split("/");
    const served = this.#versionsOf(url);
    if (served.length === 0 || (version !== undefined && !served.includes(version))) {
      response.writeHead(404).end("404 page not found\n");
      return;
    }
    const ofGroup = RESOURCES.filter(({ kind }) => IMAGE_KIND_ROWS[kind].groups.includes(group));
    const resources = ofGroup.flatMap(({ plural: name, kind }) => [
      { name: `${name}/status`, kind, namespaced: this.#isNamespaced(kind) },
      { name, kind, namespaced: this.#isNamespaced(kind) },
    ]);
    const versions = served.map((each) => ({ groupVersion: `${group}/${each}`, version: each }));
    response.end(JSON.stringify(version === undefined ? { kind: "APIGroup", versions } : { resources }));
  }

  #versionsOf(url: URL): readonly string[] {
    const [, , group = ""] = url.pathname.split("/");
    if (group === VM_OPERATOR_GROUP) return this.versions;
    return this.platformGroups.includes(group) ? ["v1"] : [];
  }

  #get(
    { kind }: Resource,
    { namespace = "", name }: { namespace: string | undefined; name: string },
    response: ServerResponse,
    request: IncomingMessage,
  ): void {
    const object = this.#objects.get(keyOf(kind, namespace, name));
    if (object === undefined) status(404, `${kind} "${name}" not found`)(response, request);
    else response.end(JSON.stringify(object));
  }

  #list({ kind }: Resource, url: URL, response: ServerResponse): void {
    const namespace = namespaceIn(url);
    const token = url.searchParams.get("continue");
    const [snapshot = this.#snapshots.length, start = 0] = token === null ? [] : token.split(".").map(Number);
    const { all, resourceVersion } = (this.#snapshots[snapshot] ??= {
      all: this.#listed(kind, namespace),
      resourceVersion: this.resourceVersion,
    });
    const end = start + Number(url.searchParams.get("limit") ?? all.length);
    const metadata = { resourceVersion, ...(end < all.length ? { continue: `${snapshot}.${end}` } : {}) };
    const items = all.slice(start, end);
    const apiVersion = url.pathname.split("/").slice(2, 4).join("/");
    response.end(JSON.stringify({ apiVersion, kind: `${kind}List`, metadata, items }));
  }

  #watch(resource: Resource, url: URL, response: ServerResponse, request: IncomingMessage): void {
    const from = Number(url.searchParams.get("resourceVersion"));
    if (from < this.#compactedAt) {
      lines(errorEvent(410, "too old resource version"))(response, request);
      return;
    }
    if (from > this.#resourceVersion) {
      status(504, `Too large resource version: ${from}, current: ${this.#resourceVersion}`)(response, request);
      return;
    }
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    for (const event of this.#history) {
      if (event.resourceVersion > from && event.object["kind"] === resource.kind) send(response, event);
    }
    const watch = { resource, response };
    this.#watches.add(watch);
    response.once("close", () => this.#watches.delete(watch));
  }

  #listed(kind: ImageKind, namespace?: string): Record<string, unknown>[] {
    return [...this.#objects.values()].filter(
      (object) =>
        object["kind"] === kind &&
        (namespace === undefined || (object["metadata"] as { namespace?: string }).namespace === namespace),
    );
  }
}

function resourceAt({ pathname }: URL): { readonly resource: Resource | undefined; readonly name: string | undefined } {
  const last = pathname.split("/").slice(-2);
  const at = last.findIndex((part) => RESOURCES.some(({ plural }) => plural === part));
  return { resource: RESOURCES.find(({ plural }) => plural === last[at]), name: at === 0 ? last[1] : undefined };
}

function namespaceIn({ pathname }: URL): string | undefined {
  return /\/namespaces\/([^/]+)\//.exec(pathname)?.[1];
}

function verbOf(url: URL, resource: Resource | undefined, name: string | undefined): Verb {
  if (resource === undefined) return "discovery";
  if (name !== undefined) return "get";
  return url.searchParams.get("watch") === "true" ? "watch" : "list";
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace} ${name}`;
}

function send(response: ServerResponse, { type, object }: Event): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}
