import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { IMAGE_KINDS, VM_IMAGE_KINDS } from "../../../src/images/image.ts";
import { MemoryImageIndex } from "../../../src/images/image-index.ts";
import { ClusterSource, type ClusterSourceOptions } from "../../../src/sources/cluster/cluster-source.ts";
import { run as runCommand } from "../../support/command-run.ts";
import { FakeApiServer, hang, status } from "../../support/fake-api-server.ts";
import { capturedLog, eventually, instantTiming, type LogLine, SHORT_LIMITS } from "../../support/reflection.ts";

const CLUSTER_KIND = "ClusterVirtualMachineImage";
const NEVER = new AbortController().signal;

let server: FakeApiServer;
let url: URL;
let folder: string;
let stop: AbortController;

beforeEach(async () => {
  server = new FakeApiServer();
  url = await server.listen();
  folder = await mkdtemp(join(tmpdir(), "cluster-"));
  stop = new AbortController();
  server.write("vmi-a", "ubuntu");
  server.write("vmi-p", "other", { namespace: "prod" });
  server.write("vmi-c", "debian", { kind: CLUSTER_KIND });
});

afterEach(async () => {
  stop.abort();
  await server.close();
  await rm(folder, { recursive: true });
});

function source(special: Pick<ClusterSourceOptions, "kinds" | "readDeadline"> = {}): {
  source: ClusterSource;
  index: MemoryImageIndex;
  log: LogLine[];
} {
  const { log, lines } = capturedLog();
  const credentials = (): Promise<{ server: URL; headers: object & Record<string, string>; tls: object }> =>
    Promise.resolve({ server: url, headers: {}, tls: {} });
  const options = { credentials, log, timing: instantTiming(), limits: SHORT_LIMITS, ...special };
  return { source: new ClusterSource(options), index: new MemoryImageIndex(), log: lines };
}

describe("start", () => {
  it("resolves when both kinds are synced, and then watches them", async () => {
    const { source: cluster, index } = source();
    expect(cluster.readiness()).toEqual([{ name: "cluster", status: "failed", text: "not asked yet" }]);
    await cluster.start(index, stop.signal);
    expect(VM_IMAGE_KINDS.map((kind) => index.count(kind))).toEqual([2, 1]);
    expect(cluster.readiness().map(({ name, status }) => [name, status])).toEqual([
      ["VirtualMachineImage", "ok"],
      [CLUSTER_KIND, "ok"],
      ["credentials", "ok"],
    ]);
    await eventually(() => {
      expect(cluster.readiness()[0]?.text).toMatch(
        /^live: watch virtualmachineimages\.vmoperator\.vmware\.com: opened; version=v1alpha6 resourceVersion=103 syncedAt=\S+ lastProofAt=\S+ lastEventAt=- lastListAt=\S+ relists=0 watchRestarts=0 badLines=0 badObjects=0 images=2$/,
      );
    });
    server.write("vmi-new", "new", { kind: CLUSTER_KIND });
    await eventually(() => {
      expect(index.cluster().byDisplayName("new").length).toBe(1);
    });
  });

  it("reads OSImages only if their kind is among the watched ones", async () => {
    server.platformGroups = ["storage.loft.sh"];
    server.write("noble", "Ubuntu", { kind: "OSImage" });
    const { source: machines, index: without } = source();
    await machines.start(without, stop.signal);
    expect(without.isSynced("OSImage")).toBe(false);
    expect(server.requests.filter(({ url }) => url.includes("loft.sh"))).toEqual([]);
    const { source: all, index } = source({ kinds: IMAGE_KINDS });
    await all.start(index, stop.signal);
    expect(index.osImages().byDisplayName("Ubuntu")).toHaveLength(1);
    server.write("jammy", "Jammy", { kind: "OSImage" });
    await eventually(() => {
      expect(index.osImages().byDisplayName("Jammy")).toHaveLength(1);
    });
    expect(all.kinds().map(({ kind }) => kind)).toEqual(IMAGE_KINDS);
  });

  it("resolves without the CRD of OSImage, after a discovery of both groups", async () => {
    const { source: cluster, index } = source({ kinds: ["OSImage"] });
    await cluster.start(index, stop.signal);
    expect(index.isSynced("OSImage")).toBe(true);
    expect(cluster.readiness()[0]?.text).toContain(
      "absent: get /apis/storage.loft.sh, /apis/management.loft.sh: no version",
    );
  });

  it("confirms the name of an OSImage by a list of OSImages alone", async () => {
    server.platformGroups = ["storage.loft.sh"];
    const { source: cluster, index } = source({ kinds: IMAGE_KINDS });
    await cluster.start(index, stop.signal);
    await cluster.confirm({ namespace: undefined, name: "noble", kind: "OSImage" }, 5_000);
    expect(cluster.liveReads()).toMatchObject({ read: 1, failed: 0 });
    expect(server.requests.at(-1)?.url).toMatch(/^\/apis\/storage\.loft\.sh\/v1\/osimages\?limit=/);
  });

  it("returns the status of both kinds, and the counts of live reads", async () => {
    const { source: cluster, index } = source();
    expect([cluster.kinds(), cluster.liveReads()]).toEqual([[], undefined]);
    await cluster.start(index, stop.signal);
    await eventually(() => {
      const told = cluster.kinds().map(({ kind, state, relists }) => [kind, state, relists]);
      expect(told).toEqual(VM_IMAGE_KINDS.map((kind) => [kind, "live", 0]));
    });
    await cluster.confirm({ namespace: "dev", name: "vmi-none" }, 5_000);
    expect(cluster.liveReads()).toEqual({ read: 2, joined: 0, refused: 0, failed: 0 });
  });

  it("does not resolve while one kind cannot be listed", async () => {
    server.failAlways("list", status(403));
    const { source: cluster, index } = source();
    let started = false;
    const starting = cluster.start(index, stop.signal).then(() => (started = true));
    await eventually(() => {
      expect(cluster.readiness()[0]?.text).toContain("forbidden: list virtualmachineimages");
    });
    expect(started).toBe(false);
    expect(cluster.readiness()[0]?.status).toBe("failed");
    server.failAlways("list", undefined);
    await starting;
    expect(index.isSynced("VirtualMachineImage")).toBe(true);
  });

  it("resolves without the CRDs, with an empty index", async () => {
    server.versions = [];
    const { source: cluster, index } = source();
    await cluster.start(index, stop.signal);
    expect(VM_IMAGE_KINDS.every((kind) => index.isSynced(kind))).toBe(true);
    expect(cluster.readiness()[0]).toMatchObject({
      status: "ok",
      text: expect.stringContaining("absent: get /apis/vmoperator.vmware.com: no version") as unknown,
    });
  });

  it("that is aborted before it is complete resolves and closes its connections", async () => {
    server.failAlways("discovery", hang);
    const { source: cluster, index } = source();
    const starting = cluster.start(index, stop.signal);
    await eventually(() => {
      expect(server.connections).toBe(2);
    });
    stop.abort();
    await starting;
    await eventually(() => {
      expect(server.connections).toBe(0);
    });
  });
});

