import { environmentName } from "../src/cli/flags.ts";
import { RESOLUTION_RULES } from "../src/images/resolve.ts";
import { type CheckRow, CHECKS } from "../src/references/checks.ts";
import { MUTATION_RULES } from "../src/references/mutate.ts";
import { LEVELS } from "../src/references/policy.ts";
import { OS_IMAGE_REFERENCES } from "../src/osimage/references.ts";
import { MAX_CDROMS, MAX_REFERENCES } from "../src/references/reference-limit.ts";
import { REFERENCES, VM_REFERENCES } from "../src/references/references.ts";
import { fieldOf } from "../src/references/reading.ts";
import { type CreatedName, EACH, type ReferenceRow } from "../src/references/row.ts";
import {
  creationRules,
  referenceRules,
  referencesChanged,
  SPEC_CHANGED,
  type WebhookRule,
} from "../src/references/webhook-rules.ts";
import { code, table } from "./markdown.ts";

/** Where `npm run docs` writes the page. */
export const REFERENCES_PAGE = new URL("../docs/references.md", import.meta.url);

/** The content of the page, from the tables that the webhook runs on. */
export interface Tables {
  readonly references: readonly ReferenceRow[];
  readonly resolutionRules: Readonly<Record<string, string>>;
  readonly mutationRules: Readonly<Record<string, string>>;
  readonly checks: readonly CheckRow[];
  /** The webhooks of manifests/base. */
  readonly machines: Webhooks;
  /** The webhooks of manifests/osimage. */
  readonly osImages: Webhooks;
}

interface Webhooks {
  readonly referenceRules: readonly WebhookRule[];
  readonly creationRules: readonly WebhookRule[];
  /** CEL. */
  readonly matchCondition: string;
}

export const TABLES: Tables = {
  references: REFERENCES,
  resolutionRules: RESOLUTION_RULES,
  mutationRules: MUTATION_RULES,
  checks: CHECKS,
  machines: {
    referenceRules: referenceRules(VM_REFERENCES),
    creationRules: creationRules(VM_REFERENCES),
    matchCondition: referencesChanged(VM_REFERENCES),
  },
  osImages: {
    referenceRules: referenceRules(OS_IMAGE_REFERENCES),
    creationRules: creationRules(OS_IMAGE_REFERENCES, ["CREATE", "UPDATE"]),
    matchCondition: referencesChanged(OS_IMAGE_REFERENCES),
  },
};

const HEAD = "<!-- Made from the reference and check tables by npm run docs; do not edit. -->";

const FORMS: Readonly<Record<ReferenceRow["form"], string>> = { name: "string", object: "object `{kind, name}`" };

const ROLES: Readonly<Record<ReferenceRow["role"], string>> = {
  boot: "what the machine boots from",
  cdrom: "what a CD-ROM holds",
  property: "what a node or machine is provisioned with",
  creates: "no reference: the display name that an image will have",
};

const PHASES: Readonly<Record<CheckRow["mutate"], string>> = {
  before: "mutate and validate",
  only: "mutate",
  after: "mutate (what was mutated) and validate",
  afterOnUpdate: "mutate (what was mutated, on UPDATE) and validate",
  never: "validate",
};

/** How a display name is made, beside the field. */
function inWords(name: CreatedName | undefined): string {
  switch (name?.is) {
    case undefined:
    case "field":
      return "";
    case "fieldOrDefault": {
      const defaults = name.defaults.map((path) => code(`<${fieldPath(path)}>${name.suffix}`));
      return `; where it is empty, ${defaults.join(", else ")}`;
    }
    case "prefixed":
      return `, which is ${code(`<${fieldPath(name.prefix)}>${name.separator}<field>`)}`;
  }
}

/** The page as Markdown, laid out as prettier would. */
export function referencesPage(tables: Tables): string {
  const sections = [
    [HEAD],
    ["# References, rules and checks"],
    ["What the webhook runs on, for operators and developers; the [README](../README.md) says what it is for."],
    referencesSection(tables),
    resolutionSection(tables),
    mutationSection(tables),
    checksSection(tables),
    webhooksSection(tables),
  ];
  return `${sections.flat().join("\n\n")}\n`;
}

