import type { Finding } from "./finding.ts";
import { githubFindings } from "./github.ts";
import { jsonFindings } from "./json.ts";
import type { CheckOutput } from "./outputs.ts";
import type { Summary } from "./summary.ts";
import { textFindings } from "./text.ts";

/** How `check` prints findings, each as it is found, and then a summary. */
export interface FindingFormat {
  readonly finding: (finding: Finding) => string;
  readonly summary: (summary: Summary) => string;
}

export const FINDING_FORMATS: Readonly<Record<CheckOutput, FindingFormat>> = {
  text: textFindings,
  json: jsonFindings,
  github: githubFindings,
};
