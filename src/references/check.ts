import type { FieldError } from "./field-error.ts";
import type { Level, Levels } from "./policy.ts";

/** What docs, flags and metrics say of a check. */
export interface CheckFacts {
  readonly id: string;
  /** What a failure does unless `--check` says otherwise. */
  readonly level: Level;
  /** When `/mutate` runs it; `/validate` runs every check except those that are `only` there. */
  readonly mutate: MutatePhase;
  /** What it demands, for people. */
  readonly rule: string;
}

/** A check of objects with this context: a row of an image system's check table. */
export interface CheckRow<C> extends CheckFacts {
  /** Whether the object has what the check reads; absent where every object has. */
  readonly appliesTo?: (context: C) => boolean;
  readonly run: (context: C) => Iterable<FieldError>;
}

/**
 * - `before`: where it fails, there is no right patch.
 * - `only`: what it reads is gone after mutation.
 * - `after`: on the mutated object. The API server calls validating webhooks in parallel and the first refusal wins; the
 *   422 of another webhook would let `kubectl apply --force` re-create the machine.
 * - `afterOnUpdate`: the same on UPDATE; on CREATE a later webhook may still set the field.
 * - `never`: it warns, or it reads what later webhooks may still set.
 */
export type MutatePhase = "before" | "only" | "after" | "afterOnUpdate" | "never";

/** A check that is on. */
export interface ActiveCheck<C> {
  readonly row: CheckRow<C>;
  readonly level: Exclude<Level, "off">;
}

export function activeChecks<C>(rows: readonly CheckRow<C>[], levels: Levels): readonly ActiveCheck<C>[] {
  return rows.flatMap((row) => {
    const level = levels[row.id] ?? row.level;
    return level === "off" ? [] : { row, level };
  });
}

export interface Findings {
  readonly denials: readonly FieldError[];
  readonly warnings: readonly FieldError[];
}

export const NO_FINDINGS: Findings = { denials: [], warnings: [] };

/** Runs the checks in the order of their table. */
export function runChecks<C>(context: C, checks: readonly ActiveCheck<C>[]): Findings {
  const denials: FieldError[] = [];
  const warnings: FieldError[] = [];
  for (const { row, level } of checks) {
    if (row.appliesTo?.(context) === false) continue;
    for (const error of row.run(context)) {
      (level === "deny" && error.onlyWarns !== true ? denials : warnings).push(error);
    }
  }
  return { denials, warnings };
}
