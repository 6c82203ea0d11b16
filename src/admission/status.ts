import { textAt } from "../common/json.ts";
import { type CauseReason, type FieldError, errorMessage, withRemediesOnce } from "../references/field-error.ts";
import type { AdmissionRequest } from "./review.ts";

/** The Kubernetes status of a refusal (apimachinery pkg/apis/meta/v1 Status). */
export interface RefusalStatus {
  readonly status: "Failure";
  readonly code: 422 | 403;
  readonly reason: "Invalid" | "Forbidden";
  readonly message: string;
  readonly details: {
    readonly group: string;
    readonly kind: string;
    readonly name: string;
    readonly causes: readonly { readonly reason: CauseReason; readonly field: string; readonly message: string }[];
  };
}

/**
 * Causes of one status. With the longest names, causes and message take some 60 KB: the API server writes a refusal into
 * its audit log, where an event has room for 100 KiB (--audit-log-truncate-max-event-size).
 */
export const MAX_CAUSES = 50;

/**
 * The status of a refused object. For reason Invalid kubectl prints the causes; every other client prints the message.
 * Errors beyond MAX_CAUSES are counted, not listed.
 */
export function refusalStatus(request: AdmissionRequest, problems: readonly FieldError[]): RefusalStatus {
  const onUpdate = request.operation === "UPDATE";
  const listed = withRemediesOnce(problems.slice(0, MAX_CAUSES));
  const causes = [...listed.map((problem) => causeOf(problem, onUpdate)), ...notListed(problems)];
  return {
    status: "Failure",
    ...(onUpdate && !isMeantToRecreate(problems) ? FORBIDDEN : INVALID),
    message: causes.map(({ field, message }) => `${field}: ${message}`).join(", "),
    details: { group: request.kind.group, kind: request.kind.kind, name: nameOf(request), causes },
  };
}

type Cause = RefusalStatus["details"]["causes"][number];

function causeOf(problem: FieldError, onUpdate: boolean): Cause {
  const message = errorMessage(problem);
  return {
    reason: problem.reason,
    field: problem.field,
    message: onUpdate ? withoutForceWords(message) : message,
  };
}

/** A cause of its own after the last one that is listed. */
function notListed(problems: readonly FieldError[]): readonly Cause[] {
  const [first] = problems.slice(MAX_CAUSES);
  if (first === undefined) return [];
  const count = problems.length - MAX_CAUSES;
  const message = `${count} more ${count === 1 ? "problem is" : "problems are"} not listed here`;
  return [{ reason: first.reason, field: first.field, message }];
}

const INVALID = { code: 422, reason: "Invalid" } as const;
/** `kubectl apply --force` and Flux's force delete and re-create an object whose update is Invalid; a typo must not lead to that. */
const FORBIDDEN = { code: 403, reason: "Forbidden" } as const;

/** The new value names exactly one other image: a client that forces it wants to re-create the machine. */
function isMeantToRecreate(problems: readonly FieldError[]): boolean {
  return problems.every(({ namesOtherImage }) => namesOtherImage === true);
}

/** Words that make Flux re-create an object, too; a name could contain them. */
function withoutForceWords(message: string): string {
  return message.replace(/(?<=is) (?=immutable)|(?<=immutable) (?=field)/gi, "\u00a0");
}

function nameOf({ name, object }: AdmissionRequest): string {
  return name ?? (textAt(object, ["metadata", "name"]) || textAt(object, ["metadata", "generateName"]));
}
