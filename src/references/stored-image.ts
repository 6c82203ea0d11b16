import { type Image, isVmImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import { find, isNameOf, type NotSynced } from "../images/resolve.ts";
import { scopeOf } from "../images/image-index.ts";
import { livingPins, type Pins } from "./pins.ts";
import { kindKey, nameKey, type Reference } from "./reading.ts";
import { hasSupportedKind, isEmpty, isSame, kindMeant, queryOf, type Question } from "./reference-image.ts";

/** How a reference of an UPDATE stands to the stored one. */
export type Change =
  | { readonly is: "same" }
  /** Absent or another spelling of the stored image: the stored value belongs back. */
  | { readonly is: "putBack" }
  /** The stored value had no kind; the name is the same. */
  | { readonly is: "kindFilled" }
  /** A privileged caller takes the image from a machine that failed over. */
  | { readonly is: "unset" }
  | { readonly is: "changed"; readonly namesOtherImage: boolean }
  | NotSynced;

export const SAME: Change = { is: "same" };

/** At `/validate` nobody can put anything back, so only equal values are the same. */
export function exactChange(sent: Reference | undefined, old: Reference | undefined): Change {
  if (isSame(sent, old)) return SAME;
  if (sent?.name === old?.name && old?.kind === "") return { is: "kindFilled" };
  return { is: "changed", namesOtherImage: false };
}

interface StoredImageOptions {
  /** Undefined where the object has no image, or a display name of which nobody knows the image. */
  readonly objectName: string | undefined;
  /** The stored references to this image: one at least. */
  readonly values: readonly Reference[];
  /** The kind whose absence keeps us from knowing the object name. */
  readonly unsynced?: NotSynced | undefined;
}

/** The image that a stored object names, and what people may call it. */
export class StoredImage {
  readonly #question: Question;
  readonly #options: StoredImageOptions;
  readonly #pins: Pins;
  /** The stored object in the index, as far as it is there: both scopes' where both have it (R5). */
  readonly #images: readonly Image[];

  constructor(question: Question, options: StoredImageOptions) {
    this.#question = question;
    this.#options = options;
    const stored = options.values.flatMap((value): [string, string][] => [
      [nameKey(value), value.name],
      [kindKey(value), value.kind],
    ]);
    this.#pins = livingPins(question.oldPins, stored);
    this.#images = options.objectName === undefined ? [] : this.#objectsNamed(options.objectName);
  }

  change(sent: Reference | undefined, old: Reference | undefined): Change {
    if (sent === undefined || old === undefined || isSame(sent, old)) return SAME;
    if (sent.name === "") return isEmpty(old) ? SAME : { is: "putBack" };
    if (this.#isKnownName(sent) && this.#isKnownKind(sent, old)) return { is: "putBack" };
    return this.#meaningNow(sent);
  }

  /** Another way to name it that only the index knows, or really another image. */
  #meaningNow(sent: Reference): Change {
    const { objectName, unsynced } = this.#options;
    if (unsynced !== undefined) return unsynced;
    const { index, policy } = this.#question;
    if (!hasSupportedKind(sent)) return { is: "changed", namesOtherImage: false };
    const found = find(index, queryOf(this.#question, sent), policy.resolution);
    if (found?.is === "notSynced") return found;
    if (found?.is !== "resolved") return { is: "changed", namesOtherImage: false };
    if (found.image.name === objectName) return { is: "putBack" };
    // Where the stored image is not known, the new value may well name it: no leave to re-create the machine.
    return { is: "changed", namesOtherImage: objectName !== undefined };
  }

  #isKnownName(sent: Reference): boolean {
    const { name } = sent;
    const { objectName, values } = this.#options;
    // The same text in the other form may be a display name here and an object name there.
    if (name === objectName || values.some((value) => value.form === sent.form && value.name === name)) return true;
    const wasRequested = [...this.#pins.values()].some(({ requested }) => requested === name);
    if (wasRequested && !this.#isOurs(sent)) return true;
    // Where object names come first (R1, R4, R8), one means that image, whatever display name another has.
    const objectNameFirst = name.startsWith(VMI_ID_PREFIX) || kindMeant(sent) !== undefined;
    if (objectNameFirst && this.#objectsNamed(name).length > 0) return false;
    return this.#images.some((image) => isNameOf(image, name, this.#question.policy.resolution));
  }

  /** Written by an earlier call about this same object, instead of something else that a person wants now. */
  #isOurs(sent: Reference): boolean {
    return this.#question.pins.get(nameKey(sent))?.resolved === sent.name;
  }

  #objectsNamed(name: string): readonly Image[] {
    const { subject, index } = this.#question;
    const kinds = this.#options.values[0]?.images ?? [];
    return kinds.flatMap((kind) => scopeOf(index, kind, subject.namespace).byObjectName(name) ?? []);
  }

  /**
   * A kind other than the stored one names the same image only where we rewrote it ourselves, or where the name is
   * the object name (R5); a display name may mean another image there.
   */
  #isKnownKind(sent: Reference, old: Reference): boolean {
    const stored = old.kind === "" ? this.#images[0]?.kind : old.kind;
    if (sent.kind === "" || stored === undefined || sent.kind === stored) return true;
    if (!isVmImageKind(sent.kind)) return false;
    return sent.name === this.#options.objectName || this.#pins.get(kindKey(sent))?.requested === sent.kind;
  }
}
