import { type Image, isClusterScopedVmImage, isVmImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import { scopeOf } from "../images/image-index.ts";
import { find, isNameOf, type NotSynced } from "../images/resolve.ts";
import type { ReviewContext } from "./context.ts";
import { kindKey, nameKey, type Reference } from "./parse.ts";
import { type Pins, validPins } from "./pinned-annotation.ts";
import { hasSupportedKind, isEmpty, isSame, searchedKind, queryOf } from "./resolve-reference.ts";
import { meaningOfStored, type StoredMeaning } from "./stored-meaning.ts";

/** Result of comparing an updated reference with the stored one. */
export type Change =
  | { readonly is: "same" }
  /** Absent, or another spelling of the stored image: the stored value is restored. */
  | { readonly is: "restoreStored" }
  /** A privileged caller removes the image of a machine that failed over. */
  | { readonly is: "unset" }
  | { readonly is: "changed"; readonly namesOtherImage: boolean }
  | NotSynced;

export const SAME: Change = { is: "same" };
export const RESTORE_STORED: Change = { is: "restoreStored" };
export const CHANGED: Change = { is: "changed", namesOtherImage: false };

/** The comparison at `/validate`, where nothing can be restored: only equal values are the same. */
export function exactChange(sent: Reference | undefined, old: Reference | undefined): Change {
  return isSame(sent, old) ? SAME : CHANGED;
}

/** Whether an earlier mutation wrote the stored kind in place of the sent one. */
export type IsKindWrittenByMutation = (sent: Reference, old: Reference) => boolean;

/** The image that a stored object names, and the names that people may use for it. */
export class StoredReference {
  readonly #context: ReviewContext;
  readonly #isKindWrittenByMutation: IsKindWrittenByMutation;
  readonly #values: readonly Reference[];
  readonly #meaning: StoredMeaning;
  readonly #pins: Pins;
  /** The stored image as the index has it; one of each scope where both have its object name (R5). */
  readonly #images: readonly Image[];

  /** `values`: the stored references to this image, the deciding one first; at least one. */
  constructor(
    context: ReviewContext,
    values: readonly Reference[],
    isKindWrittenByMutation: IsKindWrittenByMutation = () => false,
  ) {
    this.#context = context;
    this.#isKindWrittenByMutation = isKindWrittenByMutation;
    this.#values = values;
    const stored = values.flatMap((value): [string, string][] => [
      [nameKey(value), value.name ?? ""],
      [kindKey(value), value.kind ?? ""],
    ]);
    this.#pins = validPins(context.oldPins, stored);
    this.#meaning = meaningOfStored(context, values);
    this.#images = this.#objectNames
      .flatMap((name) => this.#imagesWithObjectName(name))
      .filter((image) => this.#hasStoredKind(image));
  }

  /** For a reference that never changes: each spelling of the stored image, object names included, keeps it (M13). */
  compareImmutable(sent: Reference | undefined, old: Reference | undefined): Change {
    if (sent === undefined || old === undefined || isSame(sent, old)) return SAME;
    if (sent.name === undefined) return RESTORE_STORED;
    return this.#isKnownName(sent) && this.#keepsKind(sent, old) ? RESTORE_STORED : this.#otherImage(sent, old);
  }

  /**
   * For a reference that may change: a sent object name is taken; a display name, LIBRARY/NAME and what was requested
   * keep the stored value (M19, M20), unless that names nothing while the sent reference names an image. `isFixed`: the
   * machine is powered on, so that such a spelling keeps even a stored value that names nothing.
   */
  compareMutable(sent: Reference, old: Reference, isFixed: boolean): Change {
    const change = this.#changeOfSameName(sent, old);
    if (change !== undefined) return change;
    const isSpelling = this.#isSpelling(sent, old) || (isFixed && this.#isSameObject(sent, old));
    if (!isSpelling) return CHANGED;
    return isFixed ? RESTORE_STORED : this.#unlessCorrected(sent);
  }

  /** Undefined where the sent name or its kind differs from the stored one. A missing kind is filled. */
  #changeOfSameName(sent: Reference, old: Reference): Change | undefined {
    if (isSame(sent, old)) return lacksKind(sent) ? RESTORE_STORED : SAME;
    if (sent.name === undefined) return isEmpty(old) ? SAME : RESTORE_STORED;
    if (sent.name !== old.name || old.kind !== undefined) return undefined;
    return this.#find(sent)?.is === "resolved" ? SAME : CHANGED;
  }

  /** A stored value that names nothing does not win over a sent one that names an image. */
  #unlessCorrected(sent: Reference): Change {
    const { namesNothing } = this;
    if (namesNothing !== true) return namesNothing === false ? RESTORE_STORED : namesNothing;
    const found = this.#find(sent);
    if (found?.is === "notSynced") return found;
    return found?.is === "resolved" ? CHANGED : RESTORE_STORED;
  }

  /** A reference without a kind that means the stored object name, of whatever kind. */
  #isSameObject(sent: Reference, old: Reference): boolean {
    const found = sent.kind === undefined ? this.#find(sent) : undefined;
    return found?.is === "resolved" && found.image.name === old.name;
  }

  get #objectNames(): readonly string[] {
    return this.#meaning.is === "known" ? this.#meaning.objectNames : [];
  }

  /** With resolution `strict` the same object name in both scopes is two images. */
  #hasStoredKind({ kind }: Image): boolean {
    const stored = this.#values.find((value) => value.kind !== undefined)?.kind;
    return this.#context.policy.resolution !== "strict" || stored === undefined || stored === kind;
  }

  /** Whether the stored reference that decides names no image; the kind that is missing from the index, where that could tell. */
  get namesNothing(): boolean | NotSynced {
    const deciding = this.#values.find(({ name }) => name !== undefined);
    const found = deciding === undefined ? undefined : this.#find(deciding);
    return found?.is === "notSynced" ? found : found === undefined;
  }

  #find(reference: Reference): ReturnType<typeof find> {
    if (reference.name === undefined || !hasSupportedKind(reference)) return undefined;
    return find(
      this.#context.index,
      queryOf(this.#context, reference, reference.name),
      this.#context.policy.resolution,
    );
  }

  /** A name that only the index knows as one of the stored image, or another image. */
  #otherImage(sent: Reference, old: Reference): Change {
    const unsynced = unsyncedOf(this.#meaning);
    if (unsynced !== undefined) return unsynced;
    const found = this.#find(sent);
    if (found?.is === "notSynced") return found;
    if (found?.is !== "resolved") return CHANGED;
    if (this.#objectNames.includes(found.image.name)) return this.#keepsKind(sent, old) ? RESTORE_STORED : CHANGED;
    // After a 422 a client may delete and re-create the machine, so the stored image has to be certain.
    return { is: "changed", namesOtherImage: this.#meaning.is === "known" && this.#meaning.isCertain };
  }

  #isKnownName(sent: Reference): boolean {
    const { name } = sent;
    if (name === undefined) return false;
    // The same text in the other form may be a display name here and an object name there.
    if (
      this.#objectNames.includes(name) ||
      this.#values.some((value) => value.form === sent.form && value.name === name)
    ) {
      return true;
    }
    return this.#wasRequested(sent) || this.#isDisplayName(sent);
  }

  #isSpelling(sent: Reference, old: Reference): boolean {
    const hasStoredKind = sent.kind === undefined || sent.kind === old.kind || this.#wasKindRequested(sent);
    if (sent.name === old.name) return hasStoredKind;
    const fillsKind = old.kind === undefined && this.#images.some(({ kind }) => kind === sent.kind);
    if (!hasStoredKind && !fillsKind) return false;
    if (this.#wasRequested(sent)) return true;
    // A display name that mutation wrote (M8) is not one that a person wrote.
    const isObjectName = this.#objectNames.some((name) => name === sent.name);
    return !this.#wasWrittenByMutation(sent) && !isObjectName && this.#isDisplayName(sent);
  }

  #wasRequested(sent: Reference): boolean {
    return (
      [...this.#pins.values()].some(({ requested }) => requested === sent.name) && !this.#wasWrittenByMutation(sent)
    );
  }

  #wasKindRequested(sent: Reference): boolean {
    return this.#pins.get(kindKey(sent))?.requested === sent.kind;
  }

  /** Whether an earlier call of this same request wrote the sent name: a reinvocation sends the mutated object. */
  #wasWrittenByMutation(sent: Reference): boolean {
    return this.#context.pins.get(nameKey(sent))?.resolved === sent.name;
  }

  #isDisplayName(sent: Reference): boolean {
    // Where object names come first (R1, R4, R8), one means that image, whatever display name another has.
    const { name } = sent;
    if (name === undefined) return false;
    const objectNameFirst = name.startsWith(VMI_ID_PREFIX) || searchedKind(sent) !== undefined;
    const objects = this.#imagesWithObjectName(name);
    if (objects.length > 0 && (objectNameFirst || objects.some(isClusterScopedVmImage))) return false;
    return this.#images.some((image) => isNameOf(image, name, this.#context.policy.resolution));
  }

  #imagesWithObjectName(name: string): readonly Image[] {
    const { target, index } = this.#context;
    const kinds = this.#values[0]?.images ?? [];
    return kinds.flatMap((kind) => scopeOf(index, kind, target.namespace).byObjectName(name) ?? []);
  }

  /** Whether a sent kind means the stored one: it fills an absent one, it was requested, or mutation replaced it. */
  #keepsKind(sent: Reference, old: Reference): boolean {
    if (sent.kind === undefined || sent.kind === old.kind) return true;
    if (!isVmImageKind(sent.kind)) return false;
    if (old.kind === undefined) return this.#fillsKind(sent);
    return this.#wasKindRequested(sent) || this.#isKindWrittenByMutation(sent, old);
  }

  #fillsKind(sent: Reference): boolean {
    const kind = this.#images[0]?.kind;
    if (kind === undefined || kind === sent.kind) return true;
    return [...this.#objectNames, ...this.#values.map(({ name }) => name)].includes(sent.name);
  }
}

/** A kind that is missing from a stored object reference is filled. */
function lacksKind({ form, name, kind }: Reference): boolean {
  return form === "object" && kind === undefined && name !== undefined;
}

function unsyncedOf(meaning: StoredMeaning): NotSynced | undefined {
  switch (meaning.is) {
    case "notSynced":
      return meaning;
    case "known":
      return meaning.unsynced;
    case "unknown":
      return undefined;
  }
}
