import { at } from "../common/json.ts";
import type { AdmissionTarget } from "../references/target.ts";

const POWERED_ON = "PoweredOn";
/** Prefix of annotations that delay the power-on (vm-operator CheckAnnotationPowerOn): such a machine is not on yet. */
const POWER_ON_CHECK = "poweron.check.vmoperator.vmware.com";

/** Whether a machine is powered on before and after an UPDATE (vm-operator validateCdromWhenPoweredOn); no template is. */
export function staysPoweredOn({ object, oldObject, isTemplate }: AdmissionTarget): boolean {
  if (oldObject === undefined || isTemplate) return false;
  const annotations = Object.keys((at(oldObject, ["metadata", "annotations"]) as object | null | undefined) ?? {});
  return (
    [object, oldObject].every((machine) => at(machine, ["spec", "powerState"]) === POWERED_ON) &&
    !annotations.some((name) => name.startsWith(POWER_ON_CHECK))
  );
}
