import type { ReviewContext } from "./context.ts";
import type { Reference } from "./parse.ts";
import { type Lookup, resolveReference } from "./resolve-reference.ts";
import { type Change, exactChange, SAME, StoredReference } from "./stored-reference.ts";

/** A reference that may be given another image on UPDATE. */
export interface ChangingReference {
  readonly reference: Reference;
  /** The one of the same key in the stored object. */
  readonly old: Reference | undefined;
  /** Result of comparing it with the stored one; `same` where there is none. */
  readonly change: Change;
  /** Where it is new or has another image; undefined where no check reads it. */
  readonly lookup: Lookup | undefined;
}

/** Compares a sent reference with the stored one at `/mutate`. */
export type Compare = (stored: StoredReference, sent: Reference, old: Reference) => Change;

/** The references of this role. Nothing is resolved where a value is malformed: the object is refused for that alone. */
export function changingReferences(
  context: ReviewContext,
  role: Reference["role"],
  compare: Compare,
): readonly ChangingReference[] {
  const { parsed, oldParsed } = context;
  const sent = parsed.references.filter((reference) => reference.role === role);
  if (sent.length === 0) return [];
  const stored = new Map(oldParsed?.references.map((reference) => [reference.key, reference]));
  return sent.map((reference) => {
    const old = stored.get(reference.key);
    const change = old === undefined ? SAME : changeOf(context, { sent: reference, old, compare });
    const isLookedUp = parsed.malformed.length === 0 && (old === undefined || change.is === "changed");
    return { reference, old, change, lookup: isLookedUp ? resolveReference(context, reference) : undefined };
  });
}

function changeOf(
  context: ReviewContext,
  { sent, old, compare }: { readonly sent: Reference; readonly old: Reference; readonly compare: Compare },
): Change {
  if (context.parsed.malformed.length > 0) return SAME;
  if (context.target.endpoint === "validate") return exactChange(sent, old);
  return compare(new StoredReference(context, [old]), sent, old);
}
