import type { ImageKind } from "../images/image.ts";
import type { OsImagePolicy } from "../osimage/policy.ts";
import { OS_IMAGES } from "../osimage/system.ts";
import type { CheckFacts } from "../references/check.ts";
import type { Evaluate, ImageSystem } from "../references/image-system.ts";
import type { Level, Levels } from "../references/policy.ts";
import type { CompiledRow } from "../references/row.ts";
import type { MachinePolicy } from "../vm-operator/policy.ts";
import { VM_OPERATOR } from "../vm-operator/system.ts";

/** What the image systems read of the operator's choices. */
export type SystemsPolicy = MachinePolicy & OsImagePolicy;

/** The image systems. A new one is a folder, a line here, and its kinds of image in src/images. */
const SYSTEMS: readonly ImageSystem<SystemsPolicy>[] = [VM_OPERATOR, OS_IMAGES];

/**
 * The reference table: every place that names an image. Parsing, mutation, validation, the webhook configurations and
 * docs/references.md follow it.
 */
export const REFERENCES: readonly CompiledRow[] = SYSTEMS.flatMap(({ rows }) => rows);

/** The check table: every check once, also where image systems share it. */
export const CHECKS: readonly CheckFacts[] = SYSTEMS.flatMap(({ checks }) => checks).filter(
  ({ id }, position, all) => all.findIndex((each) => each.id === id) === position,
);

export const CHECK_IDS: readonly string[] = CHECKS.map(({ id }) => id);

export const DEFAULT_LEVELS: Levels = levelsBy(({ level }) => level);

/** A level for each check. */
export function levelsBy(level: (check: CheckFacts) => Level): Levels {
  return Object.fromEntries(CHECKS.map((check) => [check.id, level(check)]));
}

/** The rows of one kind in one version; empty for a kind that names no image. */
export function referenceRows(group: string, version: string, kind: string): readonly CompiledRow[] {
  return REFERENCES.filter((row) => row.kind === kind && row.group === group && row.versions.includes(version));
}

/** The kinds of image that objects of one kind can name. */
export function imagesNamedBy(group: string, version: string, kind: string): readonly ImageKind[] {
  return [...new Set(referenceRows(group, version, kind).flatMap(({ images }) => images))];
}

/** The rows of one kind in one version, and the evaluation of such objects. */
export interface EvaluatedKind {
  readonly rows: readonly CompiledRow[];
  readonly evaluate: Evaluate;
}

/** Finds, for one policy, the image system of a kind; undefined for a kind that names no image. */
export function systemFinder(
  policy: SystemsPolicy,
): (group: string, version: string, kind: string) => EvaluatedKind | undefined {
  const kinds = new Map<string, EvaluatedKind>();
  for (const system of SYSTEMS) {
    const evaluate = system.evaluatorFor(policy);
    for (const { group, kind, versions } of system.rows) {
      for (const version of versions) {
        kinds.set(`${group}/${version}/${kind}`, { rows: referenceRows(group, version, kind), evaluate });
      }
    }
  }
  return (group, version, kind) => kinds.get(`${group}/${version}/${kind}`);
}
