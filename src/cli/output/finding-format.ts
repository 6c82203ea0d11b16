import type { Finding } from "../findings.ts";
import type { CheckOutput } from "../flags.ts";
import { githubFindings } from "./github.ts";
import { jsonFindings } from "./json.ts";
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
