import { describe, expect, it } from "vitest";
import { MAX_BOOKMARK_SILENCE } from "../../../src/sources/cluster/reflector-limits.ts";
import {
  begin,
  broken,
  errorEvent,
  type Fault,
  hang,
  lines,
  reset,
  status,
  text,
  type Verb,
} from "../../support/fake-api-server.ts";
import { eventually, instantTiming, KIND, Reflection, SHORT_LIMITS } from "../../support/reflection.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** A reflection of three images, on two pages. */
function threeImages(options: ConstructorParameters<typeof Reflection>[0] = {}, maxImages?: number): Reflection {
  const reflection = new Reflection(options, maxImages);
  for (const name of ["vmi-a", "vmi-b", "vmi-c"]) reflection.server.write(name, `image ${name}`);
  return reflection;
}

const IMAGE = { apiVersion: "vmoperator.vmware.com/v1alpha6", kind: KIND };
const METADATA = { name: "vmi-x", namespace: "dev", uid: "u", resourceVersion: "105" };

function event(object: unknown, type = "ADDED"): string {
  return JSON.stringify({ type, object });
}

interface Row {
  readonly what: string;
  readonly on: Verb;
  readonly fault: Fault;
  readonly times?: number;
  /** The state of the kind after the fault. */
  readonly state: string;
}

const HTML = "<html>\n<h1>502 Bad Gateway</h1></html>";
const TOO_LONG = "x".repeat(9 * 1024 * 1024);

const FAULTS: readonly Row[] = [
  ...(["discovery", "list", "watch"] as const).flatMap((on): Row[] => [
    { what: "is refused with 401 twice", on, fault: status(401), times: 2, state: "auth" },
    { what: "is forbidden", on, fault: status(403, "no"), state: on === "watch" ? "degraded" : "forbidden" },
    { what: "is refused with 408", on, fault: status(408), state: "stale" },
    { what: "is refused with 429", on, fault: status(429, "busy", { "retry-after": "2" }), state: "stale" },
    { what: "fails with 500", on, fault: status(500), state: "stale" },
    { what: "is answered by a broken proxy", on, fault: text(502, HTML), state: "stale" },
    { what: "is redirected", on, fault: text(302, ""), state: "stale" },
    { what: "gets a reset connection", on, fault: reset, times: 2, state: "stale" },
    { what: "is never answered", on, fault: hang, state: "stale" },
    { what: "breaks off in the middle", on, fault: broken('{"type":"ADDED","obj'), state: "stale" },
    { what: "is refused seven times", on, fault: status(500), times: 7, state: "stale" },
  ]),
  { what: "hangs in the middle", on: "list", fault: begin('{"kind":'), state: "stale" },
  { what: "is no JSON", on: "list", fault: text(200, "ok"), state: "stale" },
  { what: "is an empty object", on: "list", fault: text(200, "{}"), state: "stale" },
  { what: "is null", on: "list", fault: text(200, "null"), state: "stale" },
  { what: "is of another kind", on: "list", fault: text(200, '{"kind":"PodList","items":[]}'), state: "stale" },
  {
    what: "has no resourceVersion",
    on: "list",
    fault: text(200, `{"kind":"${KIND}List","items":[],"metadata":{}}`),
    state: "stale",
  },
  { what: "is 404 although discovery has it", on: "list", fault: status(404), state: "stale" },
  { what: "is 410", on: "list", fault: status(410), state: "resyncing" },
  { what: "is 410", on: "watch", fault: status(410), state: "resyncing" },
  { what: "is 404", on: "watch", fault: text(404, "404 page not found\n"), state: "stale" },
  { what: "sends 410 as an event", on: "watch", fault: lines(errorEvent(410)), state: "resyncing" },
  { what: "sends 500 as an event", on: "watch", fault: lines(errorEvent(500)), state: "stale" },
  {
    what: "gets 504 for a too large resourceVersion",
    on: "watch",
    fault: status(504, "Too large resource version: 9"),
    state: "stale",
  },
  ...(
    [
      ["a line that is no JSON", "ok"],
      ["half a line with an end", '{"type":"ADDED","object":{'],
      ["a line of 9 MiB", TOO_LONG],
      ["an empty object as event", "{}"],
      ["null as event", "null"],
      ["an event without an object", '{"type":"ADDED"}'],
      ["an error without a status", '{"type":"ERROR"}'],
      ["an error with an empty status", '{"type":"ERROR","object":{}}'],
      ["an empty object", event({})],
      ["an unknown type", event({ ...IMAGE, metadata: METADATA }, "constructor")],
      ["another kind", event({ apiVersion: "v1", kind: "Pod", metadata: METADATA })],
      ["an object without a name", event({ ...IMAGE, metadata: { ...METADATA, name: "" } })],
      ["an object without a uid", event({ ...IMAGE, metadata: { ...METADATA, uid: undefined } })],
      ["an object without a namespace", event({ ...IMAGE, metadata: { ...METADATA, namespace: undefined } })],
      ["an object without a resourceVersion", event({ ...IMAGE, metadata: { ...METADATA, resourceVersion: "" } })],
      ["a resourceVersion that is no number", event({ ...IMAGE, metadata: { ...METADATA, resourceVersion: "1e9" } })],
      ["a bookmark without a resourceVersion", event({ ...IMAGE, metadata: {} }, "BOOKMARK")],
    ] as const
  ).map(([what, line]): Row => ({ what: `has ${what}`, on: "watch", fault: lines(line), state: "stale" })),
];

