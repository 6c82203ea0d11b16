import { beforeEach, describe, expect, it } from "vitest";
import type { ImageKind } from "../../../src/images/image.ts";
import { MemoryImageIndex } from "../../../src/images/image-index.ts";
import { type Confirmation, LiveRead, type LiveReadOptions } from "../../../src/sources/cluster/live-read.ts";
import type { Resource } from "../../../src/sources/cluster/discovery.ts";
import type { ApiClient, ApiResponse } from "../../../src/kube/api-client.ts";
import { ApiError } from "../../../src/kube/api-error.ts";

const BUDGET = 200;
const NEVER = new AbortController().signal;
const IMAGE = "VirtualMachineImage";
const READ: Confirmation = { is: "read" };
const FAILED: Confirmation = { is: "failed" };
/** The limits allowed no read of the one kind that a test asks for. */
const REFUSED: Confirmation = { is: "refused", kinds: [IMAGE] };
const PLURALS = {
  VirtualMachineImage: "virtualmachineimages",
  ClusterVirtualMachineImage: "clustervirtualmachineimages",
  OSImage: "osimages",
};

interface StoredImage {
  readonly kind: ImageKind;
  readonly namespace: string;
  readonly name: string;
  readonly displayName: string;
  readonly resourceVersion: string;
}

/** An API server that has these images and records the paths of its requests. */
class ScriptedApiServer implements ApiClient {
  readonly asked: string[] = [];
  images: StoredImage[] = [];
  fault: (() => Promise<ApiResponse>) | undefined;

  get(path: string, signal: AbortSignal): Promise<ApiResponse> {
    this.asked.push(path);
    if (this.fault !== undefined) return this.fault();
    signal.throwIfAborted();
    const { pathname } = new URL(path, "https://api");
    const [, , , version = "", ...rest] = pathname.split("/");
    const namespace = rest[0] === "namespaces" ? (rest[1] ?? "") : "";
    const [plural = "", name] = rest[0] === "namespaces" ? rest.slice(2) : rest;
    const kind: ImageKind =
      plural === PLURALS.VirtualMachineImage ? "VirtualMachineImage" : "ClusterVirtualMachineImage";
    const apiVersion = `vmoperator.vmware.com/${version}`;
    const found = this.images.filter((image) => image.kind === kind && image.namespace === namespace);
    const objects = found.map((image) => ({
      apiVersion,
      kind,
      metadata: { ...image, namespace: image.namespace || undefined, uid: `uid-${image.name}` },
      status: { [version === "v1alpha1" ? "imageName" : "name"]: image.displayName },
    }));
    if (name === undefined) {
      return json(200, { apiVersion, kind: `${kind}List`, metadata: { resourceVersion: "100" }, items: objects });
    }
    const object = objects.find(({ metadata }) => metadata.name === name);
    return object === undefined ? json(404, { kind: "Status", code: 404, message: "not found" }) : json(200, object);
  }
}

function json(status: number, value: unknown): Promise<ApiResponse> {
  return text(status, JSON.stringify(value));
}

function text(status: number, value: string): Promise<ApiResponse> {
  const body = (async function* () {
    yield await Promise.resolve(Buffer.from(value));
  })();
  return Promise.resolve({ status, retryAfter: undefined, body });
}

let time = 0;
let server: ScriptedApiServer;
let index: MemoryImageIndex;
let isCurrent: boolean;
let lags: number[];
let live: LiveRead;

beforeEach(() => {
  time = 1_000_000;
  server = new ScriptedApiServer();
  index = new MemoryImageIndex();
  isCurrent = true;
  lags = [];
  live = liveRead(served);
});

function served(kind: ImageKind): Resource {
  return { group: "vmoperator.vmware.com", version: "v1alpha6", plural: PLURALS[kind], namespaced: kind === IMAGE };
}

/** The resource as Supervisors before April 2024 serve it. */
function servedWithClusterScope(kind: ImageKind): Resource {
  return { ...served(kind), version: "v1alpha1", namespaced: false };
}

function liveRead(resourceOf: LiveReadOptions["resourceOf"]): LiveRead {
  return new LiveRead({
    client: server,
    index,
    resourceOf,
    isCurrent: () => isCurrent,
    timing: {
      monotonic: () => time,
      delay: (milliseconds) => {
        lags.push(milliseconds);
        return Promise.resolve();
      },
    },
    signal: NEVER,
  });
}

function store(kind: ImageKind, namespace: string, name: string, displayName: string): void {
  server.images.push({ kind, namespace, name, displayName, resourceVersion: "50" });
}

