import type { Image, ImageKind } from "../images/image.ts";
import type { ImageIndex, ImageQuery } from "../images/image-index.ts";
import { isNameOf, type NotSynced, type Resolution, resolve } from "../images/resolve.ts";
import type { Pins } from "./pins.ts";
import type { Policy } from "./policy.ts";
import type { Reading, Reference } from "./reading.ts";
import type { Subject } from "./subject.ts";

/** What references are judged by. */
export interface Question {
  readonly subject: Subject;
  readonly index: ImageIndex;
  readonly policy: Policy;
  readonly reading: Reading;
  /** On UPDATE. */
  readonly oldReading: Reading | undefined;
  /** Of the object as it came. */
  readonly pins: Pins;
  /** Of the stored object. */
  readonly oldPins: Pins;
}

/** What a reference means now. `by` is the reference that problems name. */
export type ReferenceImage =
  | { readonly is: "resolved"; readonly by: Reference; readonly image: Image }
  | {
      readonly is: "unresolved";
      readonly by: Reference;
      readonly resolution: Exclude<Resolution, { is: "resolved" | "notSynced" }>;
    }
  | { readonly is: "unsupportedKind"; readonly by: Reference }
  /** A reference with a kind and no name, or a CD-ROM without an image. */
  | { readonly is: "nameless"; readonly by: Reference }
  | (NotSynced & { readonly by: Reference });

/** Looks one reference up, whether it has a kind or not. */
export function resolveReference(question: Question, by: Reference): ReferenceImage {
  if (by.name === "") return { is: "nameless", by };
  if (!hasSupportedKind(by)) return { is: "unsupportedKind", by };
  const resolution = resolve(question.index, queryOf(question, by), question.policy.resolution);
  switch (resolution.is) {
    case "notSynced":
      return { ...resolution, by };
    case "ambiguous":
    case "notFound":
      return { is: "unresolved", by, resolution };
    case "resolved":
      return { is: "resolved", by, image: resolution.image };
  }
}

/** What a reference asks the index for. */
export function queryOf({ subject }: Pick<Question, "subject">, by: Reference): ImageQuery {
  return { namespace: subject.namespace || undefined, name: by.name, kind: kindMeant(by) };
}

/** Whether the kind that a reference says, if any, is one that it can name. */
export function hasSupportedKind({ kind, images }: Reference): boolean {
  return kind === "" || images.some((each) => each === kind);
}

/** The kind to search for a reference's name; undefined where it may be any that machines boot from. */
export function kindMeant({ kind, images }: Reference): ImageKind | undefined {
  return kind === "" && images.length === 1 ? images[0] : images.find((each) => each === kind);
}

/** Whether a name is one of this image's; the same object name in the other scope is the same image (R5). */
export function isNamedBy({ index, policy }: Question, image: Image, name: string): boolean {
  if (isNameOf(image, name, policy.resolution)) return true;
  const twin = index.cluster().byObjectName(image.name);
  return twin !== undefined && isNameOf(twin, name, policy.resolution);
}

export function isEmpty(reference: Reference | undefined): boolean {
  return reference === undefined || (reference.name === "" && reference.kind === "");
}

export function isSame(one: Reference | undefined, other: Reference | undefined): boolean {
  return (one?.name ?? "") === (other?.name ?? "") && (one?.kind ?? "") === (other?.kind ?? "");
}