describe("after a fault the index becomes current again", () => {
  it.each(FAULTS)("$on $what", async ({ on, fault, times, state }) => {
    const reflection = threeImages();
    reflection.server.fail(on, fault, times);
    await reflection.start();
    await eventually(() => {
      expect(reflection.states).toContain(state);
    });
    await reflection.isCurrent();
    expect(reflection.server.pendingFaults).toBe(0);
    reflection.server.write("vmi-new", "created since");
    reflection.server.delete("vmi-a");
    await reflection.isCurrent();
    expect(reflection.index.namespaced("dev").byDisplayName("created since").length).toBe(1);
  });
});

it("logs the request and the answer once for each change of state", async () => {
  const reflection = threeImages();
  reflection.server.fail("list", status(403, 'User "x" cannot list resource'), 4);
  await reflection.start();
  await reflection.isCurrent();
  expect(reflection.states).toEqual(["forbidden", "live"]);
  expect(reflection.log.map(({ because }) => because)).toEqual([
    'list virtualmachineimages.vmoperator.vmware.com: 403 User "x" cannot list resource',
    "watch virtualmachineimages.vmoperator.vmware.com: opened",
  ]);
});

describe("a list", () => {
  it("is read in pages of one moment, and never with resourceVersion=0", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    const asked = reflection.server.requests.filter(({ verb }) => verb === "list").map(({ url }) => url);
    const path = "/apis/vmoperator.vmware.com/v1alpha6/virtualmachineimages?limit=2";
    expect(asked).toEqual([path, `${path}&continue=0.2`]);
    expect(reflection.reflector.state).toMatchObject({ version: "v1alpha6", resourceVersion: "103", relists: 0 });
  });

  it("starts again if the continue token is too old, and does not change the index before it is complete", async () => {
    const reflection = threeImages();
    let answered = 0;
    reflection.server.failAlways("list", (response, request) => {
      const isSecondPage = request.url?.includes("continue") === true;
      expect(reflection.index.count(KIND)).toBe(0);
      if (++answered >= 4) reflection.server.failAlways("list", undefined);
      if (isSecondPage) status(410)(response, request);
      else {
        const metadata = { resourceVersion: "103", continue: "103.2" };
        response.end(JSON.stringify({ kind: `${KIND}List`, metadata, items: [] }));
      }
    });
    await reflection.start();
    await reflection.isCurrent();
    expect(reflection.states).toEqual(["resyncing", "live"]);
  });

  it("that repeats a page for ever is aborted", async () => {
    const reflection = threeImages();
    const page = { kind: `${KIND}List`, metadata: { resourceVersion: "103", continue: "again" }, items: [] };
    reflection.server.fail("list", text(200, JSON.stringify(page)), 2);
    await reflection.start();
    await reflection.isCurrent();
    expect(reflection.log[0]?.because).toContain("the list never ends");
  });

  it("skips unusable images, logs one of them, and keeps the others", async () => {
    const reflection = threeImages();
    const items = [
      null,
      7,
      { metadata: {} },
      { metadata: METADATA, status: { name: 24.04 } },
      { metadata: { ...METADATA, name: "vmi-ok" } },
    ];
    const list = { ...IMAGE, kind: `${KIND}List`, metadata: { resourceVersion: "103" }, items };
    reflection.server.fail("list", text(200, JSON.stringify(list)));
    await reflection.start();
    await reflection.isIn("live");
    expect(Object.keys(reflection.images())).toEqual(["dev/vmi-ok"]);
    expect(reflection.reflector.state.badObjects).toBe(4);
    expect(reflection.log.filter(({ msg }) => msg === "an image object is left out").length).toBe(1);
  });
});

