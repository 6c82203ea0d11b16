import fc from "fast-check";
import assert from "node:assert/strict";
import { textAt } from "../../src/common/json.ts";
import { createReview } from "../support/admission-review.ts";
import { exampleImages, NAMESPACE } from "../support/catalogue.ts";
import { mutateOnCreate, toHub } from "../support/vm-operator.ts";
import { disagreement, machineIn, referencesOf } from "../support/vm-operator-agreement.ts";
import { anyFuzzCase, type FuzzCase, kindOf, type MachineCase } from "./fuzz-case.ts";
import { FuzzedServer, type Way } from "./fuzzed-server.ts";
import { checkedReview, checkText, type Mutated, type Outcome } from "./checked-review.ts";

/** Cases of one batch, which has one seed. */
const BATCH = 100;
/** Characters of a case that a failure shows. */
const MAX_REPORT = 5_000;
const EXAMPLES = exampleImages();

/** Number of reviews by subject and outcome. */
export type ReviewCounts = ReadonlyMap<string, number>;

/** Sends random reviews to real servers, one for each policy, and checks the rules of all answers. */
export class Fuzzer {
  readonly #servers = new Map<string, FuzzedServer>();
  readonly #counts = new Map<string, number>();

  /** Each review counts once, although it is sent several times. */
  get reviews(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get counts(): ReviewCounts {
    return this.#counts;
  }

  /** Throws with the smallest case found that breaks a rule. */
  async batch(seed: number): Promise<void> {
    const property = fc.asyncProperty(anyFuzzCase, (each) => this.#run(each));
    const { failed, errorInstance, counterexample, numShrinks } = await fc.check(property, { seed, numRuns: BATCH });
    if (!failed) return;
    const found = fc.stringify(counterexample?.[0]).slice(0, MAX_REPORT);
    throw new Error(`with seed ${seed}, shrunk ${numShrinks} times: ${found}`, { cause: errorInstance });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
  }

  async #run(each: FuzzCase): Promise<void> {
    const server = await this.#serverOf(each.policy);
    switch (each.is) {
      case "machine":
        return this.#runMachine(server, each);
      case "review": {
        const { images, review } = each.asked;
        server.holds(images === "examples" ? EXAMPLES : images);
        const operation = textAt(review, ["request", "operation"]);
        const outcome = await checkedReview(server, review, each);
        this.#count(`${operation} ${images === "examples" ? "mutated fixture" : "other kind"}`, each.way, outcome);
        return;
      }
      case "text":
        server.holds(EXAMPLES);
        await checkText(server, each.text, each.way);
        this.#count("broken text", each.way);
        return;
    }
  }

  async #runMachine(server: FuzzedServer, each: MachineCase): Promise<void> {
    const { images, later, machine, other } = each;
    const { facts, object } = machine;
    const about = { kind: kindOf(facts.kind, facts.version) };
    server.holds(images);
    const created = await checkedReview(server, createReview({ ...about, object }), each);
    this.#count(`CREATE ${facts.kind}`, each.way, created);
    if (each.policy.resolution === "strict") resolvesAsVmOperator(each, created);
    if (created.is === "refused") return;
    agreesWithVmOperator(each, created);
    // An object that /validate refuses is never stored.
    if (created.refusedFor.length > 0) return;
    server.holds(later);
    const update = { ...about, operation: "UPDATE", oldObject: created.object };
    const applied = await checkedReview(server, createReview({ ...update, object }), each);
    this.#count(`UPDATE ${facts.kind}`, each.way, applied);
    keepsReferences(each, created, applied);
    const changed = await checkedReview(server, createReview({ ...update, object: other.object }), each);
    this.#count(`UPDATE ${facts.kind}`, each.way, changed);
    keepsBootImage(each, created, changed);
  }

  async #serverOf(policy: FuzzCase["policy"]): Promise<FuzzedServer> {
    const key = JSON.stringify(policy);
    const server = this.#servers.get(key) ?? (await FuzzedServer.start(policy));
    this.#servers.set(key, server);
    return server;
  }

  #count(what: string, way: Way, outcome?: Outcome): void {
    const key = [what, outcome?.is ?? "answered", way].join(" ");
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/** With `--resolution strict`, a lone imageName is refused where vm-operator refuses it, and nowhere else. */
function resolvesAsVmOperator({ images, machine: { facts, object } }: MachineCase, created: Outcome): void {
  const hub = toHub(facts.version, machineIn(facts, object));
  const isAlone = hub.imageName !== "" && hub.image === undefined && hub.cdroms.length === 0;
  if (!isAlone) return;
  const theirs = mutateOnCreate(hub, images, NAMESPACE);
  assert.equal(created.is, theirs.is === "denied" ? "refused" : "mutated", `vm-operator: ${JSON.stringify(theirs)}`);
}

/** Where no name of an image is unique for vm-operator, a warning says so, and the rule does not apply. */
function agreesWithVmOperator({ images, policy, machine: { facts } }: MachineCase, created: Mutated): void {
  const isPromised = !created.warnings.some((warning) => warning.includes("vm-operator will refuse it"));
  if (created.images.length === 0 || !isPromised || created.refusedFor.includes("required")) return;
  assert.equal(disagreement(facts, created.object, { images, write: policy.write, meant: created.images }), undefined);
}

/**
 * A resolved machine boots the same image when its manifest is applied again, although the images may have changed. A
 * template or a CD-ROM may get another image where the stored one no longer exists.
 */
function keepsReferences({ machine: { facts } }: MachineCase, created: Mutated, applied: Outcome): void {
  if (created.images.length === 0 || applied.is === "refused" || facts.kind !== "VirtualMachine") return;
  const [before, after] = [created, applied].map(({ object }) => referencesOf(object));
  assert.deepEqual(after?.imageName, before?.imageName, "applied again, another imageName");
  assert.deepEqual(after?.image, before?.image, "applied again, another image");
}

/** The checks that refuse an object for its references. */
const REFERENCE_CHECKS = ["type", "exists", "kind", "agree", "immutable"];

/** A machine keeps its boot image, including an empty kind. */
function keepsBootImage({ machine: { facts } }: MachineCase, created: Mutated, changed: Outcome): void {
  const isOurs = facts.kind === "VirtualMachine" && created.images.length > 0;
  if (!isOurs || changed.is === "refused") return;
  if (changed.refusedFor.some((check) => REFERENCE_CHECKS.includes(check))) return;
  const fields = [
    ["imageName"],
    ...(facts.version < "v1alpha3"
      ? []
      : [
          ["image", "name"],
          ["image", "kind"],
        ]),
  ];
  for (const path of fields) {
    const before = textAt(created.object, ["spec", ...path]);
    assert.equal(textAt(changed.object, ["spec", ...path]), before, `spec.${path.join(".")} of a stored machine`);
  }
}