function referencesSection({ references }: Tables): readonly string[] {
  const rows = references.map(({ group, kind, versions, path, form, role, createdName }) => [
    group,
    kind,
    versionRange(versions),
    code(fieldPath(path)),
    FORMS[form],
    ROLES[role] + inWords(createdName),
  ]);
  return [
    "## Where references are",
    "A new place is a new row of [references.ts](../src/references/references.ts). `[]` in a field stands for each entry of a list. What is absent, null or empty is no reference.",
    table(["group", "kind", "versions", "field", "form", "what it is"], rows),
  ];
}

function resolutionSection({ resolutionRules }: Tables): readonly string[] {
  return [
    "## What a name means",
    "The rules of [resolve.ts](../src/images/resolve.ts). Titles of tests carry the IDs of all rules and checks of this page.",
    table(["ID", "rule"], Object.entries(resolutionRules)),
  ];
}

function mutationSection({ mutationRules }: Tables): readonly string[] {
  return [
    "## What is written",
    "The rules of [mutate.ts](../src/references/mutate.ts), for CREATE where none says UPDATE.",
    table(["ID", "rule"], Object.entries(mutationRules)),
  ];
}

function checksSection({ checks }: Tables): readonly string[] {
  const rows = checks.map(({ id, level, mutate, rule }) => [code(id), level, PHASES[mutate], rule]);
  return [
    "## Checks",
    "The table of [checks.ts](../src/references/checks.ts). `deny` refuses the object, `warn` admits it with a warning, `off` does not look.",
    table(["check", "default", "endpoint", "demands"], rows),
    `The flag ${code(`--check NAME=${LEVELS.join("|")}`)}, repeatable, changes a level at both endpoints (${code(environmentName("check"))} is a comma list of the same); an unknown name or level stops the start. No level governs values of the wrong JSON type and the limits: both endpoints refuse the first, and more than ${MAX_CDROMS} CD-ROMs or ${MAX_REFERENCES} references in one object, an UPDATE only where there are more than before. Each entry of a list counts.`,
  ];
}

function webhooksSection({ machines, osImages }: Tables): readonly string[] {
  return [
    "## Webhook configurations",
    `Both configurations have one rule for each version, newest first, for ${rulesInWords(machines.referenceRules)}; a webhook of its own validates ${rulesInWords(machines.creationRules)}. This matchCondition, which needs Kubernetes 1.30 or newer, spares the call for an UPDATE that changes no reference:`,
    `\`\`\`text\n${machines.matchCondition}\n\`\`\``,
    `Those of [manifests/osimage](../manifests/osimage), for clusters with vCluster Platform, are for ${rulesInWords(osImages.referenceRules)}, in both groups, with this condition:`,
    `\`\`\`text\n${osImages.matchCondition}\n\`\`\``,
    `A webhook of its own validates ${rulesInWords(osImages.creationRules)} where ${code(SPEC_CHANGED)}.`,
    "`npm run manifests` writes them into [manifests/base](../manifests/base) and [manifests/osimage/component](../manifests/osimage/component).",
  ];
}

/** `CREATE and UPDATE of virtualmachines (v1alpha1 to v1alpha6)` */
function rulesInWords(rules: readonly WebhookRule[]): string {
  const operations = new Set(rules.flatMap((rule) => rule.operations));
  const resources = new Set(rules.flatMap((rule) => rule.resources));
  const served = [...resources].map((resource) => {
    const versions = rules.filter((rule) => rule.resources.includes(resource)).flatMap((rule) => rule.apiVersions);
    return `${code(resource)} (${versionRange(versions)})`;
  });
  return `${[...operations].join(" and ")} of ${served.join(" and ")}`;
}

/** Newest first. */
const ALL_VERSIONS = [...new Set(REFERENCES.flatMap(({ versions }) => versions))];

/** `v1alpha3 to v1alpha6` for three or more without a gap, else `v1alpha3, v1alpha4`. */
function versionRange(versions: readonly string[]): string {
  const oldestFirst = ALL_VERSIONS.toReversed();
  const listed = oldestFirst.filter((version) => versions.includes(version));
  const [oldest, newest] = [listed.at(0), listed.at(-1)];
  const start = oldestFirst.findIndex((version) => version === oldest);
  const hasGap = oldestFirst[start + listed.length - 1] !== newest;
  return listed.length < 3 || hasGap ? listed.join(", ") : `${oldest} to ${newest}`;
}

/** `spec.hardware.cdrom[].image`, `spec.properties[vcluster.com/os-image]` */
function fieldPath(path: readonly string[]): string {
  return fieldOf(path).replaceAll(`[${EACH}]`, EACH);
}