describe("a watch", () => {
  it("that ends on time resumes from the last bookmark, without a list and without a wait", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.write("cvmi-a", "of the other kind", { kind: "ClusterVirtualMachineImage" });
    reflection.server.bookmark();
    await eventually(() => {
      expect(reflection.reflector.state.resourceVersion).toBe("104");
    });
    reflection.server.endWatches();
    await eventually(() => {
      expect(reflection.server.count("watch")).toBe(2);
    });
    const [first, second] = reflection.server.requests.filter(({ verb }) => verb === "watch").map(({ url }) => url);
    expect(first).toContain("?watch=true&allowWatchBookmarks=true&resourceVersion=103&timeoutSeconds=60");
    expect(second).toContain("resourceVersion=104");
    // The server has the request before the reflector has the answer.
    await eventually(() => {
      expect(reflection.reflector.state.watchRestarts).toBe(1);
    });
    await reflection.isCurrent();
    expect(reflection.server.count("list")).toBe(2);
    expect(reflection.waits).toEqual([]);
    expect(reflection.states).toEqual(["live"]);
  });

  it("that is cut misses no event, and resumes without a list", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.fail("watch", reset, 2);
    reflection.server.cutWatches();
    reflection.server.write("vmi-d", "meanwhile");
    reflection.server.delete("vmi-a");
    await reflection.isCurrent();
    expect(reflection.server.count("list")).toBe(2);
    expect(reflection.states).toEqual(["live", "stale", "live"]);
    expect(reflection.waits).toEqual([400, 800, 1_600]);
  });

  it("that ends at once without an event counts as an error and backs off", async () => {
    const reflection = threeImages({ limits: { ...SHORT_LIMITS, briefWatch: 1_000 } });
    reflection.server.fail("watch", lines(), 4);
    await reflection.start();
    await eventually(() => {
      expect(reflection.server.count("watch")).toBe(5);
    });
    await reflection.isCurrent();
    expect(reflection.waits).toEqual([400, 800, 1_600, 3_200]);
  });

  it("of a hanging server ends at its deadline", async () => {
    const limits = { ...SHORT_LIMITS, watchSeconds: () => 0.1 };
    const reflection = await threeImages({ limits }).start();
    await reflection.isIn("stale");
    expect(reflection.log.at(-1)?.because).toContain("the watch took longer than 0.1 s");
    reflection.server.write("vmi-d", "meanwhile");
    await reflection.isCurrent();
  });

  describe("that sends nothing after a bookmark", () => {
    const clock = new VirtualClock(new Date(0));
    const silent = async (): Promise<Reflection> => {
      const reflection = await threeImages({ timing: { ...instantTiming(), setTimer: clock.setTimer } }).start();
      await reflection.isCurrent();
      return reflection;
    };
    const bookmarkIsHeard = async ({ server, reflector }: Reflection): Promise<void> => {
      server.write("cvmi-a", "of the other kind", { kind: "ClusterVirtualMachineImage" });
      server.bookmark();
      await eventually(() => {
        expect(reflector.state.resourceVersion).toBe(server.resourceVersion);
      });
    };

    it("for 90 s is stale, and resumes from the last bookmark without a list", async () => {
      const reflection = await silent();
      await bookmarkIsHeard(reflection);
      await clock.advance(MAX_BOOKMARK_SILENCE - 1);
      expect(clock.pending).toBe(1);
      await clock.advance(1);
      await reflection.isIn("stale");
      // The next watch may be open by now.
      expect(reflection.log.map(({ because }) => because)).toContain(
        "watch virtualmachineimages.vmoperator.vmware.com: no bookmark and no event came for 90 s",
      );
      reflection.server.write("vmi-d", "meanwhile");
      await reflection.isCurrent();
      expect(reflection.states).toEqual(["live", "stale", "live"]);
      expect(reflection.server.count("list")).toBe(2);
      const [, second] = reflection.server.requests.filter(({ verb }) => verb === "watch");
      expect(second?.url).toContain("resourceVersion=104");
    });

    it.each<[string, (reflection: Reflection) => Promise<void>]>([
      ["a bookmark", bookmarkIsHeard],
      [
        "an event",
        async (reflection) => {
          reflection.server.write("vmi-d", "news");
          await reflection.isCurrent();
        },
      ],
    ])("has another 90 s after %s", async (_, live) => {
      const reflection = await silent();
      await bookmarkIsHeard(reflection);
      await clock.advance(MAX_BOOKMARK_SILENCE - 1);
      await live(reflection);
      await clock.advance(MAX_BOOKMARK_SILENCE - 1);
      expect(clock.pending).toBe(1);
      await clock.advance(1);
      await reflection.isIn("stale");
    });

    it("has no limit before the first bookmark, because a server may send none", async () => {
      const reflection = await silent();
      reflection.server.write("vmi-d", "an event is no bookmark");
      await reflection.isCurrent();
      expect(clock.pending).toBe(0);
    });

    it("leaves no timer when it ends", async () => {
      const reflection = await silent();
      await bookmarkIsHeard(reflection);
      reflection.server.endWatches();
      await eventually(() => {
        expect(reflection.server.openWatches).toBe(1);
      });
      await reflection.isCurrent();
      expect(clock.pending).toBe(0);
      await bookmarkIsHeard(reflection);
      reflection.abort();
      await reflection.running;
      expect(clock.pending).toBe(0);
    });
  });

  it("that gets the same bad line three times is followed by a list", async () => {
    const reflection = threeImages();
    reflection.server.fail("watch", lines("garbage"), 3);
    await reflection.start();
    await eventually(() => {
      expect(reflection.reflector.state.relists).toBe(1);
    });
    await reflection.isCurrent();
    expect(reflection.reflector.state.badLines).toBe(3);
    const asked = reflection.server.requests.filter(({ verb }) => verb === "watch").map(({ url }) => url);
    expect(asked.every((url) => url.includes("resourceVersion=103"))).toBe(true);
  });

  it("joins lines from several chunks, and ignores an incomplete last line", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.write("cvmi-a", "so that 104 is no future", { kind: "ClusterVirtualMachineImage" });
    reflection.server.fail("watch", (response) => {
      const line = event({ ...IMAGE, metadata: { ...METADATA, resourceVersion: "104" }, status: { name: "übung" } });
      response.writeHead(200);
      const bytes = Buffer.from(`${line}\n${line.slice(0, 40)}`);
      const drip = (at: number): void => {
        if (at >= bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 7), () => setImmediate(drip, at + 7));
      };
      drip(0);
    });
    reflection.server.endWatches();
    await eventually(() => {
      expect(reflection.images()["dev/vmi-x"]).toBe("übung");
    });
    await eventually(() => {
      expect(reflection.server.count("watch")).toBe(3);
    });
    expect(reflection.reflector.state.badLines).toBe(0);
  });

  it("removes an image whose display name became invalid, and continues", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    const metadata = { ...METADATA, name: "vmi-a", resourceVersion: "200" };
    reflection.server.sendLine(event({ ...IMAGE, metadata, status: { name: 24.04 } }, "MODIFIED"));
    await eventually(() => {
      expect(reflection.images()).not.toHaveProperty("dev/vmi-a");
    });
    expect(reflection.reflector.state).toMatchObject({ state: "live", badObjects: 1, resourceVersion: "200" });
    expect(reflection.log.at(-1)?.why).toContain("dev/vmi-a: status.name must be a string");
  });

  it("with old, repeated and reordered events keeps the newest version", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    const line = (resourceVersion: string, type = "MODIFIED", uid = "new"): string =>
      event(
        { ...IMAGE, metadata: { ...METADATA, uid, resourceVersion }, status: { name: `at ${resourceVersion}` } },
        type,
      );
    for (const each of [line("150"), line("150"), line("120"), line("140", "DELETED", "old")])
      reflection.server.sendLine(each);
    reflection.server.sendLine(event({ ...IMAGE, metadata: { resourceVersion: "151" } }, "BOOKMARK"));
    await eventually(() => {
      expect(reflection.reflector.state.resourceVersion).toBe("151");
    });
    expect(reflection.images()["dev/vmi-x"]).toBe("at 150");
  });

  it("whose server stays behind is followed by a list", async () => {
    const reflection = threeImages();
    reflection.server.fail(
      "watch",
      status(504, "Too large resource version: 103, current: 9", { "retry-after": "1" }),
      3,
    );
    await reflection.start();
    await eventually(() => {
      expect(reflection.reflector.state.relists).toBe(1);
    });
    await reflection.isCurrent();
    expect(reflection.waits.slice(0, 3)).toEqual([1_000, 1_000, 1_600]);
  });
});

