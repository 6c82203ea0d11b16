import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Image, VM_IMAGE_KINDS } from "../../src/images/image.ts";
import { hasClusterScopedVmImages, MemoryImageIndex } from "../../src/images/image-index.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

it("is synced from the first complete set on", () => {
  const index = new MemoryImageIndex();
  expect(index.isSynced("VirtualMachineImage")).toBe(false);
  index.relist("VirtualMachineImage").commit("1");
  expect(index.isSynced("VirtualMachineImage")).toBe(true);
  expect(index.isSynced("ClusterVirtualMachineImage")).toBe(false);
});

it("swaps all images of a kind at once and leaves the other kind alone", () => {
  const index = indexOf([vmi("vmi-a", "old"), cvmi("vmi-c", "cluster")]);
  const relist = index.relist("VirtualMachineImage");
  relist.add([vmi("vmi-a", "New", { resourceVersion: "2" })]);
  relist.commit("2");
  const scope = index.namespaced("dev");
  expect(scope.byDisplayName("old")).toEqual([]);
  expect(scope.byDisplayName("New").map(({ name }) => name)).toEqual(["vmi-a"]);
  expect(scope.displayNamesLike("new")).toEqual(["New"]);
  expect(scope.displayNamesLike("old")).toEqual([]);
  expect(index.cluster().byObjectName("vmi-c")?.displayName).toBe("cluster");
});

describe("cluster-scoped VirtualMachineImages", () => {
  const ofCluster = vmi("ubuntu", "Ubuntu", { namespace: undefined });

  it("are found from each namespace", () => {
    const index = indexOf([ofCluster, cvmi("vmi-c", "Rocky")]);
    for (const namespace of ["dev", "prod"]) {
      expect(index.namespaced(namespace).byDisplayName("Ubuntu")).toEqual([ofCluster]);
      expect(hasClusterScopedVmImages(index, namespace)).toBe(true);
    }
    expect(index.cluster().byDisplayName("Ubuntu")).toEqual([]);
  });

  it("are gone after a list of namespaced images", () => {
    const index = indexOf([ofCluster]);
    const relist = index.relist("VirtualMachineImage");
    relist.add([vmi("vmi-a", "ubuntu", { resourceVersion: "2" })]);
    relist.commit("2");
    expect([...index.namespaced("dev").objectNames()]).toEqual(["vmi-a"]);
    expect([...index.namespaced("prod").objectNames()]).toEqual([]);
    expect(hasClusterScopedVmImages(index, "dev")).toBe(false);
  });

  it("are unknown to an index without images", () => {
    expect(hasClusterScopedVmImages(indexOf([]), "dev")).toBe(false);
  });
});

it("counts the images of a kind over all namespaces", () => {
  const index = indexOf([vmi("vmi-a"), vmi("vmi-a", "x", { namespace: "prod" }), cvmi("vmi-c")]);
  expect(index.count("VirtualMachineImage")).toBe(2);
  expect(index.count("ClusterVirtualMachineImage")).toBe(1);
});

describe("ambiguous display names", () => {
  it("count once for each scope with two or more images of the name", () => {
    const index = indexOf([
      vmi("vmi-1", "ubuntu"),
      vmi("vmi-2", "ubuntu"),
      vmi("vmi-3", "ubuntu"),
      vmi("vmi-4", "debian"),
      vmi("vmi-5", "ubuntu", { namespace: "prod" }),
      vmi("vmi-6", "ubuntu", { namespace: "prod" }),
      cvmi("vmi-7", "debian"),
      cvmi("vmi-8", "debian"),
      cvmi("vmi-9", "ubuntu"),
    ]);
    expect(VM_IMAGE_KINDS.map((kind) => index.ambiguousNames(kind))).toEqual([2, 1]);
  });

  it("do not count images being deleted, or images without a name", () => {
    const index = indexOf([vmi("vmi-1", "ubuntu"), vmi("vmi-2"), vmi("vmi-3")]);
    index.apply(vmi("vmi-4", "ubuntu", { terminating: true }));
    expect(index.ambiguousNames(IMAGES)).toBe(0);
    index.apply(vmi("vmi-4", "ubuntu", { resourceVersion: "2" }));
    expect(index.ambiguousNames(IMAGES)).toBe(1);
    index.apply(vmi("vmi-1", "ubuntu", { resourceVersion: "3", terminating: true }));
    expect(index.ambiguousNames(IMAGES)).toBe(0);
  });

  it("follow renames, deletions and relists", () => {
    const index = indexOf([vmi("vmi-1", "ubuntu"), vmi("vmi-2", "ubuntu"), vmi("vmi-3", "ubuntu")]);
    index.remove(vmi("vmi-3"), "2");
    expect(index.ambiguousNames(IMAGES)).toBe(1);
    index.apply(vmi("vmi-2", "debian", { resourceVersion: "3" }));
    expect(index.ambiguousNames(IMAGES)).toBe(0);
    const relist = index.relist(IMAGES);
    relist.add([vmi("vmi-1", "ubuntu"), vmi("vmi-2", "ubuntu")]);
    expect(index.ambiguousNames(IMAGES)).toBe(0);
    relist.replace();
    expect(index.ambiguousNames(IMAGES)).toBe(1);
  });
});

