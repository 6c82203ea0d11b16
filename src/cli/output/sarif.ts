import { isAbsolute, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { VERSION } from "../../common/version.ts";
import { type CheckedObject, type Finding, objectText, OTHER_RULES } from "./finding.ts";
import type { DocumentFormat } from "./finding-format.ts";
import { jsonLine } from "./json.ts";
import { noticeOf } from "./summary.ts";

/** SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0): one run, a result for each finding. */
export const sarifFindings: DocumentFormat = {
  is: "document",
  document: (checked, summary, isEmpty) => {
    const findings = checked.flatMap((each: CheckedObject) => each.findings);
    const notice = noticeOf(summary, isEmpty);
    const notifications = notice === undefined ? [] : [{ level: notice.level, message: { text: notice.message } }];
    return jsonLine({
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: "vm-image-webhook", version: VERSION, rules: rulesOf(findings) } },
          columnKind: "utf16CodeUnits",
          invocations: [{ executionSuccessful: !isEmpty, toolExecutionNotifications: notifications }],
          results: findings.map(resultOf),
        },
      ],
    });
  },
};

/** The rules that the findings are of, each once. */
function rulesOf(findings: readonly Finding[]): readonly object[] {
  const texts = new Map<string, string>(Object.entries(OTHER_RULES));
  return [...new Set(findings.map(({ rule }) => rule))].map((id) => ({
    id,
    shortDescription: { text: texts.get(id) ?? `Check ${id} of admission.` },
  }));
}

function resultOf({ file, line, column, object, level, rule, field, message }: Finding): object {
  const physical = {
    physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line, startColumn: column } },
  };
  return {
    ruleId: rule,
    level,
    message: { text: `${field}: ${message}` },
    locations: [
      { ...(file === "-" ? {} : physical), logicalLocations: [{ name: objectText(object), kind: "resource" }] },
    ],
  };
}

/** Relative to the root of the checkout, where `check` runs; a colon in the first segment would be a scheme. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return normalize(file).split("/").map(encodeURIComponent).join("/");
}
