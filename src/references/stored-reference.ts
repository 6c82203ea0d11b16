import { type Image, isClusterScopedVmImage, isVmImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import { scopeOf } from "../images/image-index.ts";
import { find, isNameOf, type NotSynced } from "../images/resolve.ts";
import { livingPins, type Pins } from "./pinned-annotation.ts";
import { kindKey, nameKey, type Reference } from "./parse.ts";
import { hasSupportedKind, isEmpty, isSame, kindMeant, queryOf, type Question } from "./resolve-reference.ts";
import { meaningOfStored, type StoredMeaning } from "./stored-meaning.ts";

/** Result of comparing an updated reference with the stored one. */
export type Change =
  | { readonly is: "same" }
  /** Absent, or another spelling of the stored image: the stored value is put back. */
  | { readonly is: "putBack" }
  /** A privileged caller takes the image from a machine that failed over. */
  | { readonly is: "unset" }
  | { readonly is: "changed"; readonly namesOtherImage: boolean }
  | NotSynced;

export const SAME: Change = { is: "same" };
export const PUT_BACK: Change = { is: "putBack" };
export const CHANGED: Change = { is: "changed", namesOtherImage: false };

/** The comparison at `/validate`, where nothing can be put back: only equal values are the same. */
export function exactChange(sent: Reference | undefined, old: Reference | undefined): Change {
  return isSame(sent, old) ? SAME : CHANGED;
}

/** The image that a stored object names, and the names that people may use for it. */
export class StoredImage {
  readonly #question: Question;
  readonly #values: readonly Reference[];
  readonly #meaning: StoredMeaning;
  readonly #pins: Pins;
  /** The stored object as far as it is in the index: that of each scope where both scopes have it (R5). */
  readonly #images: readonly Image[];

  /** `values`: the stored references to this image, the deciding one first; at least one. */
  constructor(question: Question, values: readonly Reference[]) {
    this.#question = question;
    this.#values = values;
    const stored = values.flatMap((value): [string, string][] => [
      [nameKey(value), value.name],
      [kindKey(value), value.kind],
    ]);
    this.#pins = livingPins(question.oldPins, stored);
    this.#meaning = meaningOfStored(question, values);
    this.#images = this.#objectNames
      .flatMap((name) => this.#objectsNamed(name))
      .filter((image) => this.#isMeant(image));
  }

  /** For a reference that never changes: each spelling of the stored image, object names included, keeps it (M13). */
  changeOfFixed(sent: Reference | undefined, old: Reference | undefined): Change {
    if (sent === undefined || old === undefined || isSame(sent, old)) return SAME;
    if (sent.name === "") return PUT_BACK;
    return this.#isKnownName(sent) && this.#keepsKind(sent, old) ? PUT_BACK : this.#otherImage(sent, old);
  }

  /**
   * For a reference that may change: a sent object name is taken; a display name, LIBRARY/NAME and what was requested
   * keep the stored value (M19, M20), unless that names nothing while the sent reference names an image. `isFixed`: the
   * machine is powered on, so that such a spelling keeps even a stored value that names nothing.
   */
  changeOfChangeable(sent: Reference, old: Reference, isFixed: boolean): Change {
    const change = this.#changeOfSameName(sent, old);
    if (change !== undefined) return change;
    const isSpelling = this.#isSpelling(sent, old) || (isFixed && this.#isSameObject(sent, old));
    if (!isSpelling) return CHANGED;
    return isFixed ? PUT_BACK : this.#unlessCorrected(sent);
  }

  /** Undefined where the sent name is another one, or stands beside another kind. A missing kind is filled. */
  #changeOfSameName(sent: Reference, old: Reference): Change | undefined {
    if (isSame(sent, old)) return lacksKind(sent) ? PUT_BACK : SAME;
    if (sent.name === "") return isEmpty(old) ? SAME : PUT_BACK;
    if (sent.name !== old.name || old.kind !== "") return undefined;
    return this.#find(sent)?.is === "resolved" ? SAME : CHANGED;
  }

  /** A stored value that names nothing does not win over a sent one that names an image. */
  #unlessCorrected(sent: Reference): Change {
    const { namesNothing } = this;
    if (namesNothing !== true) return namesNothing === false ? PUT_BACK : namesNothing;
    const found = this.#find(sent);
    if (found?.is === "notSynced") return found;
    return found?.is === "resolved" ? CHANGED : PUT_BACK;
  }

  /** A reference without a kind that means the stored object name, of whatever kind. */
  #isSameObject(sent: Reference, old: Reference): boolean {
    const found = sent.kind === "" ? this.#find(sent) : undefined;
    return found?.is === "resolved" && found.image.name === old.name;
  }

  get #objectNames(): readonly string[] {
    return this.#meaning.is === "known" ? this.#meaning.objectNames : [];
  }

  /** With resolution `strict` the same object name in both scopes is two images. */
  #isMeant({ kind }: Image): boolean {
    const stored = this.#values.find((value) => value.kind !== "")?.kind;
    return this.#question.policy.resolution !== "strict" || stored === undefined || stored === kind;
  }

  /** Whether the stored reference that decides names no image; the kind that is missing from the index, where that could tell. */
  get namesNothing(): boolean | NotSynced {
    const deciding = this.#values.find(({ name }) => name !== "");
    const found = deciding === undefined ? undefined : this.#find(deciding);
    return found?.is === "notSynced" ? found : found === undefined;
  }

  #find(reference: Reference): ReturnType<typeof find> {
    if (!hasSupportedKind(reference)) return undefined;
    return find(this.#question.index, queryOf(this.#question, reference), this.#question.policy.resolution);
  }

  /** A name that only the index knows as one of the stored image, or another image. */
  #otherImage(sent: Reference, old: Reference): Change {
    const unsynced = unsyncedOf(this.#meaning);
    if (unsynced !== undefined) return unsynced;
    const found = this.#find(sent);
    if (found?.is === "notSynced") return found;
    if (found?.is !== "resolved") return CHANGED;
    if (this.#objectNames.includes(found.image.name)) return this.#keepsKind(sent, old) ? PUT_BACK : CHANGED;
    // A 422 lets a client delete and re-create the machine: only where the stored image is known beyond doubt.
    return { is: "changed", namesOtherImage: this.#meaning.is === "known" && this.#meaning.isCertain };
  }

  #isKnownName(sent: Reference): boolean {
    const { name } = sent;
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
    const hasStoredKind = sent.kind === "" || sent.kind === old.kind || this.#wasKindRequested(sent);
    if (sent.name === old.name) return hasStoredKind;
    const fillsKind = old.kind === "" && this.#images.some(({ kind }) => kind === sent.kind);
    if (!hasStoredKind && !fillsKind) return false;
    if (this.#wasRequested(sent)) return true;
    // A display name of ours (M8) stands for what was sent before.
    return !this.#isOurs(sent) && !this.#objectNames.includes(sent.name) && this.#isDisplayName(sent);
  }

  #wasRequested(sent: Reference): boolean {
    return [...this.#pins.values()].some(({ requested }) => requested === sent.name) && !this.#isOurs(sent);
  }

  #wasKindRequested(sent: Reference): boolean {
    return this.#pins.get(kindKey(sent))?.requested === sent.kind;
  }

  /** Written by an earlier call about this same object, instead of something else that a person wants now. */
  #isOurs(sent: Reference): boolean {
    return this.#question.pins.get(nameKey(sent))?.resolved === sent.name;
  }

  #isDisplayName(sent: Reference): boolean {
    // Where object names come first (R1, R4, R8), one means that image, whatever display name another has.
    const objectNameFirst = sent.name.startsWith(VMI_ID_PREFIX) || kindMeant(sent) !== undefined;
    const objects = this.#objectsNamed(sent.name);
    if (objects.length > 0 && (objectNameFirst || objects.some(isClusterScopedVmImage))) return false;
    return this.#images.some((image) => isNameOf(image, sent.name, this.#question.policy.resolution));
  }

  #objectsNamed(name: string): readonly Image[] {
    const { subject, index } = this.#question;
    const kinds = this.#values[0]?.images ?? [];
    return kinds.flatMap((kind) => scopeOf(index, kind, subject.namespace).byObjectName(name) ?? []);
  }

  /**
   * Whether a sent kind is a spelling of the stored one: it fills an empty one, it was requested, or it is the Cluster
   * that M9 turns into the namespaced kind beside an `imageName`.
   */
  #keepsKind(sent: Reference, old: Reference): boolean {
    if (sent.kind === "" || sent.kind === old.kind) return true;
    if (!isVmImageKind(sent.kind)) return false;
    if (old.kind === "") return this.#fillsKind(sent);
    return this.#wasKindRequested(sent) || this.#isNamespacedByUs(sent, old);
  }

  #fillsKind(sent: Reference): boolean {
    const kind = this.#images[0]?.kind;
    if (kind === undefined || kind === sent.kind) return true;
    return this.#objectNames.includes(sent.name) || this.#values.some(({ name }) => name === sent.name);
  }

  #isNamespacedByUs(sent: Reference, old: Reference): boolean {
    const hasImageName = [...this.#values, ...this.#question.reading.references].some(
      ({ role, form, name }) => role === "boot" && form === "name" && name !== "",
    );
    return hasImageName && sent.kind === "ClusterVirtualMachineImage" && old.kind === "VirtualMachineImage";
  }
}

/** A kind that is missing from a stored object reference is filled. */
function lacksKind({ form, name, kind }: Reference): boolean {
  return form === "object" && kind === "" && name !== "";
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