it("finds all display names that are equal except for letter case and outer spaces", () => {
  const index = indexOf([
    vmi("vmi-1", "ubuntu"),
    vmi("vmi-2", "Ubuntu"),
    vmi("vmi-3", " UBUNTU "),
    vmi("vmi-4", "ubuntu2"),
  ]);
  expect(index.namespaced("dev").displayNamesLike("uBuntu")).toEqual(["ubuntu", "Ubuntu", " UBUNTU "]);
});

it("treats members of Object.prototype as ordinary names", () => {
  const index = indexOf([vmi("vmi-1", "__proto__"), vmi("vmi-2", "constructor")]);
  expect(index.namespaced("dev").byDisplayName("__proto__").length).toBe(1);
  expect(index.namespaced("dev").byDisplayName("toString")).toEqual([]);
  expect(index.namespaced("constructor").byObjectName("vmi-1")).toBeUndefined();
});

const IMAGES = "VirtualMachineImage";

/** The display name of vmi-a of namespace dev; undefined if the index does not have it. */
function nameOfA(index: MemoryImageIndex): string | undefined {
  return index.namespaced("dev").byObjectName("vmi-a")?.displayName;
}

function a(resourceVersion: string, displayName = `at ${resourceVersion}`, uid = "first"): Image {
  return vmi("vmi-a", displayName, { resourceVersion, uid });
}

describe("a change of one image", () => {
  it.each([
    ["older", "9", "stale", "at 10"],
    ["equal", "10", "stale", "at 10"],
    ["newer, compared as a number", "100", "applied", "at 100"],
  ])("that is %s", (_, resourceVersion, applied, displayName) => {
    const index = indexOf([a("10")]);
    expect(index.apply(a(resourceVersion))).toBe(applied);
    expect(nameOfA(index)).toBe(displayName);
    expect(index.namespaced("dev").byDisplayName(displayName).length).toBe(1);
    expect(index.count(IMAGES)).toBe(1);
  });

  it("stores an image that was created again under its old name", () => {
    const index = indexOf([a("10")]);
    expect(index.apply(a("12", "again", "second"))).toBe("applied");
    expect(index.namespaced("dev").byObjectName("vmi-a")?.uid).toBe("second");
  });

  it("does not remove a newer image of the same name", () => {
    const index = indexOf([a("12", "again", "second")]);
    expect(index.remove(a("11"), "11")).toBe("stale");
    expect(nameOfA(index)).toBe("again");
  });

  it("from a slow read does not bring a deleted image back", () => {
    const index = indexOf([a("10")]);
    expect(index.remove(a("11"), "11")).toBe("applied");
    expect(index.apply(a("10"))).toBe("stale");
    expect(index.apply(a("11"))).toBe("stale");
    expect(nameOfA(index)).toBeUndefined();
    expect(index.apply(a("12", "again", "second"))).toBe("applied");
  });

  it("from a slow read does not bring back an image whose deletion came first", () => {
    const index = indexOf([]);
    expect(index.remove(a("11"), "11")).toBe("stale");
    expect(index.apply(a("10"))).toBe("stale");
    expect(index.count(IMAGES)).toBe(0);
  });

  it("that is an older deletion does not replace a newer deletion", () => {
    const index = indexOf([]);
    index.remove(a("11"), "11");
    index.remove(a("9"), "9");
    expect(index.apply(a("10"))).toBe("stale");
  });

  it("moves a display name from one image to another", () => {
    const index = indexOf([a("1", "ubuntu"), vmi("vmi-b", "debian")]);
    index.apply(vmi("vmi-b", "ubuntu", { resourceVersion: "2" }));
    expect(index.namespaced("dev").byDisplayName("ubuntu").length).toBe(2);
    index.apply(a("3", "debian"));
    expect(
      index
        .namespaced("dev")
        .byDisplayName("ubuntu")
        .map(({ name }) => name),
    ).toEqual(["vmi-b"]);
    expect(
      index
        .namespaced("dev")
        .byDisplayName("debian")
        .map(({ name }) => name),
    ).toEqual(["vmi-a"]);
  });

  it("removes a namespace with its last image", () => {
    const index = indexOf([a("1", "ubuntu")]);
    index.remove(a("2"), "2");
    expect(index.count(IMAGES)).toBe(0);
    expect([...index.namespaced("dev").displayNames()]).toEqual([]);
  });
});

