import { stringify } from "yaml";
import { type Image, IMAGE_KIND_ROWS, isVmImage } from "../src/images/image.ts";
import { mistakeImages } from "../test/mistakes/images.ts";
import { remedied, valueAt } from "../test/mistakes/edits.ts";
import { manifestOf, type Mistake, type Outcome, type Written } from "../test/mistakes/mistake.ts";
import { type Act, type Edit, isEdit, remediesOf, type Remedy, type Step } from "../test/mistakes/remedies.ts";
import { TOPICS, type Topic } from "../test/mistakes/table.ts";
import { code, prose, table } from "./markdown.ts";

/** Where `npm run docs` writes the page. */
export const MISTAKES_PAGE = new URL("../docs/mistakes.md", import.meta.url);

const HEAD = "<!-- Made from the table of mistakes by npm run docs; do not edit. -->";
const NEW_LINE = "<br>";

/** The page as Markdown, laid out as prettier would. */
export function mistakesPage(topics: readonly Topic[] = TOPICS): string {
  const sections = [
    HEAD,
    "# Mistakes and messages",
    prose(
      "For people who write machines and see a refusal or a warning of the webhook. Find what you wrote or the words of the message, and write what the last column says. Each row is tried on a real API server: the mistake gives this message, and each remedy, taken literally, gives a machine with the image that is meant. [behaviour.md](behaviour.md) has the rules behind the messages.",
    ),
    topics.map(({ title }) => `- [${title}](#${anchorOf(title)})`).join("\n"),
    "## Images of the examples",
    prose("The namespace is `dev`. `payroll` is in namespace `other`, so that machines in `dev` cannot use it."),
    table(["display name", "object name", "kind", "library", "type", "firmware"], mistakeImages().flatMap(imageCells)),
    ...topics.flatMap(section),
  ];
  return `${sections.join("\n\n")}\n`;
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

/** None for an image that machines do not boot from. */
function imageCells(image: Image): readonly (readonly string[])[] {
  if (!isVmImage(image)) return [];
  const { displayName = "", name, kind, library = "", type = "", firmware = "", readiness, terminating } = image;
  const state = [...(readiness.is === "ready" ? [] : [" (not ready)"]), ...(terminating ? [" (being deleted)"] : [])];
  const display = code(displayName) + state.join("");
  return [[display, code(name), IMAGE_KIND_ROWS[kind].resource, library, type, firmware]];
}

function section({ title, mistakes }: Topic): readonly string[] {
  return [`## ${title}`, table(["you write", "the webhook says", "write instead"], mistakes.map(cells))];
}

function cells({
  title,
  isUnvalidated,
  before,
  applied,
  outcome,
  messages,
  remedied: outcomes,
}: Mistake): readonly string[] {
  const now = writtenCode(applied);
  const says = messages.map((message) => code(outcome === "warned" ? `Warning: ${message}` : message));
  return [
    `${title}${isUnvalidated === true ? ` (with ${code("--validate=false")})` : ""}:${NEW_LINE}${before === undefined ? now : `${writtenCode(before)} before,${NEW_LINE}${now} now`}`,
    says.join(NEW_LINE),
    remediesOf(messages)
      .map((remedy, way) => remedyText(remedy, outcomes[way] ?? {}, applied))
      .join(`${NEW_LINE}or `),
  ];
}

/** The spec, and what is unusual around it. */
function writtenCode({ namespace, metadata, version, spec }: Written): string {
  const around = Object.entries({
    ...(version === undefined ? {} : { version }),
    ...(namespace === undefined && metadata === undefined ? {} : { metadata: { namespace, ...metadata } }),
  });
  const fields = [...around, ...Object.entries(spec)];
  return fields.length === 0 ? "nothing" : fields.map(([field, value]) => fieldCode(field, value)).join(NEW_LINE);
}

function remedyText(remedy: Remedy, outcome: Outcome, applied: Written): string {
  return remedy.map((step) => stepText(step, outcome, applied)).join(" and ");
}

function stepText(step: Step, outcome: Outcome, applied: Written): string {
  return isEdit(step) ? editText(step, outcome, applied) : actText(step);
}

function editText(step: Edit, { typed }: Outcome, applied: Written): string {
  switch (step.do) {
    case "write":
      return fieldCode(step.field, step.value);
    case "add":
      return `in ${code(step.field)} also ${code(yamlOf(step.value))}`;
    case "remove":
      return `leave ${code(step.field)} out`;
    case "choose":
      return `what the command lists, such as ${fieldCode(step.field, typed)}`;
    case "rename":
      return `another name, such as ${fieldCode(step.field, typed)}`;
    case "quote":
    case "makeList":
      return fieldCode(step.field, mendedValue(step.field, step, applied));
    case "move":
      return fieldCode(step.to, mendedValue(step.to, step, applied));
  }
}

function actText(step: Act): string {
  switch (step.do) {
    case "patch":
      return `first ${fieldCode(step.field, step.value)} for the machine as it is, then the same again`;
    case "createAnother":
      return "the same for a machine of another name";
    case "wait":
      return "nothing: the machine is there and waits";
  }
}

function mendedValue(field: string, step: Edit, applied: Written): unknown {
  return valueAt(remedied(manifestOf(applied, ""), [step], undefined), field);
}

function fieldCode(field: string, value: unknown): string {
  return code(`${field}: ${yamlOf(value)}`);
}

/** On one line, with escapes for characters that are hard to see. */
function yamlOf(value: unknown): string {
  const text = stringify(value, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 }).trim();
  return /^[\x20-\x7e]*$/.test(text) ? text : JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
