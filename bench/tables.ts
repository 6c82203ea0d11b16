/** A figure and the limit that this project sets for it. */
export interface Figure {
  readonly text: string;
  readonly value: number;
  /** `share` is printed in percent. */
  readonly unit: Unit;
  readonly min?: number;
  readonly max?: number;
}

export type Unit = "share" | "times" | "ms" | "us" | "B" | "MiB" | "calls" | "calls/s";

/** A figure that was not measured misses its limit. */
export function isKept({ value, min, max }: Figure): boolean {
  if (min === undefined && max === undefined) return true;
  return value >= (min ?? -Infinity) && value <= (max ?? Infinity);
}

/** The limit of a figure, and whether it is missed. Empty where it has none. */
export function limitOf(figure: Figure): string {
  const { unit, min, max } = figure;
  const limits = [
    min === undefined ? "" : `>= ${format(min, unit)}`,
    max === undefined ? "" : `<= ${format(max, unit)}`,
  ];
  return `${limits.join("")}${isKept(figure) ? "" : " MISSED"}`;
}

export function format(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return "-";
  if (unit === "share") return `${(100 * value).toFixed(1)} %`;
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits })} ${unit}`;
}
