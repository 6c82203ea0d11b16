import { type Image, IMAGE_KINDS, isImageKind, VMI_ID_PREFIX } from "../images/image.ts";
import { find, isNameOf, type NotSynced } from "../images/resolve.ts";
import { scopeOf } from "../images/image-index.ts";
import { at } from "../json.ts";
import { type BootQuestion, type BootReferences, isEmpty, isImageless, isSame } from "./boot.ts";
import { livingPins, type Pin, readPins } from "./pins.ts";
import { fieldOf, type Reference } from "./reading.ts";

/** vm-operator api/v1alpha6/virtualmachine_types.go: a machine that disaster recovery moved here. */
export const FAILED_OVER_ANNOTATION = "vmoperator.vmware.com/failed-over-vm";

/** How a boot reference of an UPDATE stands to the stored one. */
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

export interface BootChanges {
  readonly imageName: Change;
  readonly image: Change;
}

const SAME: Change = { is: "same" };

/**
 * Design section 5, UPDATE of a VirtualMachine: its image never changes, and whoever applies the original manifest
 * again does not try to change it. At `/validate` nobody can put anything back, so only equal values are the same.
 * A value of a wrong type is refused for its type alone.
 */
export function bootChanges(question: BootQuestion, old: BootReferences): BootChanges {
  const { subject, boot } = question;
  if (question.reading.malformed.length > 0) return { imageName: SAME, image: SAME };
  if (subject.privileged && isImageless(boot) && at(subject.object, FAILED_OVER) !== undefined) {
    return { imageName: { is: "unset" }, image: { is: "unset" } };
  }
  if (subject.endpoint === "validate") {
    return { imageName: exactChange(boot.imageName, old.imageName), image: exactChange(boot.image, old.image) };
  }
  const stored = new StoredBoot(question, old);
  return { imageName: stored.change(boot.imageName, old.imageName), image: stored.change(boot.image, old.image) };
}

export function isViolation({ is }: Change): boolean {
  return is === "changed";
}

const FAILED_OVER = ["metadata", "annotations", FAILED_OVER_ANNOTATION];

function exactChange(sent: Reference | undefined, old: Reference | undefined): Change {
  if (isSame(sent, old)) return SAME;
  if (sent?.name === old?.name && old?.kind === "") return { is: "kindFilled" };
  return { is: "changed", namesOtherImage: false };
}

/** A stored VMI ID says which image it is, even when the image is gone. */
function idIn(imageName: Reference | undefined): string | undefined {
  return imageName?.name.startsWith(VMI_ID_PREFIX) === true ? imageName.name : undefined;
}

/** The image that a stored machine was created with, and what people may call it. */
class StoredBoot {
  readonly #question: BootQuestion;
  readonly #old: BootReferences;
  readonly #pins: ReadonlyMap<string, Pin>;
  /** The stored object in the index, as far as it is there: both scopes' where both have it (R5). */
  readonly #images: readonly Image[];
  /** Its object name; undefined where the machine has no image, or a display name of which nobody knows the image. */
  readonly #objectName: string | undefined;
  /** The kind whose absence keeps us from knowing the above. */
  readonly #unsynced: NotSynced | undefined;

  constructor(question: BootQuestion, old: BootReferences) {
    this.#question = question;
    this.#old = old;
    this.#pins = livingPins(readPins(question.subject.oldObject), (field) => this.#storedValue(field));
    const meaning = this.#meaningOfStoredName();
    this.#objectName = old.image?.name || (meaning?.is === "resolved" ? meaning.image.name : idIn(old.imageName));
    this.#unsynced = meaning?.is === "notSynced" ? meaning : undefined;
    this.#images = this.#objectName === undefined ? [] : this.#imagesNamed(this.#objectName);
  }

  change(sent: Reference | undefined, old: Reference | undefined): Change {
    if (sent === undefined || old === undefined || isSame(sent, old)) return SAME;
    if (sent.name === "") return isEmpty(old) ? SAME : { is: "putBack" };
    if (this.#isKnownName(sent.name) && this.#isKnownKind(sent, old)) return { is: "putBack" };
    return this.#meaningNow(sent);
  }

  /** Another way to name it that only the index knows, or really another image. */
  #meaningNow(sent: Reference): Change {
    if (this.#unsynced !== undefined) return this.#unsynced;
    const { subject, index, policy } = this.#question;
    if (sent.kind !== "" && !isImageKind(sent.kind)) return { is: "changed", namesOtherImage: false };
    const query = { namespace: subject.namespace, name: sent.name, kind: sent.kind === "" ? undefined : sent.kind };
    const found = find(index, query, policy.resolution);
    if (found?.is === "notSynced") return found;
    if (found?.is !== "resolved") return { is: "changed", namesOtherImage: false };
    if (found.image.name === this.#objectName) return { is: "putBack" };
    // Where the stored image is not known, the new value may well name it: no leave to re-create the machine.
    return { is: "changed", namesOtherImage: this.#objectName !== undefined };
  }

  #isKnownName(name: string): boolean {
    if (name === this.#objectName || name === this.#old.imageName?.name) return true;
    if ([...this.#pins.values()].some(({ requested }) => requested === name)) return true;
    return this.#images.some((image) => isNameOf(image, name, this.#question.policy.resolution));
  }

  /**
   * A kind other than the stored one names the same image only where we rewrote it ourselves, or where the name is
   * the object name (R5); a display name may mean another image there.
   */
  #isKnownKind(sent: Reference, old: Reference): boolean {
    const stored = old.kind === "" ? this.#images[0]?.kind : old.kind;
    if (sent.kind === "" || stored === undefined || sent.kind === stored) return true;
    if (!isImageKind(sent.kind)) return false;
    return sent.name === this.#objectName || this.#pins.get(`${fieldOf(sent.path)}.kind`)?.requested === sent.kind;
  }

  /** What a stored `imageName` means now, where no `spec.image` says it. */
  #meaningOfStoredName(): ReturnType<typeof find> {
    const { imageName, image } = this.#old;
    if (imageName === undefined || imageName.name === "" || (image !== undefined && image.name !== ""))
      return undefined;
    const { subject, index, policy } = this.#question;
    return find(index, { namespace: subject.namespace, name: imageName.name }, policy.resolution);
  }

  #imagesNamed(name: string): readonly Image[] {
    const { subject, index } = this.#question;
    return IMAGE_KINDS.flatMap((kind) => scopeOf(index, kind, subject.namespace).byObjectName(name) ?? []);
  }

  #storedValue(field: string): string | undefined {
    for (const reference of [this.#old.imageName, this.#old.image]) {
      if (reference === undefined) continue;
      if (field === fieldOf(reference.namePath)) return reference.name;
      if (field === `${fieldOf(reference.path)}.kind`) return reference.kind;
    }
    return undefined;
  }
}
