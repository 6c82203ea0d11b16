import type { ImageKind } from "../images/image.ts";

/** Stands in a path for each entry of a list. */
export const EACH = "[]";

/** How an object makes the display name of an image. An empty part makes no name. */
export type CreatedName =
  /** The field's value. */
  | { readonly is: "field" }
  /** The field's value; where that is empty, the first of these fields that is not, and a suffix. */
  | { readonly is: "fieldOrDefault"; readonly defaults: readonly (readonly string[])[]; readonly suffix: string }
  /** Another field, a separator, and the field's value. */
  | { readonly is: "prefixed"; readonly prefix: readonly string[]; readonly separator: string };

/** One place that names an image; `references.ts` has all of them. */
export interface ReferenceRow {
  readonly group: string;
  readonly kind: string;
  /** The plural in URLs and RBAC. */
  readonly resource: string;
  /** Newest first: the order of webhook rules. */
  readonly versions: readonly string[];
  /** Of the resource, as webhook rules say it; `*` is either. */
  readonly scope: "Namespaced" | "Cluster" | "*";
  /** Where the machine stands that the reference is of: the object itself, or a template in it. */
  readonly root: readonly string[];
  /** Members from the object's root; `EACH` for the entries of a list. */
  readonly path: readonly string[];
  /** `name`: a string, an object name or display name. `object`: an object {kind, name}. */
  readonly form: "name" | "object";
  /** `creates`: no reference, but a display name that an image will have. */
  readonly role: "boot" | "cdrom" | "property" | "creates";
  /** How that display name is made of the field; of role `creates` only. */
  readonly createdName?: CreatedName;
  /** The kinds of image that it can name, in the order in which they are searched. */
  readonly images: readonly ImageKind[];
}
