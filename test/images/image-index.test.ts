import { expect, it } from "vitest";
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

it("is not synced before the first set, and synced ever after", () => {
  const index = new MemoryImageIndex();
  expect(index.isSynced("VirtualMachineImage")).toBe(false);
  index.relist("VirtualMachineImage").commit("1");
  expect(index.isSynced("VirtualMachineImage")).toBe(true);
  expect(index.isSynced("ClusterVirtualMachineImage")).toBe(false);
});

it("swaps a kind whole: names that are gone are gone, the other kind stays", () => {
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

it("counts the images of a kind over all namespaces", () => {
  const index = indexOf([vmi("vmi-a"), vmi("vmi-a", "x", { namespace: "prod" }), cvmi("vmi-c")]);
  expect(index.count("VirtualMachineImage")).toBe(2);
  expect(index.count("ClusterVirtualMachineImage")).toBe(1);
});

it("finds all spellings that are equal but for case and outer spaces", () => {
  const index = indexOf([
    vmi("vmi-1", "ubuntu"),
    vmi("vmi-2", "Ubuntu"),
    vmi("vmi-3", " UBUNTU "),
    vmi("vmi-4", "ubuntu2"),
  ]);
  expect(index.namespaced("dev").displayNamesLike("uBuntu")).toEqual(["ubuntu", "Ubuntu", " UBUNTU "]);
});

it("keeps display names apart that are members of Object.prototype", () => {
  const index = indexOf([vmi("vmi-1", "__proto__"), vmi("vmi-2", "constructor")]);
  expect(index.namespaced("dev").byDisplayName("__proto__").length).toBe(1);
  expect(index.namespaced("dev").byDisplayName("toString")).toEqual([]);
  expect(index.namespaced("constructor").byObjectName("vmi-1")).toBeUndefined();
});