describe("a name that the index does not know", () => {
  const miss = { namespace: "dev", name: "new" };
  const BUDGET = 5_000;

  /** A source that is synced, with both watches open. */
  async function started(maxImages?: number): Promise<{ cluster: ClusterSource; index: MemoryImageIndex }> {
    const { source: cluster } = source();
    const index = new MemoryImageIndex(maxImages === undefined ? {} : { maxImages });
    await cluster.start(index, stop.signal);
    await eventually(() => {
      expect(server.openWatches).toBe(2);
    });
    return { cluster, index };
  }

  /** From now on the API server answers no watch. */
  async function loseTheWatches(cluster: ClusterSource): Promise<void> {
    server.failAlways("watch", hang);
    server.cutWatches();
    await eventually(() => {
      expect(
        cluster.readiness().filter(({ status, text }) => status === "degraded" && text.startsWith("stale: watch"))
          .length,
      ).toBe(2);
    });
  }

  it("is read from the API server into the index, even if no watch brings it", async () => {
    const { cluster, index } = await started();
    await loseTheWatches(cluster);
    server.write("vmi-new", "new");
    expect(await cluster.confirm(miss, BUDGET)).toBe(true);
    expect(index.namespaced("dev").byDisplayName("new").length).toBe(1);
  });

  /** Confirms so many names that the limits allow the namespace no further read. */
  async function useUpTheReads(cluster: ClusterSource): Promise<void> {
    const asks = Array.from({ length: 6 }, (_, n) => cluster.confirm({ ...miss, name: `vmi-${n}` }, BUDGET));
    await Promise.all(asks);
    expect(cluster.liveReads()?.refused).toBeGreaterThan(0);
  }

  it.each([
    ["fails", status(500)],
    ["gets no answer", hang],
  ])("is not confirmed by a current index if the read %s", async (_, fault) => {
    const { cluster } = await started();
    server.failAlways("list", fault);
    expect(await cluster.confirm(miss, 100)).toBe(false);
    expect(await cluster.confirm(miss, 100)).toBe(false);
    expect(cluster.kinds().map(({ state }) => state)).toEqual(["live", "live"]);
  });

  it("is confirmed by a current index if the limits allow no read", async () => {
    const { cluster } = await started();
    await useUpTheReads(cluster);
    expect(await cluster.confirm(miss, BUDGET)).toBe(true);
  });

  it("is not confirmed by a stale index if the limits allow no read", async () => {
    const { cluster } = await started();
    await useUpTheReads(cluster);
    await loseTheWatches(cluster);
    expect(await cluster.confirm(miss, BUDGET)).toBe(false);
  });

  it("is confirmed without a read if the CRD of the kind is not installed", async () => {
    const { cluster } = await started();
    server.versions = [];
    server.endWatches();
    await eventually(() => {
      expect(cluster.kinds().map(({ state }) => state)).toEqual(["absent", "absent"]);
    });
    // An absence counts after three discoveries.
    await eventually(async () => {
      expect(await cluster.confirm({ ...miss, kind: "VirtualMachineImage" }, BUDGET)).toBe(true);
    });
    const before = server.count("list");
    expect(await cluster.confirm({ ...miss, kind: "VirtualMachineImage" }, BUDGET)).toBe(true);
    expect(server.count("list")).toBe(before);
  });

  it("is not confirmed if the index has no room for the image", async () => {
    const { cluster, index } = await started(3);
    await loseTheWatches(cluster);
    server.write("vmi-new", "new");
    expect(await cluster.confirm(miss, BUDGET)).toBe(false);
    expect(index.count("VirtualMachineImage")).toBe(2);
  });
});

