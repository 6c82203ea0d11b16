import type { Finding } from "./finding.ts";
import { githubFindings } from "./github.ts";
import { jsonFindings } from "./json.ts";
import type { CheckOutput } from "./outputs.ts";
import type { Summary } from "./summary.ts";
import { textFindings } from "./text.ts";

/** How `check` prints findings, each as it is found, and then a summary. */
export interface FindingFormat {
  /** `namesObject`: a line does not tell its object, as on standard input and in a `List`. */
  readonly finding: (finding: Finding, namesObject: boolean) => string;
  /** `isEmpty`: there is no object of a kind that names images, and that is an error. */
  readonly summary: (summary: Summary, isEmpty: boolean) => string;
}

export const FINDING_FORMATS: Readonly<Record<CheckOutput, FindingFormat>> = {
  text: textFindings,
  json: jsonFindings,
  github: githubFindings,
};
