import type { Decide } from "../admission/decide.ts";
import { decider } from "../admission/decide.ts";
import { applyPatch } from "../admission/json-patch.ts";
import type { AdmissionRequest } from "../admission/review.ts";
import { levelsBy, referenceRows } from "../admission/systems.ts";
import { fieldOf } from "../common/field-path.ts";
import { type JsonObject, type JsonPath, textAt } from "../common/json.ts";
import { type Image, IMAGE_KIND_ROWS, VMI_ID_PREFIX } from "../images/image.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { find, type ResolutionMode } from "../images/resolve.ts";
import { applyEdits } from "../references/edit.ts";
import { errorMessage } from "../references/field-error.ts";
import { parseReferences, type Reference } from "../references/parse.ts";
import { searchedKind } from "../references/resolve-reference.ts";
import { notPinnable } from "./not-pinnable.ts";

/** A name of an object that becomes the object name of its image. */
export interface Pin {
  /** Of the name, from the object. */
  readonly path: JsonPath;
  /** The display name or LIBRARY/NAME that a person reads. */
  readonly requested: string;
  readonly from: string;
  readonly to: string;
}

/** Why a name cannot be pinned. */
export interface PinProblem {
  readonly field: string;
  /** Does not repeat the field. */
  readonly message: string;
}

export type PinnedObject =
  /** Only what changes; none where every name is an object name already. */
  | { readonly is: "pinned"; readonly pins: readonly Pin[] }
  | { readonly is: "refused"; readonly problems: readonly PinProblem[] }
  /** The index is not complete enough to decide. */
  | { readonly is: "undecided"; readonly because: string };

/** What names mean. */
export interface PinContext {
  readonly index: ImageIndex;
  readonly resolution: ResolutionMode;
  readonly decide: Decide;
}

/** A name that an object has, in a place that names an image. */
export type NamedReference = Reference & { readonly name: string };

/** Finds the remembered name of a reference. */
export type RememberedName = (reference: NamedReference) => string | undefined;

/** The checks whose failure means that a name is not exactly one image. */
const NAME_CHECKS: ReadonlySet<string> = new Set(["exists", "kind", "agree"]);

export function pinContext(index: ImageIndex, resolution: ResolutionMode): PinContext {
  const levels = levelsBy(({ id }) => (NAME_CHECKS.has(id) ? "deny" : "off"));
  const decide = decider({ resolution, write: "both", levels, isPrivileged: () => false, teamGroupPrefix: "" });
  return { index, resolution, decide };
}

/** The names of an object that name images. A field that creates a display name is none. */
export function namedReferences(object: JsonObject, { kind }: Pick<AdmissionRequest, "kind">): NamedReference[] {
  const { references } = parseReferences(object, referenceRows(kind.group, kind.version, kind.kind));
  return references.flatMap((reference) => {
    const { name, role } = reference;
    return name === undefined || role === "creates" ? [] : [{ ...reference, name }];
  });
}

/**
 * The names of a new object that admission would replace by object names. With remembered names, those are resolved in
 * place of the object names that were written for them.
 */
export function pinObject(
  request: AdmissionRequest & { readonly object: JsonObject },
  context: PinContext,
  remembered: RememberedName = () => undefined,
): PinnedObject {
  const asked = withRememberedNames(request, context, remembered);
  const decision = context.decide("mutate", { ...request, object: asked }, context.index);
  if (decision.is === "undecided") return decision;
  if (decision.is === "refused") {
    const problems = decision.errors.map((error) => ({ field: error.field, message: errorMessage(error) }));
    return { is: "refused", problems };
  }
  const mutated = applyPatch(asked, decision.patch);
  const pins: Pin[] = [];
  const problems: PinProblem[] = [];
  for (const reference of namedReferences(asked, request)) {
    const { namePath, name: requested } = reference;
    const [from, to] = [textAt(request.object, namePath), textAt(mutated, namePath)];
    const image = imageOf(to, reference, request, context);
    if (image?.name !== to)
      problems.push({ field: fieldOf(namePath), message: notPinnable(reference, mutated, image) });
    else if (from !== to) pins.push({ path: namePath, requested, from, to });
  }
  return problems.length > 0 ? { is: "refused", problems } : { is: "pinned", pins };
}

/** The image that a name means where it is written as it is, without what admission adds. */
function imageOf(
  name: string,
  reference: NamedReference,
  request: AdmissionRequest,
  { index, resolution }: PinContext,
): Image | undefined {
  const found = find(index, { ...queryOf(request, reference), name }, resolution);
  return found?.is === "resolved" ? found.image : undefined;
}

/** The object after its pins. */
export function applyPins(object: JsonObject, pins: readonly Pin[]): JsonObject {
  return applyEdits(
    object,
    pins.map(({ path, to }) => ({ is: "set", path, value: to })),
  );
}

function withRememberedNames(
  request: AdmissionRequest & { readonly object: JsonObject },
  context: PinContext,
  remembered: RememberedName,
): JsonObject {
  const edits = namedReferences(request.object, request).flatMap((reference) => {
    const value = remembered(reference);
    if (value === undefined || !isObjectName(reference, request, context)) return [];
    return [{ is: "set" as const, path: reference.namePath, value }];
  });
  return applyEdits(request.object, edits);
}

/** Whether a name stands for what is remembered: a person who wrote another display name there means that one. */
function isObjectName(
  reference: NamedReference,
  request: AdmissionRequest,
  { index, resolution }: PinContext,
): boolean {
  if (reference.name.startsWith(VMI_ID_PREFIX)) return true;
  const found = find(index, queryOf(request, reference), resolution);
  if (found?.is === "resolved") return found.image.name === reference.name;
  return found === undefined && reference.images.every((kind) => IMAGE_KIND_ROWS[kind].namedByPeople);
}

function queryOf({ namespace }: AdmissionRequest, reference: NamedReference): Parameters<typeof find>[1] {
  return { namespace, name: reference.name, kind: searchedKind(reference) };
}
