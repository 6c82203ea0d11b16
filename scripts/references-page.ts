import { CHECKS, REFERENCES } from "../src/admission/systems.ts";
import { MUTATION_RULES } from "../src/admission/mutation-rules.ts";
import { MAX_CDROMS } from "../src/vm-operator/cdrom-limit.ts";
import { environmentName } from "../src/cli/flags.ts";
import { RESOLUTION_RULES } from "../src/images/resolve.ts";
import { type CheckFacts } from "../src/references/check.ts";

import { LEVELS } from "../src/references/policy.ts";
import { OS_IMAGE_ROWS } from "../src/osimage/rows.ts";
import { MAX_REFERENCES } from "../src/references/reference-limit.ts";
import { VM_ROWS } from "../src/vm-operator/rows.ts";
import { fieldOf } from "../src/common/field-path.ts";
import { type CreatedName, EACH, type ReferenceRow } from "../src/references/row.ts";
import {
  creationRules,
  referenceRules,
  referencesChanged,
  SPEC_CHANGED,
  type WebhookRule,
} from "../src/references/webhook-rules.ts";
import { code, prose, table } from "./markdown.ts";

/** Where `npm run docs` writes the page. */
export const REFERENCES_PAGE = new URL("../docs/references.md", import.meta.url);

/** The content of the page, from the tables that the webhook runs on. */
export interface Tables {
  readonly references: readonly ReferenceRow[];
  readonly resolutionRules: Readonly<Record<string, string>>;
  readonly mutationRules: Readonly<Record<string, string>>;
  readonly checks: readonly CheckFacts[];
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
    referenceRules: referenceRules(VM_ROWS),
    creationRules: creationRules(VM_ROWS),
    matchCondition: referencesChanged(VM_ROWS),
  },
  osImages: {
    referenceRules: referenceRules(OS_IMAGE_ROWS),
    creationRules: creationRules(OS_IMAGE_ROWS, ["CREATE", "UPDATE"]),
    matchCondition: referencesChanged(OS_IMAGE_ROWS),
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

const PHASES: Readonly<Record<CheckFacts["mutate"], string>> = {
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
    [
      prose(
        "For operators and developers who look up an exact rule. This page is made from the tables that the webhook runs on. [behaviour.md](behaviour.md) explains them, and titles of tests carry the IDs of all rules and checks.",
      ),
    ],
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
    prose(
      "`[]` in a field stands for each entry of a list. A field that is absent, null or empty is not a reference. A new field is a new row of this table.",
    ),
    table(["group", "kind", "versions", "field", "form", "what it is"], rows),
  ];
}

function resolutionSection({ resolutionRules }: Tables): readonly string[] {
  return ["## What a name means", table(["ID", "rule"], Object.entries(resolutionRules))];
}

function mutationSection({ mutationRules }: Tables): readonly string[] {
  return [
    "## What is written",
    "A rule is for CREATE unless it says UPDATE.",
    table(["ID", "rule"], Object.entries(mutationRules)),
  ];
}

function checksSection({ checks }: Tables): readonly string[] {
  const rows = checks.map(({ id, level, mutate, rule }) => [code(id), level, PHASES[mutate], rule]);
  return [
    "## Checks",
    "`deny` refuses the object, `warn` admits it with a warning, `off` does not check.",
    table(["check", "default", "endpoint", "demands"], rows),
    prose(
      `The flag ${code(`--check NAME=${LEVELS.join("|")}`)}, repeatable, changes a level at both endpoints. ${code(environmentName("check"))} is a comma list of the same. An unknown name or level stops the start.`,
    ),
    prose(
      `Levels do not change two refusals, which both endpoints make: a value of the wrong JSON type, and more than ${MAX_CDROMS} CD-ROMs or ${MAX_REFERENCES} references in one object. Each entry of a list counts. An UPDATE is refused only where there are more than before.`,
    ),
  ];
}

function webhooksSection({ machines, osImages }: Tables): readonly string[] {
  return [
    "## Webhook configurations",
    prose(
      `Both configurations have one rule for each version, newest first, for ${rulesInWords(machines.referenceRules)}. A webhook of its own validates ${rulesInWords(machines.creationRules)}. This matchCondition, which needs Kubernetes 1.30 or newer, spares the call for an UPDATE that changes no reference:`,
    ),
    `\`\`\`text\n${machines.matchCondition}\n\`\`\``,
    prose(
      `Those of [manifests/osimage](../manifests/osimage), for clusters with vCluster Platform, are for ${rulesInWords(osImages.referenceRules)}, in both groups, with this condition:`,
    ),
    `\`\`\`text\n${osImages.matchCondition}\n\`\`\``,
    prose(`A webhook of its own validates ${rulesInWords(osImages.creationRules)} where ${code(SPEC_CHANGED)}.`),
    prose(
      "`npm run manifests` writes them into [manifests/base](../manifests/base) and [manifests/osimage/component](../manifests/osimage/component).",
    ),
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