describe("a relist", () => {
  function relisted(index: MemoryImageIndex, images: readonly Image[], resourceVersion: string): void {
    const relist = index.relist(IMAGES);
    relist.add(images);
    relist.commit(resourceVersion);
  }

  it("keeps equal images, so that they are not in memory twice", () => {
    const index = new MemoryImageIndex();
    const sent = (): readonly Image[] => [a("5"), vmi("vmi-b", "other", { resourceVersion: "6" })];
    relisted(index, sent(), "20");
    const same = index.namespaced("dev").byObjectName("vmi-a");
    expect(same).toBeDefined();
    // An equal resourceVersion proves nothing: a restored etcd assigns it again.
    relisted(index, [a("5"), vmi("vmi-b", "renamed", { resourceVersion: "6" })], "20");
    expect(index.namespaced("dev").byObjectName("vmi-a")).toBe(same);
    expect(index.namespaced("dev").byObjectName("vmi-b")?.displayName).toBe("renamed");
  });

  it("changes nothing before it is complete", () => {
    const index = indexOf([a("1")]);
    index.relist(IMAGES).add([a("5")]);
    expect(nameOfA(index)).toBe("at 1");
  });

  it("drops images that the list would have, and keeps newer ones", () => {
    const index = indexOf([a("5"), vmi("vmi-b", "new", { resourceVersion: "21" })]);
    relisted(index, [], "20");
    expect([...index.namespaced("dev").objectNames()]).toEqual(["vmi-b"]);
    expect(index.count(IMAGES)).toBe(1);
  });

  it("takes the newer one of the listed and the known image", () => {
    const index = indexOf([a("21"), vmi("vmi-b", "old", { resourceVersion: "3" })]);
    relisted(index, [a("19"), vmi("vmi-b", "listed", { resourceVersion: "4" })], "20");
    expect(nameOfA(index)).toBe("at 21");
    expect(index.namespaced("dev").byObjectName("vmi-b")?.displayName).toBe("listed");
  });

  it("does not bring back an image that was deleted after the list", () => {
    const index = indexOf([a("10")]);
    const relist = index.relist(IMAGES);
    relist.add([a("10")]);
    index.remove(a("21"), "21");
    relist.commit("20");
    expect(nameOfA(index)).toBeUndefined();
    expect(index.count(IMAGES)).toBe(0);
  });

  it("without an image does not let a slow read bring it back", () => {
    const index = indexOf([a("10")]);
    relisted(index, [], "20");
    expect(index.apply(a("10"))).toBe("stale");
    expect(index.apply(a("21", "again", "second"))).toBe("applied");
  });

  it("brings back an image that was created again after its deletion", () => {
    const index = indexOf([a("10")]);
    index.remove(a("15"), "15");
    relisted(index, [a("16", "again", "second")], "20");
    expect(nameOfA(index)).toBe("again");
  });

  it("does not apply deletions of the other kind", () => {
    const index = indexOf([]);
    index.remove(cvmi("vmi-a"), "30");
    relisted(index, [a("10")], "20");
    expect(nameOfA(index)).toBe("at 10");
  });

  it("that replaces drops all other images and all deletions", () => {
    const index = indexOf([vmi("vmi-b", "from a future that never was", { resourceVersion: "99" })]);
    index.remove(a("98"), "98");
    const relist = index.relist(IMAGES);
    relist.add([a("10")]);
    relist.replace();
    expect([...index.namespaced("dev").objectNames()]).toEqual(["vmi-a"]);
    expect(index.apply(a("11"))).toBe("applied");
  });
});