describe("a live read", () => {
  it("of a VMI ID gets one object in each scope", async () => {
    store("VirtualMachineImage", "dev", "vmi-a", "ubuntu");
    expect(await live.confirm({ namespace: "dev", name: "vmi-a" }, BUDGET)).toEqual(READ);
    expect(server.asked).toEqual([
      "/apis/vmoperator.vmware.com/v1alpha6/namespaces/dev/virtualmachineimages/vmi-a",
      "/apis/vmoperator.vmware.com/v1alpha6/clustervirtualmachineimages/vmi-a",
    ]);
    expect(index.namespaced("dev").byObjectName("vmi-a")?.displayName).toBe("ubuntu");
  });

  it("of a display name lists the images of the namespace and of the cluster", async () => {
    store("VirtualMachineImage", "dev", "vmi-a", "ubuntu");
    store("ClusterVirtualMachineImage", "", "vmi-c", "rocky");
    store("VirtualMachineImage", "prod", "vmi-p", "secret");
    expect(await live.confirm({ namespace: "dev", name: "rocky" }, BUDGET)).toEqual(READ);
    expect(index.cluster().byDisplayName("rocky")).toHaveLength(1);
    expect(index.namespaced("dev").byDisplayName("ubuntu")).toHaveLength(1);
    expect(index.namespaced("prod").byObjectName("vmi-p")).toBeUndefined();
  });

  it("with a kind reads that kind only", async () => {
    await live.confirm({ namespace: "dev", name: "rocky", kind: "ClusterVirtualMachineImage" }, BUDGET);
    expect(server.asked).toEqual(["/apis/vmoperator.vmware.com/v1alpha6/clustervirtualmachineimages?limit=100"]);
  });

  it("that does not find an image leaves it in the index", async () => {
    store("VirtualMachineImage", "dev", "vmi-a", "ubuntu");
    await live.confirm({ namespace: "dev", name: "vmi-a" }, BUDGET);
    server.images = [];
    time += 10_000;
    expect(await live.confirm({ namespace: "dev", name: "vmi-a" }, BUDGET)).toEqual(READ);
    expect(index.namespaced("dev").byObjectName("vmi-a")).toBeDefined();
  });

  it("does not replace a newer change of the watch", async () => {
    store("VirtualMachineImage", "dev", "vmi-a", "old");
    index.remove({ kind: "VirtualMachineImage", namespace: "dev", name: "vmi-a" }, "60");
    await live.confirm({ namespace: "dev", name: "vmi-a" }, BUDGET);
    expect(index.namespaced("dev").byObjectName("vmi-a")).toBeUndefined();
  });

  it("escapes the name in the path", async () => {
    await live.confirm({ namespace: "dev", name: "vmi-../../secrets" }, BUDGET);
    expect(server.asked[0]).toMatch(/virtualmachineimages\/vmi-\.\.%2F\.\.%2Fsecrets$/);
  });

  it("sends no request if the CRD is not installed", async () => {
    const absent = liveRead(() => undefined);
    for (let n = 0; n < 100; n++) {
      expect(await absent.confirm({ namespace: "dev", name: `vmi-${n}` }, BUDGET)).toEqual(READ);
    }
    expect(server.asked).toEqual([]);
    expect(absent.counts).toEqual({ read: 0, joined: 0, refused: 0, failed: 0 });
  });
});

describe("of a VirtualMachineImage with cluster scope, a live read", () => {
  beforeEach(() => {
    live = liveRead(servedWithClusterScope);
  });

  it("of a VMI ID gets the object of the cluster", async () => {
    await live.confirm({ namespace: "dev", name: "vmi-a", kind: IMAGE }, BUDGET);
    expect(server.asked).toEqual(["/apis/vmoperator.vmware.com/v1alpha1/virtualmachineimages/vmi-a"]);
  });

  it("of another name lists the cluster, once in five seconds for all namespaces", async () => {
    store(IMAGE, "", "ubuntu-noble", "ubuntu");
    for (const namespace of ["dev", "prod", "test"]) {
      expect(await live.confirm({ namespace, name: "ubuntu-noble", kind: IMAGE }, BUDGET)).toEqual(READ);
      expect(index.namespaced(namespace).byObjectName("ubuntu-noble")).toMatchObject({
        kind: IMAGE,
        namespace: undefined,
      });
      time += 1_600;
    }
    expect(server.asked).toEqual(["/apis/vmoperator.vmware.com/v1alpha1/virtualmachineimages?limit=100"]);
    time += 200;
    await live.confirm({ namespace: "dev", name: "ubuntu-noble", kind: IMAGE }, BUDGET);
    expect(server.asked).toHaveLength(2);
  });

  it("fails if the kind is namespaced by now", async () => {
    const metadata = { name: "vmi-a", namespace: "dev", uid: "u", resourceVersion: "50" };
    const type = { apiVersion: "vmoperator.vmware.com/v1alpha1", kind: IMAGE };
    server.fault = () => json(200, { ...type, metadata });
    expect(await live.confirm({ namespace: "dev", name: "vmi-a", kind: IMAGE }, BUDGET)).toEqual(FAILED);
    expect(index.count(IMAGE)).toBe(0);
  });
});

