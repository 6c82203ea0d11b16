import { FACT_MISTAKES } from "./facts.ts";
import type { Mistake } from "./mistake.ts";
import { NAME_MISTAKES } from "./names.ts";
import { PUBLISH_MISTAKES } from "./publish-requests.ts";
import { REFERENCE_MISTAKES } from "./references.ts";
import { TEMPLATE_MISTAKES } from "./templates.ts";
import { UPDATE_MISTAKES } from "./updates.ts";

/** Mistakes of one topic, a section of docs/mistakes.md. */
export interface Topic {
  readonly title: string;
  readonly mistakes: readonly Mistake[];
}

/** The table of mistakes: what people write, what the webhook says, and what its remedies lead to. */
export const TOPICS: readonly Topic[] = [
  { title: "Names", mistakes: NAME_MISTAKES },
  { title: "Scope, kind, two fields, and types", mistakes: REFERENCE_MISTAKES },
  { title: "ISO images, readiness, capabilities and firmware", mistakes: FACT_MISTAKES },
  { title: "Updates of a machine", mistakes: UPDATE_MISTAKES },
  { title: "Templates", mistakes: TEMPLATE_MISTAKES },
  { title: "Publish requests", mistakes: PUBLISH_MISTAKES },
];

export const MISTAKES: readonly Mistake[] = TOPICS.flatMap(({ mistakes }) => mistakes);
