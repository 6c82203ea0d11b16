import type { Logger } from "pino";
import type { Trouble } from "../../kube/trouble.ts";
import { troubleOfCall } from "../../kube/typed-api.ts";
import { type Authority, bundleOf } from "./signing-ca.ts";
import { Claim, type Configuration, labelOf, type Overwriting, type Repair } from "./ca-bundle.ts";
import { timeText } from "../certificate-source.ts";
import type { CertificateStore } from "./cluster-store.ts";

export interface BundleKeeperOptions {
  readonly store: CertificateStore;
  readonly log: Logger;
}

/** Keeps `caBundle` of our configurations to the CAs of the Secret, and to those alone. */
export class BundleKeeper {
  readonly #options: BundleKeeperOptions;
  /** By the label of the configuration, as is the next. */
  readonly #claims: ReadonlyMap<string, Claim>;
  readonly #texts: Map<string, string>;
  #waits: readonly Date[] = [];
  #overwritings = 0;

  constructor(options: BundleKeeperOptions) {
    this.#options = options;
    const labels = options.store.ours.map(labelOf);
    this.#claims = new Map(labels.map((label) => [label, new Claim()]));
    this.#texts = new Map(labels.map((label) => [label, "not looked at yet"]));
  }

  get overwritings(): number {
    return this.#overwritings;
  }

  /** For /readyz. */
  get text(): string {
    return [...this.#texts].map(([label, text]) => `${label} ${text}`).join(", ");
  }

  /** When a configuration that somebody else overwrote is to be written again. */
  get waits(): readonly Date[] {
    return this.#waits;
  }

  unreadable({ message }: Trouble): void {
    for (const label of this.#texts.keys()) this.#texts.set(label, `cannot be read: ${message}`);
  }

  /** Whether nothing was left to write. Throws a Trouble where it was, and could not be. */
  async reconcile(
    configurations: readonly Configuration[],
    authorities: readonly Authority[],
    now: Date,
  ): Promise<boolean> {
    this.#waits = [];
    let isDone = true;
    let trouble: Trouble | undefined;
    for (const [label, claim] of this.#claims) {
      const configuration = configurations.find((each) => labelOf(each) === label);
      try {
        if (configuration === undefined) this.#texts.set(label, "is not there");
        else if (await this.#keep(configuration, claim.look(configuration, authorities, now), authorities))
          isDone = false;
      } catch (error) {
        trouble = troubleOfCall(error);
        this.#texts.set(label, `is wrong and cannot be written: ${trouble.message}`);
      }
    }
    if (trouble !== undefined) throw trouble;
    return isDone;
  }

  /** Whether it was written, by us or by somebody at the same time. */
  async #keep(configuration: Configuration, repair: Repair, authorities: readonly Authority[]): Promise<boolean> {
    const { store, log } = this.#options;
    const { writer } = configuration;
    const label = labelOf(configuration);
    if (repair.is === "right") {
      this.#texts.set(label, "is right");
      return false;
    }
    if (repair.isNews) this.#overwritten(configuration, repair);
    if (repair.is === "wait") {
      const by = writer === undefined ? "" : ` by ${JSON.stringify(writer)}`;
      this.#waits = [...this.#waits, repair.until];
      this.#texts.set(label, `was overwritten${by} ${repair.times} times; written again at ${timeText(repair.until)}`);
      return false;
    }
    const isWritten = await store.writeBundle(configuration, bundleOf(authorities));
    if (isWritten) log.info({ configuration: label, cas: authorities.map(({ name }) => name) }, "wrote caBundle");
    return true;
  }

  #overwritten(configuration: Configuration, { times, until }: Overwriting): void {
    this.#overwritings++;
    const facts = { configuration: labelOf(configuration), by: configuration.writer, times, until: timeText(until) };
    const remedy = "leave caBundle to the webhook: take it out of what writes it";
    this.#options.log.warn({ ...facts, remedy }, "somebody else wrote caBundle; it is written again");
  }
}
