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

/** The mode in which what we write is what vm-operator would write. */
const STRICT = { resolution: "strict", write: "image" } as const;

interface Ours {
  readonly is: "refused" | "admitted" | "warned";
  /** The object as the API server hands it on. */
  readonly object: unknown;
}

/** As the API server calls us: `/mutate`, then `/validate` with the mutated object. */
function ours(row: Row, policy: Partial<AdmissionPolicy>): Ours {
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

/** What vm-operator makes of an object: the one that was sent, or the one that we hand on. */
function theirs(row: Row, object: unknown): Outcome {
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

/** The same in the words of a row. */
function inWords(outcome: Outcome): Upstream {
  if (outcome.is === "denied") return outcome;
  const { image, cdroms } = outcome.machine;
  return { is: "admitted", images: [image, ...cdroms.map((cdrom) => cdrom.image)].map(imageInWords) };
}

function imageInWords(image: ImageRef | undefined): string {
  if (image === undefined) return "none";
  const places: Record<string, string> = { VirtualMachineImage: NAMESPACE, ClusterVirtualMachineImage: "cluster" };
  return `${places[image.kind] ?? image.kind}/${image.name}`;
}

function sameAsTheirs(row: Row): void {
  const { is, object } = ours(row, STRICT);
  expect(is === "refused" ? "denied" : "admitted").toBe(row.there.is);
  if (is === "refused" || row.isBeyondOracle === true) return;
  expect(theirs(row, object), "vm-operator behind us").toEqual(theirs(row, asRequest(row).object));
}

function differentFromTheirs(row: Row & { readonly here: Difference }): void {
  const { here, there } = row;
  const { is, object } = ours(row, here.resolution === undefined ? STRICT : { ...STRICT, resolution: here.resolution });
  if (here.is === "left") expect({ here: is === "refused", there: there.is }).toEqual({ here: false, there: "denied" });
  else expect(here.is === "admitted" && is === "warned" ? "admitted" : is).toBe(here.is);
  if (is === "refused" || row.isBeyondOracle === true) return;
  const behind = inWords(theirs(row, object));
  expect(behind).toEqual(here.is === "admitted" ? { is: "admitted", images: here.images } : there);
}

const MODELLED = ROWS.filter(({ isBeyondOracle }) => isBeyondOracle !== true);
const AS_THERE = ROWS.filter(({ here }) => here === undefined || here.resolution !== undefined);
const DIFFERENT = ROWS.flatMap(({ here, ...row }) => (here === undefined ? [] : { ...row, here }));

it("has a title for each row", () => {
  const titles = ROWS.map(({ source, says }) => `${source}: ${says}`);
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
});

describe("the oracle is vm-operator", () => {
  it.each(MODELLED)("$source: $says", (row) => {
    expect(inWords(theirs(row, asRequest(row).object))).toEqual(row.there);
  });
});

describe("strictly, we decide as vm-operator does, which ends with the same image behind us", () => {
  it.each(AS_THERE)("$source: $says", sameAsTheirs);
});

describe("on purpose, we decide otherwise", () => {
  it.each(DIFFERENT)("$source: $says ($here.cell)", differentFromTheirs);

  it.each([...new Set(DIFFERENT.map(({ here }) => here.cell))])("the README says so: %s", (cell) => {
    expect(DIFFERENCES).toContain(cell);
  });
});
