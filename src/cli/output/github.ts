import { normalize } from "node:path";
import { type Finding, objectText } from "./finding.ts";
import type { LineFormat } from "./finding-format.ts";
import { noticeOf, summaryText } from "./summary.ts";

/** Workflow commands, which GitHub shows at the lines of a pull request. */
export const githubFindings: LineFormat = {
  is: "lines",
  finding: (finding) => workflowCommand(finding.level, propertiesOf(finding), `${finding.field}: ${finding.message}`),
  summary: (summary, isEmpty) => {
    const notice = noticeOf(summary, isEmpty);
    return `${notice === undefined ? "" : workflowCommand(notice.level, {}, notice.message)}${summaryText(summary)}`;
  },
};

/** GitHub knows a file by its path from the root of the checkout, so standard input has none. */
function propertiesOf({ file, line, column, object }: Finding): Readonly<Record<string, string | number>> {
  const place = file === "-" ? {} : { file: normalize(file), line, col: column };
  return {
    ...place,
    title: objectText(object),
  };
}

/** docs.github.com/actions/reference/workflow-commands; escaped as in packages/core/src/command.ts of actions/toolkit. */
function workflowCommand(
  name: Finding["level"],
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${[name, ...(written.length === 0 ? [] : [written.join(",")])].join(" ")}::${escapeMessage(message)}\n`;
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