describe("VirtualMachineImages with cluster scope", () => {
  beforeEach(() => {
    server.replaceVmImages("Cluster");
    server.write("ubuntu-noble", "ubuntu");
    server.write("vmi-c", "debian", { kind: CLUSTER_KIND });
  });

  it("are watched and confirmed for each namespace", async () => {
    const { source: cluster, index } = source();
    await cluster.start(index, stop.signal);
    await eventually(() => {
      expect(server.openWatches).toBe(2);
    });
    expect(index.namespaced("prod").byDisplayName("ubuntu")).toHaveLength(1);
    expect(await cluster.confirm({ namespace: "prod", name: "vmi-none" }, 5_000)).toBe(true);
    expect(await cluster.confirm({ namespace: "prod", name: "none" }, 5_000)).toBe(true);
    expect(cluster.liveReads()).toEqual({ read: 4, joined: 0, refused: 0, failed: 0 });
  });

  it("are read with one namespace as filter, too", async () => {
    const { source: cluster, index } = source();
    await cluster.read(index, { kinds: ["VirtualMachineImage"], namespace: "prod" }, NEVER);
    expect([...index.namespaced("prod").objectNames()]).toEqual(["ubuntu-noble"]);
    expect(server.requests.filter(({ verb }) => verb !== "discovery").map(({ url: asked }) => asked)).toEqual([
      "/apis/vmoperator.vmware.com/v1alpha1/virtualmachineimages?limit=2",
    ]);
  });
});