describe("the load on the API server", () => {
  it("one read answers all concurrent requests", async () => {
    const asks = Array.from({ length: 50 }, () => live.confirm({ namespace: "dev", name: "rocky" }, BUDGET));
    expect(await Promise.all(asks)).toEqual(asks.map(() => READ));
    expect(server.asked).toHaveLength(2);
  });

  it("a read is reused for one second, a list of cluster images for five", async () => {
    const lists = async (): Promise<number> => {
      await live.confirm({ namespace: "dev", name: "rocky" }, BUDGET);
      return server.asked.length;
    };
    expect(await lists()).toBe(2);
    time += 999;
    expect(await lists()).toBe(2);
    expect(lags).toEqual([100, 100]);
    time += 1;
    expect(await lists()).toBe(3);
    time += 4_000;
    expect(await lists()).toBe(5);
  });

  it("a read is not reused if no watch brings newer changes", async () => {
    isCurrent = false;
    await live.confirm({ namespace: "dev", name: "rocky" }, BUDGET);
    store("VirtualMachineImage", "dev", "vmi-a", "rocky");
    expect(await live.confirm({ namespace: "dev", name: "rocky" }, BUDGET)).toEqual(READ);
    expect(index.namespaced("dev").byDisplayName("rocky")).toHaveLength(1);
    expect(lags).toEqual([]);
  });

  it("a review that reuses a read, or is refused one, first waits for the watch", async () => {
    const query = { namespace: "dev", name: "vmi-a", kind: "VirtualMachineImage" } as const;
    await Promise.all([live.confirm(query, BUDGET), live.confirm(query, BUDGET)]);
    expect(lags).toEqual([100]);
    for (let n = 0; n < 5; n++) await live.confirm({ ...query, name: `vmi-${n}` }, BUDGET);
    expect(lags).toEqual([100, 100]);
    isCurrent = false;
    expect(await live.confirm({ ...query, name: "vmi-none" }, BUDGET)).toEqual(REFUSED);
    expect(lags).toEqual([100, 100]);
  });

  it("a namespace gets five reads per second, and leaves the reads of others alone", async () => {
    const ask = (namespace: string, name: string): Promise<Confirmation> =>
      live.confirm({ namespace, name, kind: "VirtualMachineImage" }, BUDGET);
    const loop: Confirmation[] = [];
    for (let n = 0; n < 100; n++) loop.push(await ask("noisy", `vmi-${n}`));
    expect(loop).toEqual([...Array<Confirmation>(5).fill(READ), ...Array<Confirmation>(95).fill(REFUSED)]);
    expect(await ask("quiet", "vmi-1")).toEqual(READ);
    time += 1_000;
    expect(await ask("noisy", "vmi-200")).toEqual(READ);
  });

  it("all namespaces together get twenty reads per second", async () => {
    const reads: Confirmation[] = [];
    for (let n = 0; n < 100; n++) {
      reads.push(await live.confirm({ namespace: `ns-${n}`, name: "vmi-1", kind: "VirtualMachineImage" }, BUDGET));
    }
    expect(reads.filter(({ is }) => is === "read")).toHaveLength(20);
  });

  it("at most eight reads run at the same time", async () => {
    server.fault = () => new Promise(() => undefined);
    const asks = Array.from({ length: 12 }, (_, n) =>
      live.confirm({ namespace: `ns-${n}`, name: "vmi-1", kind: "VirtualMachineImage" }, BUDGET),
    );
    const failed = Array<Confirmation>(8).fill(FAILED);
    expect(await Promise.all(asks)).toEqual([...failed, ...Array<Confirmation>(4).fill(REFUSED)]);
    expect(server.asked).toHaveLength(8);
  });
});

