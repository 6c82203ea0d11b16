import { referenceRows, REFERENCES } from "../admission/systems.ts";
import type { Decide, Decision } from "../admission/decide.ts";
import { applyPatch } from "../admission/json-patch.ts";
import type { AdmissionRequest } from "../admission/review.ts";
import { Failure } from "../common/failure.ts";
import type { ImageIndex } from "../images/image-index.ts";
import { isJsonObject, textAt, textOrNothing } from "../common/json.ts";
import { errorMessage } from "../references/field-error.ts";

import type { CheckedObject, Finding, Verdict } from "./output/finding.ts";
import { isChecked, type Manifest } from "./manifest.ts";
import { mistakesIn } from "./mistakes.ts";

/** What a manifest is checked against. */
export interface CheckInput {
  /** Used for objects without a namespace. */
  readonly namespace: string;
  readonly index: ImageIndex;
  readonly decide: Decide;
}

export type Message = Pick<Finding, "level" | "rule" | "field" | "message">;

/** The CREATE of an object by an ordinary user. Undefined for an object of a kind that names no image. */
export function createRequest({ object }: Pick<Manifest, "object">, namespace: string): AdmissionRequest | undefined {
  const { group, version, kind } = typeOf(object);
  const [row] = referenceRows(group, version, kind);
  if (!isJsonObject(object) || row === undefined) return undefined;
  return {
    uid: "",
    kind: { group, version, kind },
    subResource: undefined,
    operation: "CREATE",
    namespace: row.scope === "Cluster" ? undefined : textAt(object, ["metadata", "namespace"]) || namespace,
    name: textOrNothing(object, ["metadata", "name"]),
    user: { name: "", groups: [] },
    object,
    oldObject: undefined,
  };
}

/** What admission says about a manifest. Throws a Failure `images` where the index is not complete enough to decide. */
export function checkManifest(manifest: Manifest, { namespace, index, decide }: CheckInput): CheckedObject {
  const request = createRequest(manifest, namespace);
  if (request === undefined) return checked(manifest, namespace, "skipped", unknownVersion(manifest, "checked"));
  const decisions = admit(request, index, decide);
  const mistakes = mistakesOf(request);
  const others = [...errorsOf(decisions), ...warningsOf(decisions)];
  const messages = [...mistakes, ...others.filter(({ field }) => !mistakes.some((each) => each.field === field))];
  const undecided = decisions.find((decision) => decision.is === "undecided");
  if (undecided !== undefined) {
    throw new Failure("images", `${manifest.file}:${manifest.positionOf("").line}: not decided: ${undecided.because}`);
  }
  return checked(manifest, request.namespace ?? "", verdictOf(messages), messages);
}

/** Each is an error: the API server refuses the object, or drops the field. It replaces what admission says about its field. */
function mistakesOf({ object, kind }: AdmissionRequest): readonly Message[] {
  if (object === undefined) return [];
  return mistakesIn(object, kind).map((mistake) => ({ level: "error", rule: "unknown-field", ...mistake }));
}

/** Asks as the API server does: validation gets the mutated object, and none that mutation refused. */
function admit(request: AdmissionRequest, index: ImageIndex, decide: Decide): readonly Decision[] {
  const mutated = decide("mutate", request, index);
  if (mutated.is !== "allowed" || request.object === undefined) return [mutated];
  const object = applyPatch(request.object, mutated.patch);
  return [mutated, decide("validate", { ...request, object }, index)];
}

function errorsOf(decisions: readonly Decision[]): readonly Message[] {
  return decisions
    .flatMap((decision) => (decision.is === "refused" ? decision.errors : []))
    .map((error) => ({ level: "error", rule: error.check, field: error.field, message: errorMessage(error) }));
}

/** Each warning once. It begins with its field (references/problem.ts). */
function warningsOf(decisions: readonly Decision[]): readonly Message[] {
  const warnings = decisions.flatMap((decision) => (decision.is === "undecided" ? [] : decision.warnings));
  return [...new Set(warnings)].map((warning) => {
    const [field = ""] = warning.split(": ", 1);
    return { level: "warning", rule: "warning", field, message: warning.slice(`${field}: `.length) };
  });
}

/** Whether an object is of a kind that names images, in whatever version. */
export function isOfCheckedKind({ object }: Manifest): boolean {
  const { group, kind } = typeOf(object);
  return isChecked(group, kind);
}

/**
 * An object of a known kind may name images even in a version that the reference table does not have. `done`: what is not
 * done with it, such as `checked`.
 */
export function unknownVersion({ object }: Pick<Manifest, "object">, done: string): readonly Message[] {
  const { group, version, kind } = typeOf(object);
  if (!isChecked(group, kind)) return [];
  const rows = REFERENCES.filter((row) => row.group === group && row.kind === kind);
  const known = [...new Set(rows.flatMap(({ versions }) => versions))].join(", ");
  return [
    {
      level: "warning",
      rule: "unknown-version",
      field: "apiVersion",
      message: `not ${done}: ${kind} is known here in ${known}, not in ${version}`,
    },
  ];
}

function verdictOf(messages: readonly Message[]): Verdict {
  if (messages.some(({ level }) => level === "error")) return "refused";
  return messages.length > 0 ? "warned" : "admitted";
}

function checked(
  { file, object, positionOf }: Manifest,
  namespace: string,
  verdict: Verdict,
  messages: readonly Message[],
): CheckedObject {
  const subject = {
    kind: textAt(object, ["kind"]),
    namespace: textAt(object, ["metadata", "namespace"]) || namespace,
    name: textAt(object, ["metadata", "name"]) || textAt(object, ["metadata", "generateName"]),
  };
  const findings = messages.map((each) => ({ file, ...positionOf(each.field), object: subject, ...each }));
  return { file, object: subject, verdict, findings };
}

function typeOf(object: unknown): AdmissionRequest["kind"] {
  const [group = "", version = ""] = textAt(object, ["apiVersion"]).split("/");
  return { group, version, kind: textAt(object, ["kind"]) };
}