describe("history", () => {
  it("that was compacted is replaced by a list after a random wait, and the old set answers until then", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.fail("watch", reset);
    reflection.server.cutWatches();
    reflection.server.delete("vmi-a");
    reflection.server.write("vmi-d", "new");
    reflection.server.compact();
    reflection.server.fail("list", status(500));
    await reflection.isIn("resyncing");
    expect(Object.keys(reflection.images())).toContain("dev/vmi-a");
    await reflection.isCurrent();
    expect(reflection.states).toContain("resyncing");
    expect(reflection.reflector.state.relists).toBe(1);
  });

  it("that was compacted during an outage is listed after the same short wait", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.fail("watch", reset, 4);
    reflection.server.fail("watch", status(410));
    reflection.server.cutWatches();
    await reflection.isIn("resyncing");
    await reflection.isCurrent();
    // 0 to 2 s with a random number of 0.5, as after a 410 without an outage.
    expect(reflection.waits.at(-1)).toBe(1_000);
  });

  it("that a restored etcd lost removes the images that were only in it", async () => {
    const reflection = threeImages();
    await reflection.start();
    await reflection.isCurrent();
    reflection.server.write("vmi-lost", "written after the backup");
    await reflection.isCurrent();
    reflection.server.restore(103);
    reflection.server.cutWatches();
    await eventually(() => {
      expect(reflection.images()).not.toHaveProperty("dev/vmi-lost");
    });
    reflection.server.write("vmi-lost", "written again");
    await reflection.isCurrent();
  });
});

