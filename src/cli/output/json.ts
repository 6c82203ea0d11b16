import type { LineFormat } from "./finding-format.ts";
import { imageJson } from "./image-json.ts";
import type { ExplainedResolution } from "./text.ts";
import { checkedOf, noticeOf } from "./summary.ts";

/** A JSON document on one line. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** What `resolve -o json` prints. */
export function resolutionJson(resolution: ExplainedResolution): object {
  switch (resolution.is) {
    case "resolved":
      return { is: resolution.is, image: imageJson(resolution.image), by: resolution.matchedBy };
    case "ambiguous":
      return { is: resolution.is, candidates: resolution.candidates.map(imageJson), by: resolution.matchedBy };
    case "notFound":
      return { is: resolution.is, near: resolution.near.map(imageJson) };
    case "notSynced":
      return resolution;
  }
}

/** A line for each `Finding`, then `{"summary": {"checked": 3, "refused": 1, "warned": 0, "skipped": 2}}`. */
export const jsonFindings: LineFormat = {
  is: "lines",
  finding: (finding) => jsonLine(finding),
  summary: (summary, isEmpty) => {
    const { refused, warned, skipped } = summary;
    const notice = noticeOf(summary, isEmpty);
    const counts = { checked: checkedOf(summary), refused, warned, skipped };
    return jsonLine({ summary: counts, ...(notice === undefined ? {} : { [notice.level]: notice.message }) });
  },
};
