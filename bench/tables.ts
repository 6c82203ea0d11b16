/** A figure and the limit that this project sets for it. */
export interface Figure {
  readonly text: string;
  readonly value: number;
  /** `share` is printed in percent. */
  readonly unit: Unit;
  readonly least?: number;
  readonly most?: number;
}

export type Unit = "share" | "times" | "ms" | "us" | "B" | "MiB" | "calls" | "calls/s";

/** A figure that was not measured misses its limit. */
export function isKept({ value, least, most }: Figure): boolean {
  if (least === undefined && most === undefined) return true;
  return value >= (least ?? -Infinity) && value <= (most ?? Infinity);
}

/** The limit of a figure, and whether it is missed. Empty where it has none. */
export function limitOf(figure: Figure): string {
  const { unit, least, most } = figure;
  const limits = [
    least === undefined ? "" : `>= ${format(least, unit)}`,
    most === undefined ? "" : `<= ${format(most, unit)}`,
  ];
  return `${limits.join("")}${isKept(figure) ? "" : " MISSED"}`;
}

export function format(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return "-";
  if (unit === "share") return `${(100 * value).toFixed(1)} %`;
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits })} ${unit}`;
}
