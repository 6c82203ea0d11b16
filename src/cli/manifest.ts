import { REFERENCES } from "../admission/systems.ts";
import { isJsonObject, type JsonObject, type JsonPath, listAt, textAt } from "../common/json.ts";
import type { Position } from "../files/line-index.ts";
import type { ScalarPlace } from "../files/scalar-place.ts";
import type { InputDocument } from "./input.ts";

/** One object of an input. */
export interface Manifest {
  readonly file: string;
  /** Any JSON value: it is not validated yet. */
  readonly object: unknown;
  /** Whether it is an item of a `List`. */
  readonly isItem: boolean;
  /** Position of a field such as `spec.hardware.cdrom[0].image`, or of its nearest parent that exists. */
  readonly positionOf: (field: string) => Position;
  /** The text of the scalar at a path of the object; undefined where there is none. */
  readonly scalarAt: (path: JsonPath) => ScalarPlace | undefined;
}

const CHECKED_KINDS = [...new Set(REFERENCES.map(({ kind }) => kind))];

/** Whether objects of this kind are checked in some version of this group. */
export function isChecked(group: string, kind: string): boolean {
  return REFERENCES.some((row) => row.group === group && row.kind === kind);
}

/** Keys of maps and positions in lists. */
type Steps = readonly string[];

/** The objects of a document: itself, or the items of a `List`. An empty document has none. */
export function manifestsOf({ file, value, positionOf, scalarAt }: InputDocument): readonly Manifest[] {
  if (value === null) return [];
  return objectsIn(value, []).map(({ object, path }) => ({
    file,
    object,
    isItem: path.length > 0,
    positionOf: (field) => positionOf([...path, ...stepsOf(field)]),
    scalarAt: (below) => scalarAt([...path, ...below.map(String)]),
  }));
}

interface FoundObject {
  readonly object: unknown;
  readonly path: Steps;
}

function objectsIn(value: unknown, path: Steps): readonly FoundObject[] {
  const items = listItems(value);
  if (items === undefined) return [{ object: value, path }];
  return items.flatMap((item, index) => objectsIn(item, [...path, "items", String(index)]));
}

/** Whether a value is the list that KRM functions read and write. */
export function isResourceList(value: unknown): boolean {
  return textAt(value, ["kind"]) === "ResourceList" && textAt(value, ["apiVersion"]) === "config.kubernetes.io/v1";
}

/** The items of a `List`. Those of a typed list, as `kubectl get --raw` prints it, have no apiVersion and kind of their own. */
function listItems(value: unknown): readonly unknown[] | undefined {
  const kind = textAt(value, ["kind"]);
  if (kind === "List" || isResourceList(value)) return listAt(value, ["items"]);
  const apiVersion = textAt(value, ["apiVersion"]);
  const [group = ""] = apiVersion.split("/");
  const itemKind = CHECKED_KINDS.find((each) => kind === `${each}List` && isChecked(group, each));
  if (itemKind === undefined) return undefined;
  const type: JsonObject = { apiVersion, kind: itemKind };
  return listAt(value, ["items"]).map((item) => (isJsonObject(item) ? { ...type, ...item } : item));
}

/** `spec.cdrom[0].image` is `spec`, `cdrom`, `0`, `image`. In brackets a dot is part of the key. */
function stepsOf(field: string): Steps {
  return [...field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([step, inBrackets]) => inBrackets ?? step);
}
