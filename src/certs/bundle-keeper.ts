import type { Logger } from "pino";
import type { Trouble } from "../kube/trouble.ts";
import { troubleOfCall } from "../kube/typed-api.ts";
import { type Authority, bundleOf } from "./authority.ts";
import {
  Claim,
  type Configuration,
  CONFIGURATION_KINDS,
  type ConfigurationKind,
  type Overwriting,
} from "./ca-bundle.ts";
import { timeText } from "./certificate-source.ts";
import type { CertificateStore } from "./cluster-store.ts";

export interface BundleKeeperOptions {
  readonly store: CertificateStore;
  readonly log: Logger;
}

/** Keeps `caBundle` of both configurations to the CAs of the Secret, and to those alone. */
export class BundleKeeper {
  readonly #options: BundleKeeperOptions;
  readonly #claims: Readonly<Record<ConfigurationKind, Claim>> = {
    MutatingWebhookConfiguration: new Claim(),
    ValidatingWebhookConfiguration: new Claim(),
  };
  readonly #texts = new Map<ConfigurationKind, string>(CONFIGURATION_KINDS.map((kind) => [kind, "not looked at yet"]));
  #waits: readonly Date[] = [];
  #overwritings = 0;

  constructor(options: BundleKeeperOptions) {
    this.#options = options;
  }

  get overwritings(): number {
    return this.#overwritings;
  }

  /** For /readyz. */
  get text(): string {
    return [...this.#texts].map(([kind, text]) => `${kind} ${text}`).join(", ");
  }

  /** When a configuration that somebody else overwrote is to be written again. */
  get waits(): readonly Date[] {
    return this.#waits;
  }

  unreadable({ message }: Trouble): void {
    for (const kind of CONFIGURATION_KINDS) this.#texts.set(kind, `cannot be read: ${message}`);
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
    for (const kind of CONFIGURATION_KINDS) {
      const configuration = configurations.find((each) => each.kind === kind);
      try {
        if (configuration === undefined) this.#texts.set(kind, "is not there");
        else if (await this.#keep(configuration, authorities, now)) isDone = false;
      } catch (error) {
        trouble = troubleOfCall(error);
        this.#texts.set(kind, `is wrong and cannot be written: ${trouble.message}`);
      }
    }
    if (trouble !== undefined) throw trouble;
    return isDone;
  }

  /** Whether it was written, by us or by somebody at the same time. */
  async #keep(configuration: Configuration, authorities: readonly Authority[], now: Date): Promise<boolean> {
    const { store, log } = this.#options;
    const { kind, writer } = configuration;
    const repair = this.#claims[kind].look(configuration, authorities, now);
    if (repair.is === "right") {
      this.#texts.set(kind, "is right");
      return false;
    }
    if (repair.isNews) this.#overwritten(configuration, repair);
    if (repair.is === "wait") {
      const by = writer === undefined ? "" : ` by ${JSON.stringify(writer)}`;
      this.#waits = [...this.#waits, repair.until];
      this.#texts.set(kind, `was overwritten${by} ${repair.times} times; written again at ${timeText(repair.until)}`);
      return false;
    }
    const isWritten = await store.writeBundle(configuration, bundleOf(authorities));
    if (isWritten) log.info({ configuration: kind, cas: authorities.map(({ name }) => name) }, "wrote caBundle");
    return true;
  }

  #overwritten({ kind, writer }: Configuration, { times, until }: Overwriting): void {
    this.#overwritings++;
    const facts = { configuration: kind, by: writer, times, until: timeText(until) };
    const remedy = "leave caBundle to the webhook: take it out of what writes it";
    this.#options.log.warn({ ...facts, remedy }, "somebody else wrote caBundle; it is written again");
  }
}
