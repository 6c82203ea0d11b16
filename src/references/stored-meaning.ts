import { VMI_ID_PREFIX } from "../images/image.ts";
import { scopeOf } from "../images/image-index.ts";
import { find, type NotSynced } from "../images/resolve.ts";
import type { ReviewContext } from "./context.ts";
import { nameKey, type Reference } from "./parse.ts";
import { hasSupportedKind, searchedKind, queryOf } from "./resolve-reference.ts";

/** The object name of the image that a stored object names. */
export type StoredMeaning =
  /** Not certain where a display name is stored: only its present meaning is known. */
  | {
      readonly is: "known";
      /** One where it is certain; else what each of the stored references may mean. */
      readonly objectNames: readonly string[];
      readonly isCertain: boolean;
      /** The kind that is missing from the index and could tell more. */
      readonly unsynced?: NotSynced;
    }
  | { readonly is: "unknown" }
  /** The kind that is missing from the index and could tell. */
  | NotSynced;

const UNKNOWN: StoredMeaning = { is: "unknown" };

/** What the stored references to one image mean together: a certain one alone, else all that mean something now. */
export function meaningOfStored(context: ReviewContext, values: readonly Reference[]): StoredMeaning {
  const meanings = values.map((value) => meaningOf(context, value));
  const known = meanings.filter((meaning) => meaning.is === "known");
  const certain = known.find(({ isCertain }) => isCertain);
  const [first] = known;
  if (certain !== undefined) return certain;
  if (first !== undefined) return { ...first, objectNames: known.flatMap(({ objectNames }) => objectNames) };
  return meanings.find(({ is }) => is === "notSynced") ?? UNKNOWN;
}

/**
 * A stored `spec.image.name` may be a display name: conversion of v1alpha1 and v1alpha2 copies `imageName` into it as
 * written (vm-operator api/v1alpha1 and v1alpha2 virtualmachine_conversion.go).
 */
function meaningOf(context: ReviewContext, value: Reference): StoredMeaning {
  const { name } = value;
  if (name === undefined) return UNKNOWN;
  if (isObjectName(context, value, name)) return { is: "known", objectNames: [name], isCertain: true };
  if (!hasSupportedKind(value)) return UNKNOWN;
  const found = find(context.index, queryOf(context, value, name), context.policy.resolution);
  if (found?.is === "resolved") return { is: "known", objectNames: [found.image.name], isCertain: false };
  if (found?.is === "ambiguous") return UNKNOWN;
  return name.startsWith(VMI_ID_PREFIX) ? meaningOfVmiId(name, found) : (found ?? UNKNOWN);
}

/** A VMI ID identifies its image even after the image is deleted. */
function meaningOfVmiId(objectName: string, unsynced: NotSynced | undefined): StoredMeaning {
  return unsynced === undefined
    ? { is: "known", objectNames: [objectName], isCertain: true }
    : { is: "known", objectNames: [objectName], isCertain: false, unsynced };
}

/** Whether a stored name is the object name of its image beyond doubt, even of one that is gone. */
export function isCertainlyObjectName(context: ReviewContext, value: Reference): boolean {
  const meaning = meaningOf(context, value);
  return meaning.is === "known" && meaning.isCertain;
}

/**
 * Whether a stored name is an object name by its pin, or a VMI ID of the index. Any other name may be a display name that
 * was stored before an object of that name came to be.
 */
function isObjectName({ target, index, oldPins }: ReviewContext, value: Reference, name: string): boolean {
  // `imageName` may be pinned to a display name (M8), an object reference never.
  if (value.form === "object" && oldPins.get(nameKey(value))?.resolved === name) return true;
  if (!name.startsWith(VMI_ID_PREFIX)) return false;
  const kind = searchedKind(value);
  return value.images.some(
    (each) => (kind ?? each) === each && scopeOf(index, each, target.namespace).byObjectName(name) !== undefined,
  );
}