describe("a live read without a result", () => {
  it.each([
    ["no connection", () => Promise.reject(new ApiError("connection", "ECONNREFUSED"))],
    ["an error", () => json(500, { message: "etcd is away" })],
    ["missing rights", () => json(403, { message: "forbidden" })],
    ["no answer", () => new Promise<ApiResponse>(() => undefined)],
    ["an answer that is no list", () => json(200, { kind: "Pod" })],
  ])("fails after %s", async (_, fault) => {
    server.fault = fault;
    expect(await live.confirm({ namespace: "dev", name: "rocky" }, BUDGET)).toEqual(FAILED);
    server.fault = undefined;
    time += 1_000;
    // The read of the second kind may end a moment after that of the first.
    await expect.poll(() => live.confirm({ namespace: "dev", name: "rocky" }, BUDGET)).toEqual(READ);
  });

  it("fails for a review that reuses it, too, in flight or ended", async () => {
    const query = { namespace: "dev", name: "rocky", kind: "VirtualMachineImage" } as const;
    server.fault = () => Promise.reject(new ApiError("connection", "ECONNREFUSED"));
    const both = [live.confirm(query, BUDGET), live.confirm(query, BUDGET)];
    expect(await Promise.all(both)).toEqual([FAILED, FAILED]);
    server.fault = undefined;
    time += 999;
    expect(await live.confirm(query, BUDGET)).toEqual(FAILED);
    expect(live.counts).toEqual({ read: 0, joined: 2, refused: 0, failed: 1 });
  });

  it("fails for a review whose budget ends before the read that it reuses", async () => {
    const query = { namespace: "dev", name: "rocky", kind: "VirtualMachineImage" } as const;
    const answer = Promise.withResolvers<ApiResponse>();
    server.fault = () => answer.promise;
    const first = live.confirm(query, 10_000);
    expect(await live.confirm(query, 10)).toEqual(FAILED);
    server.fault = undefined;
    answer.resolve(await json(200, { kind: "VirtualMachineImageList", metadata: { resourceVersion: "1" }, items: [] }));
    expect(await first).toEqual(READ);
  });

  it("fails if the index has no room for the images", async () => {
    index = new MemoryImageIndex({ maxImages: 0 });
    live = liveRead(served);
    store("VirtualMachineImage", "dev", "vmi-a", "rocky");
    expect(await live.confirm({ namespace: "dev", name: "rocky" }, BUDGET)).toEqual(FAILED);
  });

  it("fails if the API server does not know the path of the object", async () => {
    server.fault = () => text(404, "404 page not found\n");
    expect(await live.confirm({ namespace: "dev", name: "vmi-a" }, BUDGET)).toEqual(FAILED);
  });

  it("is refused for the kinds that the limits allow no read of", async () => {
    for (let n = 0; n < 4; n++) await live.confirm({ namespace: "dev", name: `vmi-${n}`, kind: IMAGE }, BUDGET);
    const refused = { is: "refused", kinds: ["ClusterVirtualMachineImage"] };
    expect(await live.confirm({ namespace: "dev", name: "vmi-a" }, BUDGET)).toEqual(refused);
  });

  it("is refused, and does not fail, if the budget is shorter than the wait for the watch", async () => {
    for (let n = 0; n < 5; n++) await live.confirm({ namespace: "dev", name: `vmi-${n}`, kind: IMAGE }, BUDGET);
    expect(await live.confirm({ namespace: "dev", name: "vmi-a", kind: IMAGE }, 10)).toEqual(REFUSED);
    expect(lags).toEqual([10]);
  });

  it("fails if one kind fails and the other is refused", async () => {
    for (let n = 0; n < 4; n++) await live.confirm({ namespace: "dev", name: `vmi-${n}`, kind: IMAGE }, BUDGET);
    server.fault = () => json(500, {});
    expect(await live.confirm({ namespace: "dev", name: "vmi-a" }, BUDGET)).toEqual(FAILED);
    expect(live.counts).toEqual({ read: 4, joined: 0, refused: 1, failed: 1 });
  });
});

describe("the counts", () => {
  const ask = (name: string, namespace = "dev"): Promise<Confirmation> =>
    live.confirm({ namespace, name, kind: "VirtualMachineImage" }, BUDGET);

  it("distinguish reads, reuses and refusals", async () => {
    await Promise.all([ask("vmi-1"), ask("vmi-1"), ask("vmi-1")]);
    expect(live.counts).toEqual({ read: 1, joined: 2, refused: 0, failed: 0 });
    for (let n = 2; n < 10; n++) await ask(`vmi-${n}`);
    expect(live.counts).toEqual({ read: 5, joined: 2, refused: 4, failed: 0 });
  });

  it("have each failed read, including one without an answer", async () => {
    server.fault = () => json(500, {});
    await ask("vmi-1");
    server.fault = () => new Promise<ApiResponse>(() => undefined);
    await ask("vmi-2");
    await expect.poll(() => live.counts).toEqual({ read: 0, joined: 0, refused: 0, failed: 2 });
  });
});
