import type { ImageKind } from "../images/image.ts";
import type { ImageQuery } from "../images/image-index.ts";
import { type ActiveCheck, type Findings, NO_FINDINGS, runChecks } from "./check.ts";
import type { ResolvedContext } from "./context.ts";
import { applyEdits, type Edit } from "./edit.ts";
import { type FieldError, warningMessage, withRemediesOnce } from "./field-error.ts";
import { type Mutation, mutationOf, type MutationRules } from "./mutation.ts";
import { NO_PINS, type Pins } from "./pinned-annotation.ts";
import type { Lookup } from "./resolve-reference.ts";
import type { AdmissionTarget } from "./target.ts";

/** Result of evaluating one object. */
export type Evaluation =
  /** The index has no complete list of this kind yet. */
  | { readonly is: "undecided"; readonly kind: ImageKind; readonly lookups: readonly Lookup[] }
  | (Evaluated & { readonly is: "refused"; readonly errors: readonly FieldError[] })
  /** The edits at `/mutate`, and the pins that the annotation has after them; none at `/validate`. */
  | (Evaluated & { readonly is: "allowed"; readonly edits: readonly Edit[]; readonly pins: Pins });

interface Evaluated {
  readonly lookups: readonly Lookup[];
  readonly findings: Findings;
  readonly warnings: readonly string[];
  /** Names that the index does not have, where the image may be too new for it. */
  readonly unresolvedQueries: readonly ImageQuery[];
}

/** What differs between image systems. `C` is the system's context. */
export interface Evaluator<C extends ResolvedContext> extends MutationRules<C> {
  readonly checks: readonly ActiveCheck<C>[];
  /** Parses, compares and resolves an object. Called again with the mutated object. */
  readonly contextOf: (target: AdmissionTarget) => C;
  /** The kind whose missing list leaves the object undecided. */
  readonly unsyncedKind: (context: C) => ImageKind | undefined;
  /** Unresolved names that decide, besides those of check `exists`. */
  readonly unresolvedQueries: (context: C, findings: Findings) => readonly ImageQuery[];
}

export function evaluate<C extends ResolvedContext>(target: AdmissionTarget, evaluator: Evaluator<C>): Evaluation {
  const context = evaluator.contextOf(target);
  const unsynced = evaluator.unsyncedKind(context);
  if (unsynced !== undefined) return { is: "undecided", kind: unsynced, lookups: context.lookups };
  const findings = runChecks(context, checksOf(target, evaluator));
  const evaluated = {
    lookups: context.lookups,
    findings,
    warnings: warningTexts(findings.warnings),
    unresolvedQueries: [...unresolvedQueries(context, findings), ...evaluator.unresolvedQueries(context, findings)],
  };
  if (findings.denials.length > 0) return { is: "refused", ...evaluated, errors: findings.denials };
  if (target.endpoint === "validate") return { is: "allowed", ...evaluated, edits: [], pins: NO_PINS };
  return mutated(context, evaluated, evaluator);
}

/** A refusal before any reference is parsed. */
export function refusedBeforeParsing(errors: readonly FieldError[]): Evaluation {
  const findings: Findings = { ...NO_FINDINGS, denials: errors };
  return { is: "refused", errors, findings, lookups: [], warnings: [], unresolvedQueries: [] };
}

function checksOf<C extends ResolvedContext>(
  { endpoint, skipsChecks }: AdmissionTarget,
  { checks }: Evaluator<C>,
): readonly ActiveCheck<C>[] {
  if (skipsChecks) return [];
  return endpoint === "mutate"
    ? checks.filter(({ row }) => row.mutate === "before" || row.mutate === "only")
    : checks.filter(({ row }) => row.mutate !== "only");
}

function mutated<C extends ResolvedContext>(context: C, evaluated: Evaluated, evaluator: Evaluator<C>): Evaluation {
  const mutation = mutationOf(context, evaluator);
  const errors = errorsAfterMutation(context, mutation, evaluator);
  const { warnings: found } = evaluated.findings;
  if (errors.length > 0) {
    return { is: "refused", ...evaluated, errors, findings: { denials: errors, warnings: found } };
  }
  // /validate says what other checks warn of; clients print the warnings of both.
  const seenOnlyHere = found.filter((error) => isSeenOnlyAtMutate(error, evaluator));
  const warnings = [...mutation.warnings, ...warningTexts(seenOnlyHere)];
  return { is: "allowed", ...evaluated, warnings, edits: mutation.edits, pins: mutation.pins };
}

/** What `/mutate` refuses of the mutated object. Warnings are left to `/validate`. */
function errorsAfterMutation<C extends ResolvedContext>(
  context: C,
  { edits }: Mutation,
  evaluator: Evaluator<C>,
): readonly FieldError[] {
  const { target } = context;
  if (target.skipsChecks) return [];
  const isUpdate = target.operation === "UPDATE";
  const checks = evaluator.checks.filter(
    ({ row, level }) =>
      level === "deny" &&
      (row.mutate === "after" || (isUpdate && row.mutate === "afterOnUpdate")) &&
      row.appliesTo?.(context) !== false,
  );
  if (checks.length === 0) return [];
  const object = applyEdits(target.object, edits);
  return runChecks(evaluator.contextOf({ ...target, endpoint: "validate", object }), checks).denials;
}

function warningTexts(errors: readonly FieldError[]): readonly string[] {
  return withRemediesOnce(errors).map(warningMessage);
}

function isSeenOnlyAtMutate<C extends ResolvedContext>({ check }: FieldError, { checks }: Evaluator<C>): boolean {
  return checks.some(({ row }) => row.id === check && row.mutate === "only");
}

/** The names that the index does not have, where check `exists` refuses or admits the object for them. */
function unresolvedQueries({ lookups }: ResolvedContext, { denials, warnings }: Findings): readonly ImageQuery[] {
  const isDecisive =
    denials.some(({ check }) => check === "exists") ||
    warnings.some(({ check, onlyWarns }) => check === "exists" && onlyWarns === true);
  if (!isDecisive) return [];
  return lookups.flatMap((lookup) =>
    lookup.is === "unresolved" && lookup.resolution.is === "notFound" ? lookup.query : [],
  );
}
