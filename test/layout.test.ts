import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, it, test } from "vitest";

interface Layer {
  readonly folder: string;
  readonly imports: readonly string[];
}

/** One import statement: paths below src. */
interface Arrow {
  readonly from: string;
  readonly to: string;
}

const SRC = new URL("../src/", import.meta.url);
const { LAYERS } = (await import(new URL("../eslint.config.js", import.meta.url).href)) as {
  readonly LAYERS: readonly Layer[];
};
const IMPORT = /\b(?:from|import) "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/g;
/** Folders that others import by one file only. */
const DOORS = {
  "kube/kubeconfig": "kube/kubeconfig/kubeconfig-credentials.ts",
  "certs/cluster": "certs/cluster/cluster-source.ts",
  "sources/cluster": "sources/cluster/cluster-source.ts",
  "sources/folder": "sources/folder/folder-source.ts",
};

const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const ARROWS = FILES.flatMap(arrowsFrom);

function arrowsFrom(file: string): readonly Arrow[] {
  const text = readFileSync(new URL(file, SRC), "utf8");
  return [...text.matchAll(IMPORT)]
    .map(([, statement, call]) => posix.join(posix.dirname(file), statement ?? call ?? ""))
    .filter((to) => !to.startsWith(".."))
    .map((to) => ({ from: file, to }));
}

/** The folder below src, or the file itself at the root. */
function topFolder(file: string): string {
  return file.split("/")[0] ?? file;
}

/** The folder of a file, two levels deep. The checks of a folder belong to it. */
function folderOf(file: string): string {
  const [top = file, below] = posix.dirname(file).split("/");
  return below === undefined || below === "checks" ? top : `${top}/${below}`;
}

/** The sets of nodes that import each other in a circle. */
function circlesOf(arrows: readonly Arrow[], nodeOf: (file: string) => string): readonly (readonly string[])[] {
  const targets = Map.groupBy(
    arrows.map(({ from, to }): Arrow => ({ from: nodeOf(from), to: nodeOf(to) })),
    ({ from }) => from,
  );
  const reachable = new Map([...targets.keys()].map((node) => [node, reachableFrom(node, targets)]));
  const isMutual = (one: string, other: string): boolean =>
    one !== other && reachable.get(one)?.has(other) === true && reachable.get(other)?.has(one) === true;
  const nodes = [...targets.keys()].sort();
  const circles = nodes.map((node) => nodes.filter((other) => other === node || isMutual(node, other)));
  return circles.filter((circle, index) => circle.length > 1 && circle[0] === nodes[index]);
}

function reachableFrom(start: string, targets: ReadonlyMap<string, readonly Arrow[]>): ReadonlySet<string> {
  const found = new Set<string>();
  const pending = [start];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const { to } of targets.get(node) ?? []) {
      if (found.has(to)) continue;
      found.add(to);
      pending.push(to);
    }
  }
  return found;
}

test("circlesOf finds a circle of three, and nothing in a chain", () => {
  const arrows = [
    { from: "a", to: "b" },
    { from: "b", to: "c" },
    { from: "d", to: "a" },
  ];
  expect(circlesOf(arrows, (node) => node)).toEqual([]);
  expect(circlesOf([...arrows, { from: "c", to: "a" }], (node) => node)).toEqual([["a", "b", "c"]]);
});

test("src has only main.ts and app.ts at its root", () => {
  expect(FILES.filter((file) => !file.includes("/")).sort()).toEqual(["app.ts", "main.ts"]);
});

test("every folder of src has its place in the order", () => {
  const folders = LAYERS.map(({ folder }) => folder);
  expect([...new Set(FILES.map(topFolder))].filter((folder) => !folders.includes(folder))).toEqual([]);
});

test("the order itself points down", () => {
  const folders = LAYERS.map(({ folder }) => folder);
  const upward = LAYERS.flatMap(({ folder, imports }) =>
    imports.filter((below) => folders.indexOf(below) <= folders.indexOf(folder)).map((above) => `${folder} > ${above}`),
  );
  expect(upward).toEqual([]);
});

it.each(LAYERS)("$folder imports only the folders that the order allows it", ({ folder, imports }) => {
  const wrong = ARROWS.filter(({ from }) => topFolder(from) === folder)
    .filter(({ to }) => topFolder(to) !== folder && !imports.includes(topFolder(to)))
    .map(({ from, to }) => `${from} > ${to}`);
  expect(wrong).toEqual([]);
});

test("the folders of src do not import each other in a circle", () => {
  expect(circlesOf(ARROWS, topFolder)).toEqual([]);
});

it.each(LAYERS.map(({ folder }) => folder))("%s and its subfolders do not import each other in a circle", (folder) => {
  const own = ARROWS.filter(({ from, to }) => topFolder(from) === folder && topFolder(to) === folder);
  expect(circlesOf(own, folderOf)).toEqual([]);
});

it.each(Object.entries(DOORS))("other folders import %s only by %s", (folder, door) => {
  const around = ARROWS.filter(({ from, to }) => folderOf(from) !== folder && folderOf(to) === folder && to !== door);
  expect(around).toEqual([]);
});