describe("rights", () => {
  it("that are granted late are used", async () => {
    const reflection = threeImages();
    reflection.server.failAlways("list", status(403));
    await reflection.start();
    await reflection.isIn("forbidden");
    expect(reflection.index.isSynced(KIND)).toBe(false);
    expect(reflection.waits[0]).toBe(37_500);
    reflection.server.failAlways("list", undefined);
    await reflection.isCurrent();
  });

  it("to list but not to watch keep the index current by lists, and each list retries the watch", async () => {
    const reflection = threeImages();
    reflection.server.failAlways("watch", status(403));
    await reflection.start();
    await reflection.isIn("degraded");
    reflection.server.write("vmi-d", "found by a list");
    await eventually(() => {
      expect(reflection.images()).toHaveProperty("dev/vmi-d");
    });
    expect(reflection.waits.every((wait) => wait === 30_000)).toBe(true);
    expect(reflection.index.isSynced(KIND)).toBe(true);
    expect(reflection.states).toEqual(["degraded"]);
    reflection.server.failAlways("watch", undefined);
    await reflection.isCurrent();
  });

  it("that a starting server does not know yet are retried soon", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.fail("watch", status(403), 3);
    reflection.server.cutWatches();
    await eventually(() => {
      expect(reflection.server.pendingFaults).toBe(0);
    });
    await reflection.isCurrent();
    expect(reflection.states).toEqual(["live", "stale", "live"]);
    expect(Math.max(...reflection.waits)).toBeLessThan(15_000);
  });

  it("to watch count as revoked after six refusals in a row", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.failAlways("watch", status(403));
    reflection.server.cutWatches();
    await reflection.isIn("degraded");
    const refused = reflection.waits.indexOf(30_000);
    expect(reflection.server.count("watch")).toBeGreaterThanOrEqual(7);
    expect(reflection.waits.slice(0, refused).length).toBe(6);
  });

  it("that are revoked leave the last set in the index", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.failAlways("list", status(403));
    reflection.server.failAlways("watch", status(403));
    reflection.server.cutWatches();
    await reflection.isIn("forbidden");
    expect(Object.keys(reflection.images()).length).toBe(3);
    expect(reflection.reflector.state.syncedAt).toBeDefined();
  });
});

