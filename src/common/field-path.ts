import type { JsonPath } from "./json.ts";

/**
 * A path as Kubernetes writes it (apimachinery pkg/util/validation/field): `spec.hardware.cdrom[0].image.name`,
 * `spec.properties[vcluster.com/os-image]`. `start` is the text of the steps before it.
 */
export function fieldOf(path: JsonPath, start = ""): string {
  return path.reduce<string>((field, step) => field + stepText(step, field === ""), start);
}

/** A key that cannot be the name of a field is written as an index. */
function stepText(step: string | number, isFirst: boolean): string {
  if (typeof step === "number" || /[^\w-]/.test(step)) return `[${step}]`;
  return isFirst ? step : `.${step}`;
}
