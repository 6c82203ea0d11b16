import { textAt } from "../json.ts";
import { type CauseReason, type FieldProblem, problemMessage } from "../references/problem.ts";
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
 * What a person reads when an object is refused; design section 7. For reason Invalid kubectl prints the causes, every
 * other client prints the message.
 */
export function refusalStatus(request: AdmissionRequest, problems: readonly FieldProblem[]): RefusalStatus {
  const onUpdate = request.operation === "UPDATE";
  const causes = problems.map((problem) => {
    const message = problemMessage(problem);
    return {
      reason: problem.reason,
      field: problem.field,
      message: onUpdate ? withoutForceWords(message) : message,
    };
  });
  return {
    status: "Failure",
    ...(onUpdate && !isMeantToRecreate(problems) ? FORBIDDEN : INVALID),
    message: causes.map(({ field, message }) => `${field}: ${message}`).join(", "),
    details: { group: request.kind.group, kind: request.kind.kind, name: nameOf(request), causes },
  };
}

const INVALID = { code: 422, reason: "Invalid" } as const;
/** `kubectl apply --force` and Flux's force delete and re-create an object whose update is Invalid: a typo would. */
const FORBIDDEN = { code: 403, reason: "Forbidden" } as const;

/** The new value names exactly one other image: who forces that wants the machine made anew. */
function isMeantToRecreate(problems: readonly FieldProblem[]): boolean {
  return problems.every(({ namesOtherImage }) => namesOtherImage === true);
}

/** Words that Flux, too, takes for leave to re-create; they could come from a name. */
function withoutForceWords(message: string): string {
  return message.replace(/(?<=is) (?=immutable)|(?<=immutable) (?=field)/gi, "\u00a0");
}

function nameOf({ name, object }: AdmissionRequest): string {
  return name || textAt(object, ["metadata", "name"]) || textAt(object, ["metadata", "generateName"]);
}
