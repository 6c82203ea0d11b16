import type { Logger } from "pino";
import { type ApiError, toApiError } from "../../kube/api-error.ts";
import { timeText } from "../certificate-source.ts";
import { BundleOwnership, type BundleVerdict, type Configuration, labelOf, type Overwrite } from "./ca-bundle.ts";
import type { CertificateStore } from "./cluster-store.ts";
import { bundleOf, type SigningCa } from "./signing-ca.ts";

export interface BundleReconcilerOptions {
  readonly store: CertificateStore;
  readonly log: Logger;
}

interface BundleState {
  readonly isCorrect: boolean;
  readonly text: string;
}

const NOT_READ: BundleState = { isCorrect: false, text: "is not read yet" };

/** Keeps `caBundle` of this webhook's configurations equal to the CAs of the Secret. */
export class BundleReconciler {
  readonly #options: BundleReconcilerOptions;
  /** By the label of the configuration. */
  readonly #ownerships: ReadonlyMap<string, BundleOwnership>;
  /** By the label of the configuration. */
  readonly #states: Map<string, BundleState>;
  #rewrites: readonly Date[] = [];
  #overwrites = 0;

  constructor(options: BundleReconcilerOptions) {
    this.#options = options;
    const labels = options.store.configurationIds.map(labelOf);
    this.#ownerships = new Map(labels.map((label) => [label, new BundleOwnership()]));
    this.#states = new Map(labels.map((label) => [label, NOT_READ]));
  }

  /** How often another client overwrote `caBundle`. */
  get overwrites(): number {
    return this.#overwrites;
  }

  /** The state of all configurations, for /readyz. */
  get text(): string {
    return [...this.#states].map(([label, { text }]) => `${label} ${text}`).join(", ");
  }

  /** What is not correct at some configuration; undefined if all are correct. */
  get problem(): string | undefined {
    return [...this.#states.values()].find(({ isCorrect }) => !isCorrect)?.text;
  }

  /** When the overwritten configurations are due to be written again. */
  get rewrites(): readonly Date[] {
    return this.#rewrites;
  }

  /** Records that the configurations cannot be read. */
  unreadable({ message }: ApiError): void {
    for (const label of this.#states.keys()) this.#setProblem(label, `cannot be read: ${message}`);
  }

  /**
   * Returns whether nothing was left to write. Throws an ApiError if a write failed, after it has tried every
   * configuration.
   */
  async reconcile(configurations: readonly Configuration[], cas: readonly SigningCa[], now: Date): Promise<boolean> {
    this.#rewrites = [];
    let isDone = true;
    let failure: ApiError | undefined;
    for (const [label, ownership] of this.#ownerships) {
      const configuration = configurations.find((each) => labelOf(each) === label);
      try {
        if (configuration === undefined) this.#setProblem(label, "does not exist");
        else if (await this.#apply(configuration, ownership.check(configuration, cas, now), cas)) isDone = false;
      } catch (error) {
        failure = toApiError(error);
        this.#setProblem(label, `is wrong and cannot be written: ${failure.message}`);
      }
    }
    if (failure !== undefined) throw failure;
    return isDone;
  }

  /** Returns whether the configuration was written, by this replica or by another client at the same time. */
  async #apply(configuration: Configuration, verdict: BundleVerdict, cas: readonly SigningCa[]): Promise<boolean> {
    const { store, log } = this.#options;
    const { writer } = configuration;
    const label = labelOf(configuration);
    if (verdict.is === "correct") {
      this.#states.set(label, { isCorrect: true, text: "is correct" });
      return false;
    }
    if (verdict.isNew) this.#reportOverwrite(configuration, verdict);
    if (verdict.is === "wait") {
      const by = writer === undefined ? "" : ` by ${JSON.stringify(writer)}`;
      this.#rewrites = [...this.#rewrites, verdict.until];
      this.#setProblem(
        label,
        `was overwritten${by} ${verdict.times} times; written again at ${timeText(verdict.until)}`,
      );
      return false;
    }
    const isWritten = await store.writeBundle(configuration, bundleOf(cas));
    if (isWritten) log.info({ configuration: label, cas: cas.map(({ name }) => name) }, "wrote caBundle");
    return true;
  }

  #setProblem(label: string, text: string): void {
    this.#states.set(label, { isCorrect: false, text });
  }

  #reportOverwrite(configuration: Configuration, { times, until }: Overwrite): void {
    this.#overwrites++;
    const facts = { configuration: labelOf(configuration), by: configuration.writer, times, until: timeText(until) };
    const remedy = "leave caBundle to the webhook: remove it from the manifests that set it";
    this.#options.log.warn({ ...facts, remedy }, "somebody else wrote caBundle; it is written again");
  }
}
