import { normalize } from "node:path";
import type { CheckOutput } from "./flags.ts";
import { plain } from "../references/field-error.ts";
import type { Finding, Verdict } from "./findings.ts";
import { CHECKED_KINDS } from "./manifest-file.ts";

/** How many objects there were of each verdict. */
export type Tally = Readonly<Record<Verdict, number>>;

interface FindingFormat {
  readonly finding: (finding: Finding) => string;
  readonly summary: (tally: Tally) => string;
}

/**
 * What `check` prints: findings as they are found, then a summary. `json` is a JSON document on each line: a `Finding`,
 * and at last `{"summary": {"checked": 3, "refused": 1, "warned": 0, "skipped": 2}}`, of which `checked` is all but the
 * skipped.
 */
export const FINDING_FORMATS: Readonly<Record<CheckOutput, FindingFormat>> = {
  text: {
    finding: ({ file, line, level, field, message }) => `${file}:${line}: ${level}: ${field}: ${message}\n`,
    summary: (tally) => `${isNothing(tally) ? `warning: ${NOTHING}\n` : ""}${inWords(tally)}`,
  },
  json: {
    finding: (finding) => `${JSON.stringify(finding)}\n`,
    summary: (tally) => {
      const { refused, warned, skipped } = tally;
      const warning = isNothing(tally) ? { warning: NOTHING } : {};
      return `${JSON.stringify({ summary: { checked: checkedOf(tally), refused, warned, skipped }, ...warning })}\n`;
    },
  },
  github: {
    finding: (finding) => workflowCommand(finding.level, propertiesOf(finding), `${finding.field}: ${finding.message}`),
    summary: (tally) => `${isNothing(tally) ? workflowCommand("warning", {}, NOTHING) : ""}${inWords(tally)}`,
  },
};

const NOTHING = `nothing was checked: there is no ${CHECKED_KINDS.slice(0, -1).join(", ")} or ${CHECKED_KINDS.at(-1)}`;

function isNothing(tally: Tally): boolean {
  return checkedOf(tally) === 0;
}

function checkedOf({ refused, warned, admitted }: Tally): number {
  return refused + warned + admitted;
}

function inWords(tally: Tally): string {
  const checked = checkedOf(tally);
  const { refused, warned, skipped } = tally;
  return `${checked} object${checked === 1 ? "" : "s"} checked: ${refused} refused, ${warned} warned; ${skipped} skipped\n`;
}

/** GitHub finds a file by its path from the root of the checkout; standard input is no file of it. */
function propertiesOf({ file, line, column, object }: Finding): Readonly<Record<string, string | number>> {
  const place = file === "-" ? {} : { file: normalize(file), line, col: column };
  return {
    ...place,
    title: plain(`${object.kind} ${[object.namespace, object.name].filter((part) => part !== "").join("/")}`),
  };
}

/** docs.github.com/actions/reference/workflow-commands; escaped as actions/toolkit packages/core/src/command.ts does. */
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