describe("images beyond the limit", () => {
  it("are refused until there is room, while known images still change", () => {
    const index = new MemoryImageIndex({ maxImages: 2 });
    expect([index.apply(a("1")), index.apply(cvmi("vmi-c")), index.apply(vmi("vmi-b"))]).toEqual([
      "applied",
      "applied",
      "overflow",
    ]);
    expect(index.apply(a("2"))).toBe("applied");
    index.remove(a("3"), "3");
    expect(index.apply(vmi("vmi-b"))).toBe("applied");
  });

  it("are refused in a relist, which counts the other kind but not the set it replaces", () => {
    const index = new MemoryImageIndex({ maxImages: 2 });
    index.apply(a("1"));
    index.apply(cvmi("vmi-c"));
    expect(index.relist(IMAGES).add([a("2"), vmi("vmi-b")])).toBe("overflow");
    expect(index.relist(IMAGES).add([a("2")])).toBe("applied");
    expect(nameOfA(index)).toBe("at 1");
  });
});

it("two lists at the same time do not use the same room", () => {
  const index = new MemoryImageIndex({ maxImages: 1 });
  const [one, other] = VM_IMAGE_KINDS.map((kind) => index.relist(kind));
  expect(one?.add([a("1")])).toBe("applied");
  expect(other?.add([cvmi("vmi-c")])).toBe("overflow");
});

describe("against a naive model", () => {
  /** A change of an object. Its resourceVersion is its position in the history, from 1. */
  const change = fc.record({
    name: fc.constantFrom("vmi-a", "vmi-b", "vmi-c"),
    displayName: fc.constantFrom("ubuntu", "Ubuntu", "debian", undefined),
    is: fc.constantFrom("written", "terminating", "deleted"),
  });

  it("changes in any order, and repeated, end in the last state of the history", () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 25 }), fc.infiniteStream(fc.nat()), (history, random) => {
        const next = (below: number): number => Number(random.next().value) % below;
        const index = new MemoryImageIndex();
        const order = history.flatMap((_, at) => [at, ...(next(2) === 0 ? [at] : [])]);
        order.sort(() => next(3) - 1);
        for (const at of order) {
          tell(index, history, at);
          if (next(6) === 0) list(index, history, next(history.length + 1));
        }
        const state = stateAfter(history, history.length);
        expect(index.ambiguousNames(IMAGES)).toBe(ambiguousIn(index));
        expect(new Map(imagesOf(index))).toEqual(new Map(state));
        for (const displayName of ["ubuntu", "Ubuntu", "debian"]) {
          const named = [...state].filter(([, name]) => name === displayName).map(([name]) => name);
          const found = index.namespaced("dev").byDisplayName(displayName);
          expect(found.map(({ name }) => name).sort()).toEqual(named.sort());
        }
        expect(index.count(IMAGES)).toBe(state.size);
      }),
    );
  });

  type History = readonly { name: string; displayName: string | undefined; is: string }[];

  function tell(index: MemoryImageIndex, history: History, at: number): void {
    const { name, displayName, is } = history[at] ?? { name: "", displayName: "", is: "" };
    const resourceVersion = String(at + 1);
    const image = vmi(name, displayName, { resourceVersion, terminating: is === "terminating" });
    if (is === "deleted") index.remove(image, resourceVersion);
    else index.apply(image);
  }

  function stateAfter(history: History, length: number): Map<string, string | undefined> {
    const state = new Map<string, string | undefined>();
    for (const { name, displayName, is } of history.slice(0, length)) {
      if (is === "deleted") state.delete(name);
      else state.set(name, displayName);
    }
    return state;
  }

  function list(index: MemoryImageIndex, history: History, length: number): void {
    const relist = index.relist(IMAGES);
    const images = new Map<string, Image>();
    for (const [at, { name, displayName, is }] of history.slice(0, length).entries()) {
      const facts = { resourceVersion: String(at + 1), terminating: is === "terminating" };
      if (is === "deleted") images.delete(name);
      else images.set(name, vmi(name, displayName, facts));
    }
    relist.add(images.values());
    relist.commit(String(length));
  }

  /** Counts the ambiguous display names from the images themselves. */
  function ambiguousIn(index: MemoryImageIndex): number {
    const scope = index.namespaced("dev");
    const meant = [...scope.displayNames()].map(({ name }) =>
      scope.byDisplayName(name).filter(({ terminating }) => !terminating),
    );
    return meant.filter(({ length }) => length > 1).length;
  }

  function imagesOf(index: MemoryImageIndex): [string, string | undefined][] {
    const scope = index.namespaced("dev");
    return [...scope.objectNames()].map((name) => [name, scope.byObjectName(name)?.displayName]);
  }
});

it("counts each kind separately", () => {
  const index = indexOf([a("1"), cvmi("vmi-c")]);
  expect(VM_IMAGE_KINDS.map((kind) => index.count(kind))).toEqual([1, 1]);
});
