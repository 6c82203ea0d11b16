import { expect } from "vitest";
import { at, type JsonObject, listAt } from "../../src/common/json.ts";
import { patchOf, remedied } from "./edits.ts";
import { manifestOf, type Mistake, type Outcome } from "./mistake.ts";
import type { Remedy } from "./remedies.ts";

/** What comes of an object that was applied. */
export interface Applied {
  readonly isRefused: boolean;
  /** `FIELD: TEXT` of refusals, or of warnings where the object is admitted. */
  readonly messages: readonly string[];
  /** As it is stored; as it was sent where it is refused. */
  readonly object: JsonObject;
}

/** Where a person applies manifests. */
export interface Cluster {
  readonly apply: (manifest: JsonObject) => Promise<Applied>;
  /** Merges a patch into the stored object of this manifest. */
  readonly patch: (manifest: JsonObject, patch: JsonObject) => Promise<void>;
  /** The words that a command prints. */
  readonly list: (command: string) => Promise<string>;
}

/** Applies what was there before, and then the mistake. */
export async function makeMistake(cluster: Cluster, { before, applied }: Mistake, name: string): Promise<Applied> {
  if (before !== undefined) expectAdmitted(await cluster.apply(manifestOf(before, name)), []);
  return cluster.apply(manifestOf(applied, name));
}

/**
 * Does what a message told, after the mistake: an object of its own where none was there before. Expects that the result is
 * admitted without a warning, and names the image meant.
 */
export async function follow(
  cluster: Cluster,
  mistake: Mistake,
  { remedy, outcome, name }: { readonly remedy: Remedy; readonly outcome: Outcome; readonly name: string },
): Promise<void> {
  if (mistake.before !== undefined) await makeMistake(cluster, mistake, name);
  const mended = remedied(manifestOf(mistake.applied, name), remedy, outcome.typed);
  for (const step of remedy) {
    if (step.do === "choose") expect(await cluster.list(step.command)).toContain(outcome.typed);
    if (step.do === "patch") await cluster.patch(mended, patchOf(step.field, step.value));
  }
  const isOther = remedy.some((step) => step.do === "createAnother");
  const waits = remedy.some((step) => step.do === "wait");
  const applied = await cluster.apply(isOther ? manifestOf(mistake.applied, `${name}-2`) : mended);
  expectAdmitted(applied, waits ? mistake.messages : (outcome.warnings ?? []));
  expectImages(applied.object, outcome);
}

function expectAdmitted({ isRefused, messages }: Applied, warnings: readonly string[]): void {
  expect({ isRefused, messages }).toEqual({ isRefused: false, messages: warnings });
}

function expectImages(object: JsonObject, { boots, cdroms }: Outcome): void {
  const spec = at(object, object["kind"] === "VirtualMachineReplicaSet" ? ["spec", "template", "spec"] : ["spec"]);
  // Before v1alpha3 there is only imageName.
  const image = at(spec, ["image"]) ?? { kind: boots?.kind, name: at(spec, ["imageName"]) };
  if (boots !== undefined) expect(image).toEqual(boots);
  if (cdroms !== undefined) {
    expect(listAt(spec, ["hardware", "cdrom"]).map((cdrom) => at(cdrom, ["image"]))).toEqual(cdroms);
  }
}
