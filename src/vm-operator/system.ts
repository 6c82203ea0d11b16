import type { ImageKind } from "../images/image.ts";
import type { ImageQuery } from "../images/image-index.ts";
import type { ChangingReference } from "../references/changing-reference.ts";
import { activeChecks, type Findings } from "../references/check.ts";
import { unsyncedCreatedKind } from "../references/created-name.ts";
import { typeCheck } from "../references/checks/type.ts";
import { evaluate, refusedBeforeParsing } from "../references/evaluate.ts";
import type { Evaluate, ImageSystem } from "../references/image-system.ts";
import { queryOf } from "../references/resolve-reference.ts";
import { annotationRoom } from "./annotation-room.ts";
import { excess } from "./cdrom-limit.ts";
import { VM_CHECKS } from "./check-table.ts";
import { type MachineContext, machineContext } from "./context.ts";
import { convertedMachine } from "./conversion.ts";
import type { MachinePolicy } from "./policy.ts";
import { rewriteMachine } from "./rewrite.ts";
import { VM_ROWS } from "./rows.ts";

/** VirtualMachines, VirtualMachineReplicaSets and publish requests of vm-operator. */
export const VM_OPERATOR: ImageSystem<MachinePolicy> = { rows: VM_ROWS, checks: VM_CHECKS, evaluatorFor };

function evaluatorFor(policy: MachinePolicy): Evaluate {
  const checks = [typeCheck<MachineContext>(), ...activeChecks(VM_CHECKS, policy.levels)];
  const checksCollisions = checks.some(({ row }) => row.id === "publish-collision");
  return (target, index) => {
    const converted = convertedMachine(target);
    const tooMany = excess(target, converted);
    if (tooMany.length > 0) return refusedBeforeParsing(tooMany);
    return evaluate(target, {
      checks,
      contextOf: (each) => machineContext(each, { index, policy, converted }),
      unsyncedKind: (context) => unsyncedKind(context) ?? unsyncedKindForCollisions(context, checksCollisions),
      rewrite: rewriteMachine,
      annotationRoom,
      unresolvedQueries: unresolvedConversionQueries,
    });
  };
}

/** The unsynced kind that a reference needs. */
function unsyncedKind({ bootImage, convertedBoot, changes, cdroms }: MachineContext): ImageKind | undefined {
  const results = [bootImage, convertedBoot, changes?.imageName, changes?.image, ...cdroms.flatMap(resultsOf)];
  return results.find((result) => result?.is === "notSynced")?.kind;
}

function resultsOf({ change, lookup }: ChangingReference): readonly (typeof change | typeof lookup)[] {
  return [change, lookup];
}

function unsyncedKindForCollisions(context: MachineContext, asks: boolean): ImageKind | undefined {
  const { target } = context;
  if (!asks || target.endpoint !== "validate" || target.operation !== "CREATE") return undefined;
  return unsyncedCreatedKind(context);
}

/** The written `imageName` where the annotation boots another image: the index may not have the written one yet. */
function unresolvedConversionQueries(context: MachineContext, { denials }: Findings): readonly ImageQuery[] {
  const { boot, bootImage, converted } = context;
  if (converted === undefined || bootImage.is === "resolved" || boot.imageName?.name === undefined) return [];
  if (!denials.some(({ check }) => check === "conversion")) return [];
  return [queryOf(context, boot.imageName, boot.imageName.name)];
}
