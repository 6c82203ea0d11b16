import type { Finding, Verdict } from "./finding.ts";
import { REFERENCES } from "../../admission/systems.ts";

/** The number of objects with each verdict. */
export type Summary = Readonly<Record<Verdict, number>>;

const CHECKED_KINDS = [...new Set(REFERENCES.map(({ kind }) => kind))];

const NOTHING_CHECKED = nothingDone("checked");

function nothingDone(done: string): string {
  return `nothing was ${done}: there is no ${CHECKED_KINDS.slice(0, -1).join(", ")} or ${CHECKED_KINDS.at(-1)}`;
}

/** The error of a command without an object of a kind that names images. `done`: what it did with none, such as `pinned`. */
export function nothingHere(done: string): string {
  return `${nothingDone(done)}; correct the path, or allow that by --allow-empty`;
}

/** What is said where no object was checked: an error with its remedy, or a warning. */
export function noticeOf(
  summary: Summary,
  isEmpty: boolean,
): { readonly level: Finding["level"]; readonly message: string } | undefined {
  if (checkedOf(summary) > 0) return undefined;
  if (!isEmpty) return { level: "warning", message: NOTHING_CHECKED };
  return { level: "error", message: nothingHere("checked") };
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
