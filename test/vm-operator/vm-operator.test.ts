import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import type { AdmissionRequest } from "../../src/admission/review.ts";
import { answer, POLICY, request } from "../support/admission.ts";
import { indexOf, NAMESPACE } from "../support/catalogue.ts";
import { admit, type ImageRef, type Outcome } from "../support/vm-operator.ts";
import { IMAGE_VALIDATION } from "./vm-operator-image-validation.ts";
import { MUTATION_ROWS } from "./vm-operator-mutation.ts";
import { type Difference, IMAGES, type Row, type Upstream } from "./vm-operator-row.ts";
import { OTHER_VALIDATION_ROWS } from "./vm-operator-validation.ts";

const ROWS: readonly Row[] = [...MUTATION_ROWS, ...IMAGE_VALIDATION, ...OTHER_VALIDATION_ROWS];

const INDEX = indexOf(IMAGES);
const FEATURES = ["VMImportNewNet", "VMIncrementalRestore"] as const;

/** The first cells of the table of differences. */
const DIFFERENCES = readFileSync(new URL("../../docs/vm-operator.md", import.meta.url), "utf8")
  .split("\n## ")
  .filter((section) => section.startsWith("Where the two differ"))
  .flatMap((section) => [...section.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell));

/** The mode in which the webhook writes what vm-operator would write. */
const STRICT = { resolution: "strict", write: "image" } as const;

interface WebhookOutcome {
  readonly is: "refused" | "admitted" | "warned";
  /** The object after mutation. */
  readonly object: unknown;
}

/** Calls the webhook as the API server does: `/mutate`, then `/validate` with the mutated object. */
function webhookOutcome(row: Row, policy: Partial<AdmissionPolicy>): WebhookOutcome {
  const asked = asRequest(row);
  const mutated = answer("mutate", asked, INDEX, policy);
  if (mutated.decision.is !== "allowed") return { is: "refused", object: undefined };
  const { decision, warnings } = answer("validate", { ...asked, object: mutated.object }, INDEX, policy);
  if (decision.is !== "allowed") return { is: "refused", object: undefined };
  return { is: warnings.length > 0 ? "warned" : "admitted", object: mutated.object };
}

function asRequest({ metadata, spec, facts }: Row): AdmissionRequest {
  return request({ metadata: { name: "web", ...metadata }, spec }, facts);
}

/** vm-operator's outcome for an object: the one that was sent, or the one after the webhook. */
function vmOperatorOutcome(row: Row, object: unknown): Outcome {
  const { kind, oldObject, user } = asRequest(row);
  const review = {
    version: kind.version,
    object,
    oldObject,
    privileged: POLICY.isPrivileged(user),
    features: row.features ?? FEATURES,
  };
  return admit(review, IMAGES, NAMESPACE);
}

/** The outcome in the notation of a row. */
function asRowOutcome(outcome: Outcome): Upstream {
  if (outcome.is === "denied") return outcome;
  const { image, cdroms } = outcome.machine;
  return { is: "admitted", images: [image, ...cdroms.map((cdrom) => cdrom.image)].map(imageNotation) };
}

function imageNotation(image: ImageRef | undefined): string {
  if (image === undefined) return "none";
  const scopes: Record<string, string> = { VirtualMachineImage: NAMESPACE, ClusterVirtualMachineImage: "cluster" };
  return `${scopes[image.kind] ?? image.kind}/${image.name}`;
}

function expectSameDecision(row: Row): void {
  const { is, object } = webhookOutcome(row, STRICT);
  expect(is === "refused" ? "denied" : "admitted").toBe(row.upstream.is);
  if (is === "refused" || row.isBeyondOracle === true) return;
  expect(vmOperatorOutcome(row, object), "vm-operator after the webhook").toEqual(
    vmOperatorOutcome(row, asRequest(row).object),
  );
}

function expectDifference(row: Row & { readonly difference: Difference }): void {
  const { difference, upstream } = row;
  const { is, object } = webhookOutcome(
    row,
    difference.resolution === undefined ? STRICT : { ...STRICT, resolution: difference.resolution },
  );
  if (difference.is === "left")
    expect({ difference: is === "refused", upstream: upstream.is }).toEqual({ difference: false, upstream: "denied" });
  else expect(difference.is === "admitted" && is === "warned" ? "admitted" : is).toBe(difference.is);
  if (is === "refused" || row.isBeyondOracle === true) return;
  const afterwards = asRowOutcome(vmOperatorOutcome(row, object));
  expect(afterwards).toEqual(difference.is === "admitted" ? { is: "admitted", images: difference.images } : upstream);
}

const MODELLED = ROWS.filter(({ isBeyondOracle }) => isBeyondOracle !== true);
const SAME = ROWS.filter(({ difference }) => difference === undefined || difference.resolution !== undefined);
const DIFFERENT = ROWS.flatMap(({ difference, ...row }) => (difference === undefined ? [] : { ...row, difference }));

it("each row has a title of its own", () => {
  const titles = ROWS.map(({ source, title }) => `${source}: ${title}`);
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});

describe("the oracle decides as vm-operator", () => {
  it.each(MODELLED)("$source: $title", (row) => {
    expect(asRowOutcome(vmOperatorOutcome(row, asRequest(row).object))).toEqual(row.upstream);
  });
});

describe("with strict resolution the webhook decides as vm-operator, which then boots the same image", () => {
  it.each(SAME)("$source: $title", expectSameDecision);
});

describe("the webhook differs from vm-operator on purpose", () => {
  it.each(DIFFERENT)("$source: $title ($difference.cell)", expectDifference);

  it.each([...new Set(DIFFERENT.map(({ difference }) => difference.cell))])(
    "the documentation lists the difference: %s",
    (cell) => {
      expect(DIFFERENCES).toContain(cell);
    },
  );
});
