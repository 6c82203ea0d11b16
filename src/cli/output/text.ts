import { stringify } from "yaml";
import { type Image, isClusterScopedVmImage, isVmImage, libraryOf } from "../../images/image.ts";
import type { MatchedBy, Resolution } from "../../images/resolve.ts";
import { quote } from "../../references/field-error.ts";
import { ENDPOINT_PATHS } from "../../server/admission-server.ts";
import type { ReplayAnswer } from "./replay-answer.ts";
import type { LineFormat } from "./finding-format.ts";
import { objectText } from "./finding.ts";
import { noticeOf, summaryText } from "./summary.ts";

/** `FILE:LINE: LEVEL: [KIND NAMESPACE/NAME: ]FIELD: MESSAGE`, as compilers print it. */
export const textFindings: LineFormat = {
  is: "lines",
  finding: ({ file, line, level, field, message, object }, namesObject) =>
    `${file}:${line}: ${level}: ${namesObject ? `${objectText(object)}: ` : ""}${field}: ${message}\n`,
  summary: (summary, isEmpty) => {
    const notice = noticeOf(summary, isEmpty);
    return `${notice === undefined ? "" : `${notice.level}: ${notice.message}\n`}${summaryText(summary)}`;
  },
};

/** What `resolve` prints; a name that is not found has the images with similar names. */
export type ExplainedResolution =
  Exclude<Resolution, { is: "notFound" }> | { readonly is: "notFound"; readonly near: readonly Image[] };

const MATCHED_BY: Readonly<Record<MatchedBy, string>> = {
  objectName: "object name",
  displayName: "display name",
  libraryName: "library and name",
};

export function resolutionText(name: string, namespace: string | undefined, resolution: ExplainedResolution): string {
  const asked = namespace === undefined ? quote(name) : `${quote(name)} in namespace ${quote(namespace)}`;
  switch (resolution.is) {
    case "resolved":
      return `${asked} is ${resolution.image.name}, found by ${MATCHED_BY[resolution.matchedBy]}\n${lines([resolution.image])}`;
    case "ambiguous":
      return `${asked} is ambiguous, by ${MATCHED_BY[resolution.matchedBy]}:\n${lines(resolution.candidates)}`;
    case "notFound":
      return resolution.near.length === 0
        ? `${asked} is no image, and no image has a similar name\n`
        : `${asked} is no image; images with similar names:\n${lines(resolution.near)}`;
    case "notSynced":
      return `${asked} cannot be resolved: the list of ${resolution.kind}s is not complete\n`;
  }
}

function lines(images: readonly Image[]): string {
  return images.map((image) => `  ${factsOf(image)}\n`).join("");
}

function factsOf(image: Image): string {
  const { kind, namespace, name, displayName, readiness, terminating } = image;
  const type = isVmImage(image) ? image.type : undefined;
  const library = libraryOf(image);
  return [
    `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
    ...(isClusterScopedVmImage(image) ? ["in the cluster"] : []),
    ...(displayName === undefined ? ["no display name"] : [`display name ${quote(displayName)}`]),
    ...(type === undefined ? [] : [`type ${type}`]),
    ...(library === undefined ? [] : [`library ${library}`]),
    readiness.is === "ready" ? "ready" : `not ready: ${readiness.reason}`,
    ...(terminating ? ["being deleted"] : []),
  ].join(", ");
}

/** What `replay` prints: the answer, and the object before and after where `diff` is set. */
export function answerText(
  { file, endpoint, code, answer, mistakes, before, after }: ReplayAnswer,
  diff: boolean,
): string {
  const notes = mistakes.map(({ field, message }) => `# mistake in the object: ${field}: ${message}\n`).join("");
  const title = `# ${file}: ${ENDPOINT_PATHS[endpoint]} answers ${code}\n${notes}`;
  const objects =
    before === after ? "# object unchanged\n" : `# before\n${stringify(before)}# after\n${stringify(after)}`;
  return `${title}${JSON.stringify(answer, null, 2)}\n${diff ? objects : ""}`;
}
