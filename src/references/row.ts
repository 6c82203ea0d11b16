import { fieldOf } from "../common/field-path.ts";
import type { JsonPath } from "../common/json.ts";
import type { ImageKind } from "../images/image.ts";

/** A path step for each entry of a list. */
export const EACH = "[]";

/** How an object makes the display name of an image. A missing part makes no name. */
export type CreatedName =
  /** The field's value. */
  | { readonly is: "field" }
  /** The field's value; where it is empty, the first non-empty of these fields and a suffix. */
  | { readonly is: "fieldOrDefault"; readonly defaults: readonly (readonly string[])[]; readonly suffix: string }
  /** Another field, a separator, and the field's value. */
  | { readonly is: "prefixed"; readonly prefix: readonly string[]; readonly separator: string };

/** One place that names an image: a row of the reference table. */
export interface ReferenceRow {
  readonly group: string;
  readonly kind: string;
  /** The plural in URLs and RBAC. */
  readonly resource: string;
  /** Newest first: the order of webhook rules. */
  readonly versions: readonly string[];
  /** Scope of the resource in webhook rules; `*` is either. */
  readonly scope: "Namespaced" | "Cluster" | "*";
  /** Path of the machine that the reference belongs to, from the object: the object itself, or a template in it. */
  readonly root: readonly string[];
  /** Path of the reference from the object; `EACH`, once at most, for the entries of a list. */
  readonly path: readonly string[];
  /** `name`: a string, an object name or display name. `object`: an object {kind, name}. */
  readonly form: "name" | "object";
  /** `creates`: not a reference, but a display name that an image will have. */
  readonly role: "boot" | "cdrom" | "property" | "creates";
  /** How the display name is made of the field; of role `creates` only. */
  readonly createdName?: CreatedName;
  /** The kinds of image that it can name, in the order in which they are searched. */
  readonly images: readonly ImageKind[];
}

/** A row with its path compiled, so that a review copies no path. */
export interface CompiledRow extends ReferenceRow {
  readonly compiled: CompiledPath;
}

export type CompiledPath =
  | { readonly is: "field"; readonly location: Location }
  /** `list`: path of the list. `below`: steps from an entry to the reference. */
  | { readonly is: "list"; readonly list: JsonPath; readonly listKey: string; readonly below: readonly string[] };

/** Where one reference is. */
export interface Location {
  readonly path: JsonPath;
  /** Path of its name: the reference itself for form `name`. */
  readonly namePath: JsonPath;
  /** The path as a text that survives the reordering of a list: `spec.hardware.cdrom[cd1].image`. */
  readonly key: string;
}

export function compileRow(row: ReferenceRow): CompiledRow {
  const each = row.path.indexOf(EACH);
  if (each === -1) {
    return { ...row, compiled: { is: "field", location: locationOf(row.form, row.path, fieldOf(row.path)) } };
  }
  const list = row.path.slice(0, each);
  return { ...row, compiled: { is: "list", list, listKey: fieldOf(list), below: row.path.slice(each + 1) } };
}

export function locationOf(form: ReferenceRow["form"], path: JsonPath, key: string): Location {
  return { path, namePath: form === "name" ? path : [...path, "name"], key };
}
