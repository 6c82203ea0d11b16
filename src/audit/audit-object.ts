import { type Decide, type Decision } from "../admission/decide.ts";
import { applyPatch } from "../admission/json-patch.ts";
import type { AdmissionRequest } from "../admission/review.ts";
import { referenceRows } from "../admission/systems.ts";
import { fieldOf } from "../common/field-path.ts";
import { type JsonObject, textAt } from "../common/json.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { errorMessage, type FieldError, plain, quote } from "../references/field-error.ts";
import type { Lookup } from "../references/resolve-reference.ts";
import { AUDIT_FINDINGS, type AuditedObject, type AuditFinding, type AuditFindingId } from "./finding.ts";
import { pinFindings } from "./pin-findings.ts";

/** What is found about one object, before the object is named. */
export type Found = Pick<AuditFinding, "id" | "field" | "message" | "remedy">;

/** The findings that a check of admission is reported as, where it has one of its own. */
const ID_OF_CHECK: Readonly<Record<string, AuditFindingId>> = {
  agree: "disagree",
  ready: "not-ready",
  terminating: "terminating",
  required: "no-image",
};

/**
 * The findings about one stored object: what admission says if an ordinary user creates it again, which of its fields say a
 * display name, and what the pinned annotation says. An object that is being deleted has none.
 */
export function auditObject(request: AdmissionRequest, index: ImageIndex, decide: Decide): readonly AuditFinding[] {
  const { object } = request;
  if (object === undefined || textAt(object, ["metadata", "deletionTimestamp"]) !== "") return [];
  const subject = subjectOf(request, object);
  const { group, version, kind } = request.kind;
  const found = [
    ...createdAgain(request, index, decide),
    ...pinFindings(object, { rows: referenceRows(group, version, kind), subject, group }),
  ];
  return found.map((each) => findingOf(subject, each));
}

/** A finding with the level of its ID. */
export function findingOf(subject: AuditedObject, found: Found): AuditFinding {
  return { ...subject, ...found, level: AUDIT_FINDINGS[found.id].level };
}

function subjectOf({ kind: { kind }, namespace }: AdmissionRequest, object: JsonObject): AuditedObject {
  return { kind, namespace, name: textAt(object, ["metadata", "name"]) };
}

/** The decisions about a CREATE: of both endpoints also where the first refuses, so that every check is heard. */
function createdAgain(request: AdmissionRequest, index: ImageIndex, decide: Decide): readonly Found[] {
  const mutated = decide("mutate", request, index);
  const object =
    mutated.is === "allowed" && request.object !== undefined
      ? applyPatch(request.object, mutated.patch)
      : request.object;
  const validated = decide("validate", { ...request, object }, index);
  const undecided = [mutated, validated].find((decision) => decision.is === "undecided");
  if (undecided !== undefined) {
    const message = `not looked up: ${undecided.because}`;
    return [{ id: "undecided", field: "spec", message, remedy: undefined }];
  }
  return [...checkFindings([mutated, validated]), ...mutated.lookups.flatMap(displayName)];
}

/** What the checks say, once for each check and field. */
function checkFindings(decisions: readonly Decision[]): readonly Found[] {
  const found = new Map<string, Found>();
  for (const { error, other } of decisions.flatMap(heard)) {
    const key = `${error.check} ${error.field}`;
    if (!found.has(key)) found.set(key, checkFinding(error, other));
  }
  return [...found.values()];
}

interface Heard {
  readonly error: FieldError;
  /** The finding of a check that has none of its own. */
  readonly other: AuditFindingId;
}

function heard(decision: Decision): readonly Heard[] {
  if (decision.is === "undecided") return [];
  const { denials, warnings } = decision.findings;
  return [
    ...denials.map((error) => ({ error, other: "refused" }) as const),
    ...warnings.map((error) => ({ error, other: "warned" }) as const),
  ];
}

function checkFinding(error: FieldError, other: AuditFindingId): Found {
  const { remedy, ...bare } = error;
  return {
    id: error.check === "exists" ? existsId(error) : (ID_OF_CHECK[error.check] ?? other),
    field: error.field,
    message: errorMessage(bare),
    remedy: remedy === undefined ? undefined : plain(remedy),
  };
}

function existsId({ reason }: FieldError): AuditFindingId {
  return reason === "FieldValueNotFound" ? "gone" : "ambiguous";
}

/** A reference that is not the object name of the image that it means. */
function displayName(lookup: Lookup): readonly Found[] {
  if (lookup.is !== "resolved" || lookup.reference.name === lookup.image.name) return [];
  const { reference, image } = lookup;
  const remedy =
    `with the webhook installed, write ${quote(image.name)} in its manifest; ` +
    "a stored boot image changes only when the machine is created again";
  return [
    {
      id: "display-name",
      field: fieldOf(reference.namePath),
      message: `${quote(reference.name)} is not an object name; it means ${plain(`${image.kind} ${image.name}`)} now`,
      remedy,
    },
  ];
}
