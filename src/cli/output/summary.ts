import type { Finding, Verdict } from "./finding.ts";
import { REFERENCES } from "../../admission/systems.ts";

/** The number of objects with each verdict. */
export type Summary = Readonly<Record<Verdict, number>>;

const CHECKED_KINDS = [...new Set(REFERENCES.map(({ kind }) => kind))];

const NOTHING_CHECKED = `nothing was checked: there is no ${CHECKED_KINDS.slice(0, -1).join(", ")} or ${CHECKED_KINDS.at(-1)}`;

/** What is said where no object was checked: an error with its remedy, or a warning. */
export function noticeOf(
  summary: Summary,
  isEmpty: boolean,
): { readonly level: Finding["level"]; readonly message: string } | undefined {
  if (checkedOf(summary) > 0) return undefined;
  if (!isEmpty) return { level: "warning", message: NOTHING_CHECKED };
  return { level: "error", message: `${NOTHING_CHECKED}; correct the path, or allow that by --allow-empty` };
}

/** All objects but the skipped ones. */
export function checkedOf({ refused, warned, admitted }: Summary): number {
  return refused + warned + admitted;
}

export function summaryText(summary: Summary): string {
  const checked = checkedOf(summary);
  const { refused, warned, skipped } = summary;
  return `${checked} object${checked === 1 ? "" : "s"} checked: ${refused} refused, ${warned} warned; ${skipped} skipped\n`;
}
