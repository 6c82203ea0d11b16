import { type CheckedObject, type Finding, objectText } from "./finding.ts";
import type { DocumentFormat } from "./finding-format.ts";
import { noticeOf } from "./summary.ts";

/** JUnit XML as Jenkins and GitLab read it: a suite for each file, a test case for each object. */
export const junitFindings: DocumentFormat = {
  is: "document",
  document: (checked, summary, isEmpty) => {
    const files = Map.groupBy(checked, ({ file }) => file);
    const suites = [...files].map(([file, objects]) => suite(file, objects.map(testCase), objects));
    const notice = noticeOf(summary, isEmpty);
    if (notice !== undefined) suites.push(noticeSuite(notice));
    return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("")}</testsuites>\n`;
  },
};

function suite(file: string, cases: readonly string[], objects: readonly CheckedObject[]): string {
  const count = (verdict: CheckedObject["verdict"]): number =>
    objects.filter((object) => object.verdict === verdict).length;
  const counts = { tests: objects.length, failures: count("refused"), errors: 0, skipped: count("skipped") };
  return element("testsuite", { name: file, ...counts }, `\n${cases.join("")}`);
}

/** Errors fail the case. Warnings are its output, because JUnit has no level for them. */
function testCase({ file, object, verdict, findings }: CheckedObject): string {
  const attributes = { classname: file, name: objectText(object) };
  const skipped = verdict === "skipped" ? "<skipped/>\n" : "";
  const errors = findings.filter(({ level }) => level === "error");
  const warnings = findings.filter(({ level }) => level === "warning").map(lineOf);
  const output = warnings.length === 0 ? "" : element("system-out", {}, escapeXml(warnings.join("\n")));
  return element("testcase", attributes, `\n${skipped}${failure(errors)}${output}`);
}

/** One element: Jenkins and GitLab read the first failure of a case only. */
function failure(errors: readonly Finding[]): string {
  const [first] = errors;
  if (first === undefined) return "";
  const attributes = { type: first.rule, message: `${first.field}: ${first.message}` };
  return element("failure", attributes, escapeXml(errors.map(lineOf).join("\n")));
}

function lineOf({ file, line, column, level, field, message }: Finding): string {
  return `${file}:${line}:${column}: ${level}: ${field}: ${message}`;
}

function noticeSuite({ level, message }: Pick<Finding, "level" | "message">): string {
  const isError = level === "error";
  const counts = { tests: 1, failures: 0, errors: isError ? 1 : 0, skipped: isError ? 0 : 1 };
  const result = element(isError ? "error" : "skipped", { message }, "");
  const only = element("testcase", { classname: "check", name: "objects" }, `\n${result}`);
  return element("testsuite", { name: "check", ...counts }, `\n${only}`);
}

function element(name: string, attributes: Readonly<Record<string, string | number>>, content: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  return `<${name}${written.join("")}>${content}</${name}>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 allows no other control characters, surrogates or noncharacters, not even as references. */
const NOT_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

function escapeXml(text: string): string {
  return text
    .replace(NOT_XML, (mark) => `\\u${mark.codePointAt(0)?.toString(16).padStart(4, "0") ?? ""}`)
    .replace(/[&<>"]/g, (mark) => ENTITIES[mark] ?? mark);
}