describe("read", () => {
  it("lists the images of the filter only, opens no watch, and closes its connections", async () => {
    const { source: cluster, index } = source();
    await cluster.read(index, { kinds: ["VirtualMachineImage"], namespace: "prod" }, NEVER);
    expect([...index.namespaced("prod").objectNames()]).toEqual(["vmi-p"]);
    expect(index.count("VirtualMachineImage")).toBe(1);
    expect(server.requests.filter(({ verb }) => verb !== "discovery").map(({ url: asked }) => asked)).toEqual([
      "/apis/vmoperator.vmware.com/v1alpha6/namespaces/prod/virtualmachineimages?limit=2",
    ]);
    await eventually(() => {
      expect(server.connections).toBe(0);
    });
  });

  it("retries after temporary errors", async () => {
    server.fail("discovery", status(500), 3);
    server.fail("list", status(429));
    const { source: cluster, index } = source();
    await cluster.read(index, { kinds: VM_IMAGE_KINDS }, NEVER);
    expect(VM_IMAGE_KINDS.map((kind) => index.count(kind))).toEqual([2, 1]);
  });

  it("resolves without the CRDs, with an empty index", async () => {
    server.versions = [];
    const { source: cluster, index } = source();
    await cluster.read(index, { kinds: VM_IMAGE_KINDS }, NEVER);
    expect(index.count("VirtualMachineImage")).toBe(0);
  });

  it("fails at once with the missing right", async () => {
    server.failAlways("list", status(403, "User cannot list"));
    const { source: cluster, index } = source();
    await expect(cluster.read(index, { kinds: [CLUSTER_KIND] }, NEVER)).rejects.toMatchObject({
      code: "cluster",
      message: `cannot read ${CLUSTER_KIND}s: forbidden: list clustervirtualmachineimages.vmoperator.vmware.com: 403 User cannot list\nasked ${url.origin}`,
    });
  });

  it.each(["http://127.0.0.1:1", "http://no-such-host.invalid", "https://127.0.0.1:1"])(
    "fails without a second attempt where nothing listens or the host is unknown: %s",
    async (address) => {
      const waits: number[] = [];
      const credentials = (): ReturnType<ClusterSourceOptions["credentials"]> =>
        Promise.resolve({ server: new URL(address), headers: {}, tls: {} });
      const { log } = capturedLog();
      const cluster = new ClusterSource({ credentials, log, timing: instantTiming(waits) });
      await expect(cluster.read(new MemoryImageIndex(), { kinds: [CLUSTER_KIND] }, NEVER)).rejects.toMatchObject({
        code: "cluster",
        message: expect.stringMatching(/: (nothing listens at the address|the host name .*) \(.*\)\nasked /) as string,
      });
      expect(waits).toEqual([]);
    },
  );

  it("fails with the missing right of each kind, in any order of the answers", async () => {
    const refuse = status(403, "User cannot list");
    server.failAlways("list", (response, asked) => {
      const late = asked.url?.includes("/clustervirtual") === true ? 0 : 30;
      setTimeout(() => {
        refuse(response, asked);
      }, late);
    });
    const { source: cluster, index } = source();
    await expect(cluster.read(index, { kinds: VM_IMAGE_KINDS }, NEVER)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^cannot read V.*: forbidden: .*\ncannot read C.*: forbidden: .*\nasked .*$/,
      ) as string,
    });
  });

  it("fails at its deadline with the state of each kind", async () => {
    server.failAlways("list", status(503, "starting"));
    const { source: cluster, index } = source({ readDeadline: 100 });
    await expect(cluster.read(index, { kinds: VM_IMAGE_KINDS }, NEVER)).rejects.toMatchObject({
      code: "cluster",
      message: expect.stringMatching(/VirtualMachineImages: stale: list .*: 503 starting\n.*Cluster/) as string,
    });
    expect(server.openWatches).toBe(0);
  });
});

describe("resolve against a cluster", () => {
  async function run(...args: readonly string[]): Promise<{ code: number; printed: string; errors: string }> {
    const kubeconfig = join(folder, "kubeconfig");
    const cluster = { server: url.href, "insecure-skip-tls-verify": true };
    await writeFile(
      kubeconfig,
      JSON.stringify({
        "current-context": "it",
        clusters: [{ name: "it", cluster }],
        users: [{ name: "it", user: {} }],
        contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
      }),
    );
    const given = { stop: stop.signal };
    const { exitCode, output, errors } = await runCommand([...args, "--kubeconfig", kubeconfig], given);
    return { code: exitCode, printed: output, errors };
  }

  it("finds an image of the namespace and an image of the cluster", async () => {
    expect(await run("resolve", "ubuntu", "-n", "dev")).toMatchObject({ code: 0, errors: "" });
    expect((await run("resolve", "debian", "-n", "dev")).printed).toContain("is vmi-c");
    expect((await run("resolve", "other", "-n", "dev")).code).toBe(1);
  });

  it("finds a VirtualMachineImage with cluster scope from any namespace", async () => {
    server.replaceVmImages("Cluster");
    server.write("ubuntu-noble", "ubuntu");
    for (const namespace of ["dev", "prod"]) {
      const { code, printed } = await run("resolve", "ubuntu", "-n", namespace);
      expect(code).toBe(0);
      expect(printed).toContain(`"ubuntu" in namespace "${namespace}" is ubuntu-noble, found by display name\n`);
      expect(printed).toContain('  VirtualMachineImage ubuntu-noble, in the cluster, display name "ubuntu", ');
    }
  });

  it("with a kind reads that kind only", async () => {
    expect((await run("resolve", "debian", "--kind", CLUSTER_KIND)).code).toBe(0);
    expect(server.requests.some(({ url: asked }) => asked.includes("/virtualmachineimages"))).toBe(false);
  });

  it("exits 3 if the right to list is missing", async () => {
    server.failAlways("list", status(403, "User cannot list"));
    const { code, errors } = await run("resolve", "ubuntu");
    expect(code).toBe(3);
    expect(errors).toContain("vm-image-webhook: cannot read VirtualMachineImages: forbidden: list");
  });

  it("exits 3 if there are more images than --max-images", async () => {
    const { code, errors } = await run("resolve", "ubuntu", "-n", "dev", "--max-images", "1");
    expect(code).toBe(3);
    expect(errors).toContain("more images than --max-images");
  });
});
