import { VMI_ID_PREFIX } from "../images/image.ts";
import { scopeOf } from "../images/image-index.ts";
import { find, type NotSynced } from "../images/resolve.ts";
import { nameKey, type Reference } from "./reading.ts";
import { hasSupportedKind, kindMeant, queryOf, type Question } from "./reference-image.ts";

/** The object name of the image that a stored object names. */
export type StoredMeaning =
  /** Not certain where a display name is stored: it says only what it means now. */
  | {
      readonly is: "known";
      readonly objectName: string;
      readonly isCertain: boolean;
      /** The kind that is missing from the index and could tell more. */
      readonly unsynced?: NotSynced;
    }
  | { readonly is: "unknown" }
  /** The kind that is missing from the index and could tell. */
  | NotSynced;

const UNKNOWN: StoredMeaning = { is: "unknown" };

/** What the stored references to one image mean together: a certain one counts before one that means something now. */
export function meaningOfStored(question: Question, values: readonly Reference[]): StoredMeaning {
  const meanings = values.map((value) => meaningOf(question, value));
  return (
    meanings.find((meaning) => meaning.is === "known" && meaning.isCertain) ??
    meanings.find(({ is }) => is === "known") ??
    meanings.find(({ is }) => is === "notSynced") ??
    UNKNOWN
  );
}

/**
 * A stored `spec.image.name` may be a display name: conversion of v1alpha1 and v1alpha2 copies `imageName` into it as
 * written (vm-operator api/v1alpha1 and v1alpha2 virtualmachine_conversion.go).
 */
function meaningOf(question: Question, value: Reference): StoredMeaning {
  if (value.name === "") return UNKNOWN;
  if (isObjectName(question, value)) return { is: "known", objectName: value.name, isCertain: true };
  if (!hasSupportedKind(value)) return UNKNOWN;
  const found = find(question.index, queryOf(question, value), question.policy.resolution);
  if (found?.is === "resolved") return { is: "known", objectName: found.image.name, isCertain: false };
  if (found?.is === "ambiguous") return UNKNOWN;
  return value.name.startsWith(VMI_ID_PREFIX) ? meaningOfVmiId(value.name, found) : (found ?? UNKNOWN);
}

/** A VMI ID says which image it is, even when the image is gone. */
function meaningOfVmiId(objectName: string, unsynced: NotSynced | undefined): StoredMeaning {
  return unsynced === undefined
    ? { is: "known", objectName, isCertain: true }
    : { is: "known", objectName, isCertain: false, unsynced };
}

/** Whether a stored name is the object name of its image beyond doubt, even of one that is gone. */
export function isCertainlyObjectName(question: Question, value: Reference): boolean {
  const meaning = meaningOf(question, value);
  return meaning.is === "known" && meaning.isCertain;
}

/** Whether a stored name is an object name by its pin, or as what it is read as now. */
function isObjectName({ subject, index, oldPins }: Question, value: Reference): boolean {
  // `imageName` may be pinned to a display name (M8), an object reference never.
  if (value.form === "object" && oldPins.get(nameKey(value))?.resolved === value.name) return true;
  const kind = kindMeant(value);
  if (!value.name.startsWith(VMI_ID_PREFIX) && kind === undefined) return false;
  return value.images.some(
    (each) => (kind ?? each) === each && scopeOf(index, each, subject.namespace).byObjectName(value.name) !== undefined,
  );
}
