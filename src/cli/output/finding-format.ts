import type { CheckedObject, Finding } from "./finding.ts";
import { githubFindings } from "./github.ts";
import { jsonFindings } from "./json.ts";
import { junitFindings } from "./junit.ts";
import type { CheckOutput } from "./outputs.ts";
import { sarifFindings } from "./sarif.ts";
import type { Summary } from "./summary.ts";
import { textFindings } from "./text.ts";

/** How `check` prints what it found. */
export type FindingFormat = LineFormat | DocumentFormat;

/** Each finding as it is found, and then a summary. */
export interface LineFormat {
  readonly is: "lines";
  /** `namesObject`: a line does not tell its object, as on standard input and in a `List`. */
  readonly finding: (finding: Finding, namesObject: boolean) => string;
  /** `isEmpty`: there is no object of a kind that names images, and that is an error. */
  readonly summary: (summary: Summary, isEmpty: boolean) => string;
}

/** One document when everything is checked. */
export interface DocumentFormat {
  readonly is: "document";
  readonly document: (checked: readonly CheckedObject[], summary: Summary, isEmpty: boolean) => string;
}

export const FINDING_FORMATS: Readonly<Record<CheckOutput, FindingFormat>> = {
  text: textFindings,
  json: jsonFindings,
  github: githubFindings,
  sarif: sarifFindings,
  junit: junitFindings,
};
