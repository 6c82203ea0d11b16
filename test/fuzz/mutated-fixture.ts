import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { isJsonObject } from "../../src/common/json.ts";
import type { Json } from "../support/admission-review.ts";

const FOLDER = new URL("../fixtures/", import.meta.url);

/** Reviews of every kind and operation, recorded from a real API server. */
export const FIXTURES: readonly Json[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json") && !file.endsWith(".expected.json"))
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Json);

/** Members of a request that may become anything without its envelope being wrong. */
const MUTABLE = ["object", "oldObject", "kind", "name", "namespace", "subResource", "userInfo", "dryRun", "options"];

/** Names of examples/images, which the fixtures use, and texts that are no valid names. */
const STRINGS = [
  "ubuntu-24.04",
  "photon-5",
  "vmi-0a0044d7c690bcbea",
  "cl-linux/photon-5",
  "VirtualMachineImage",
  "ClusterVirtualMachineImage",
  "PoweredOn",
  "{",
  "\u0000\n\u2028\ud800",
  "x".repeat(5_000),
];

function nested(levels: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { spec: value };
  return value;
}

const anyValue = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...STRINGS) },
  fc.constantFrom<unknown>(null, "", 0, -1, 2 ** 60, 1e308, true, {}, [], [null], { "": {} }, nested(300)),
  fc.jsonValue(),
);

/** One edit of a place, which is chosen by its position among all places of the tree. */
interface Edit {
  readonly place: number;
  readonly how: "replace" | "remove" | "add" | "repeat";
  readonly key: string;
  readonly value: unknown;
}

const anyEdit: fc.Arbitrary<Edit> = fc.record({
  place: fc.nat(10_000),
  how: fc.constantFrom("replace", "replace", "remove", "add", "repeat"),
  key: fc.constantFrom("name", "kind", "imageName", "image", "cdrom", "hardware", "annotations", "__proto__", "a/b~c"),
  value: anyValue,
});

/** A recorded review with random edits. Its envelope stays valid, so it must be answered. */
export const anyMutatedFixture: fc.Arbitrary<Json> = fc
  .record({ fixture: fc.constantFrom(...FIXTURES), edits: fc.array(anyEdit, { minLength: 1, maxLength: 6 }) })
  .map(({ fixture, edits }) => {
    const review = structuredClone(fixture);
    for (const edit of edits) apply(edit, review["request"] as Json);
    return review;
  });

function apply({ place, how, key, value }: Edit, request: Json): void {
  const places = MUTABLE.filter((member) => isPlace(request[member])).flatMap((member) => placesIn(request, member));
  const chosen = places[place % places.length];
  if (chosen === undefined) return;
  const { parent, key: own } = chosen;
  // Without its objects the envelope would be wrong.
  const isWhole = parent === request && (own === "object" || own === "oldObject");
  EDITS[isWhole ? "add" : how]({ parent, own, key, value: structuredClone(value) });
}

interface Chosen {
  readonly parent: Json;
  readonly own: string;
  readonly key: string;
  readonly value: unknown;
}

const EDITS: Readonly<Record<Edit["how"], (chosen: Chosen) => void>> = {
  replace: ({ parent, own, value }) => {
    set(parent, own, value);
  },
  remove: ({ parent, own }) => {
    Reflect.deleteProperty(parent, own);
  },
  add: ({ parent, own, key, value }) => {
    const old = parent[own];
    if (isJsonObject(old)) set(old, key, value);
  },
  repeat: ({ parent, own }) => {
    if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(own)]));
  },
};

function isPlace(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** As JSON.parse does, for which `__proto__` is an ordinary key. */
function set(parent: Json, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

interface Place {
  readonly parent: Json;
  readonly key: string;
}

/** Limits the growth of a tree by edits. Deeper places add no new cases. */
const MAX_DEPTH = 30;

function placesIn(parent: Json, key: string, depth = 0): readonly Place[] {
  const own = { parent, key };
  const value = parent[key];
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return [own];
  const members = Array.isArray(value) ? Object.keys(value) : Object.keys(value).filter((each) => each !== "__proto__");
  return [own, ...members.flatMap((member) => placesIn(value as Json, member, depth + 1))];
}