describe("a CRD", () => {
  it("that is not installed is an empty set, and is found once it is installed", async () => {
    const reflection = threeImages();
    reflection.server.versions = [];
    await reflection.start();
    await reflection.reflector.synced;
    expect(reflection.reflector.state).toMatchObject({ state: "absent", images: 0, version: undefined });
    expect(reflection.index.isSynced(KIND)).toBe(true);
    expect(reflection.waits.every((wait) => wait >= 15_000 && wait <= 30_000)).toBe(true);
    reflection.server.versions = ["v1alpha6"];
    await reflection.isCurrent();
  });

  it("that is deleted empties the index after three discoveries, and is found again", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    const versions = reflection.server.versions;
    reflection.server.fail("discovery", text(404, "404 page not found\n"), 2);
    reflection.server.fail("watch", text(404, "404 page not found\n"));
    reflection.server.endWatches();
    await eventually(() => {
      expect(reflection.states).toContain("absent");
    });
    expect(Object.keys(reflection.images()).length).toBe(3);
    await reflection.isCurrent();
    reflection.server.versions = [];
    reflection.server.endWatches();
    await eventually(() => {
      expect(reflection.images()).toEqual({});
    });
    expect(reflection.reflector.state.state).toBe("absent");
    reflection.server.versions = versions;
    await reflection.isCurrent();
  });

  it("that drops a version is watched at the newest remaining one", async () => {
    const reflection = await threeImages().start();
    await reflection.isCurrent();
    reflection.server.versions = ["v1alpha5"];
    reflection.server.endWatches();
    await eventually(() => {
      expect(reflection.reflector.state.version).toBe("v1alpha5");
    });
    await reflection.isCurrent();
  });
});

describe("the scope of a kind", () => {
  const PATH = "/apis/vmoperator.vmware.com/v1alpha1/virtualmachineimages";

  /** Object names that each namespace may use, and the total number of images. */
  const seen = ({ index }: Reflection): unknown => ({
    dev: [...index.namespaced("dev").objectNames()],
    prod: [...index.namespaced("prod").objectNames()],
    all: index.count(KIND),
  });

  it("Cluster is listed and watched for all namespaces, even with a namespace as filter", async () => {
    const reflection = new Reflection({ namespace: "dev" });
    reflection.server.replaceVmImages("Cluster");
    reflection.server.write("ubuntu-noble", "ubuntu");
    reflection.server.fail("list", status(500));
    await reflection.start();
    await reflection.isIn("live");
    reflection.server.write("debian-trixie", "debian");
    await eventually(() => {
      const both = ["ubuntu-noble", "debian-trixie"];
      expect(seen(reflection)).toEqual({ dev: both, prod: both, all: 2 });
    });
    reflection.server.delete("ubuntu-noble");
    await eventually(() => {
      expect(seen(reflection)).toEqual({ dev: ["debian-trixie"], prod: ["debian-trixie"], all: 1 });
    });
    const asked = reflection.server.requests.filter(({ verb }) => verb !== "discovery").map(({ url }) => url);
    expect(asked.every((url) => url.startsWith(`${PATH}?`))).toBe(true);
    expect(reflection.log[0]?.because).toBe("list virtualmachineimages.vmoperator.vmware.com: 500 scripted");
  });

  it.each<["Cluster" | "Namespaced", string, readonly string[], readonly string[]]>([
    ["Namespaced", "after a while", ["new"], []],
    ["Cluster", "after a while", ["new"], ["new"]],
    ["Namespaced", "at once", ["new"], []],
    ["Cluster", "at once", ["new"], ["new"]],
  ])("that becomes %s %s is found, and the whole old set is replaced", async (scope, when, dev, prod) => {
    const reflection = new Reflection();
    const { server } = reflection;
    server.replaceVmImages(scope === "Cluster" ? "Namespaced" : "Cluster");
    server.write("old", "old");
    server.write("older", "older", { namespace: "prod" });
    await reflection.start();
    await reflection.isIn("live");
    if (when === "after a while") server.fail("watch", text(404, "404 page not found\n"));
    server.replaceVmImages(scope);
    server.write("new", "new");
    await eventually(() => {
      expect(seen(reflection)).toEqual({ dev, prod, all: 1 });
      expect(reflection.reflector.resource?.namespaced).toBe(scope === "Namespaced");
      expect(reflection.reflector.state.state).toBe("live");
    });
  });

  it("that becomes Cluster is used by live reads only after its list replaced the old set", async () => {
    const reflection = new Reflection();
    const { server } = reflection;
    server.replaceVmImages("Namespaced");
    server.write("old", "old");
    await reflection.start();
    await reflection.isIn("live");
    const during: unknown[] = [];
    server.fail("watch", text(404, "404 page not found\n"));
    server.fail("list", (response) => {
      during.push(reflection.reflector.resource?.namespaced);
      response.writeHead(500).end();
    });
    server.replaceVmImages("Cluster");
    server.write("new", "new");
    await eventually(() => {
      expect(reflection.reflector.resource?.namespaced).toBe(false);
      expect(seen(reflection)).toEqual({ dev: ["new"], prod: ["new"], all: 1 });
    });
    expect(during).toEqual([true]);
  });

  it("that changes between discovery and list does not leave an incomplete set", async () => {
    const reflection = new Reflection();
    reflection.server.replaceVmImages("Cluster");
    reflection.server.fail("list", (response) => {
      const metadata = { ...METADATA, name: "vmi-x" };
      const list = { ...IMAGE, kind: `${KIND}List`, metadata: { resourceVersion: "100" }, items: [{ metadata }] };
      response.end(JSON.stringify(list));
      reflection.server.replaceVmImages("Namespaced");
      reflection.server.write("vmi-x", "x");
    });
    await reflection.start();
    await reflection.isCurrent();
    expect(reflection.states).toEqual(["stale", "live"]);
    expect(reflection.log[0]?.because).toContain(
      "the scope of the kind has changed: a VirtualMachineImage in a namespace",
    );
  });
});

