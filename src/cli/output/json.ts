import type { FindingFormat } from "./finding-format.ts";
import { checkedOf, NOTHING_CHECKED } from "./summary.ts";

/** A JSON document on one line. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** A line for each `Finding`, then `{"summary": {"checked": 3, "refused": 1, "warned": 0, "skipped": 2}}`. */
export const jsonFindings: FindingFormat = {
  finding: jsonLine,
  summary: (summary) => {
    const { refused, warned, skipped } = summary;
    const checked = checkedOf(summary);
    const warning = checked === 0 ? { warning: NOTHING_CHECKED } : {};
    return jsonLine({ summary: { checked, refused, warned, skipped }, ...warning });
  },
};