describe("too many images", () => {
  it("in a list give the state overflow and an empty index, until there is room", async () => {
    const reflection = await threeImages({}, 2).start();
    await reflection.isIn("overflow");
    expect(reflection.index.isSynced(KIND)).toBe(false);
    expect(reflection.index.count(KIND)).toBe(0);
    reflection.server.delete("vmi-a");
    await reflection.isCurrent();
  });

  it("in a watch give the state overflow, and the last set answers", async () => {
    const reflection = await threeImages({}, 3).start();
    await reflection.isCurrent();
    reflection.server.write("vmi-d", "one too many");
    await reflection.isIn("overflow");
    expect(Object.keys(reflection.images()).length).toBe(3);
    reflection.server.delete("vmi-a");
    await reflection.isCurrent();
  });
});

describe("stopping", () => {
  it.each<[string, Verb, Fault]>([
    ["discovery that hangs", "discovery", hang],
    ["a list that hangs", "list", hang],
    ["a list that hangs in its body", "list", begin("{")],
    ["a watch that hangs", "watch", hang],
    ["an open watch", "watch", begin("")],
  ])("during %s ends the reflector and closes the connection", async (_, verb, fault) => {
    const limits = { ...SHORT_LIMITS, pageDeadline: 60_000 };
    const reflection = threeImages({ limits });
    reflection.server.failAlways(verb, fault);
    await reflection.start();
    await eventually(() => {
      expect(reflection.server.count(verb)).toBe(1);
    });
    reflection.abort();
    reflection.abort();
    await reflection.running;
    reflection.connection.close();
    await eventually(() => {
      expect(reflection.server.connections).toBe(0);
    });
    expect(reflection.server.count(verb)).toBe(1);
  });

  it("during a wait ends the reflector", async () => {
    const delay = (_: number, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        signal?.addEventListener("abort", () => {
          resolve();
        });
      });
    const reflection = threeImages({ timing: { ...instantTiming(), delay } });
    reflection.server.failAlways("list", status(500));
    await reflection.start();
    await reflection.isIn("stale");
    reflection.abort();
    await reflection.running;
    expect(reflection.server.count("list")).toBe(1);
  });
});

it("a watch reuses the connection of the one before", async () => {
  const reflection = await threeImages().start();
  await reflection.isCurrent();
  for (let round = 2; round < 8; round++) {
    reflection.server.endWatches();
    await eventually(() => {
      expect(reflection.server.openWatches).toBe(1);
      expect(reflection.server.count("watch")).toBe(round);
    });
  }
  expect(reflection.server.connections).toBe(1);
});
