import type { Authority } from "./signing-ca.ts";
import { certificatesIn } from "../pem.ts";

export const CONFIGURATION_KINDS = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] as const;
export type ConfigurationKind = (typeof CONFIGURATION_KINDS)[number];

/** The two configurations of the installation are called so; the manifests and the rights agree. */
export const CONFIGURATION_NAME = "vm-image-webhook";
/** Those of `manifests/osimage`. */
export const OSIMAGE_CONFIGURATION_NAME = "vm-image-webhook-osimage";

export interface ConfigurationId {
  readonly kind: ConfigurationKind;
  readonly name: string;
}

/** As people are told of it: by its kind, and by its name where that is not the usual one. */
export function labelOf({ kind, name }: ConfigurationId): string {
  return name === CONFIGURATION_NAME ? kind : `${kind} ${name}`;
}

/** A webhook configuration, as far as `caBundle` goes. */
export interface Configuration extends ConfigurationId {
  readonly resourceVersion: string;
  readonly webhooks: readonly WebhookBundle[];
  /** Who wrote `caBundle` last, but us: a field manager. */
  readonly writer: string | undefined;
}

export interface WebhookBundle {
  readonly name: string;
  /** Base64 of PEM. */
  readonly caBundle: string | undefined;
}

/** Whether every webhook of the configuration trusts this CA. */
export function trusts({ webhooks }: Configuration, { id }: Authority): boolean {
  return webhooks.every(({ caBundle }) => idsOf(caBundle).has(id));
}

/** Whether every webhook of the configuration trusts exactly these CAs. */
export function trustsExactly({ webhooks }: Configuration, authorities: readonly Authority[]): boolean {
  return webhooks.every(({ caBundle }) => {
    const ids = idsOf(caBundle);
    return ids.size === authorities.length && authorities.every(({ id }) => ids.has(id));
  });
}

function idsOf(caBundle: string | undefined): ReadonlySet<string> {
  try {
    const text = Buffer.from(caBundle ?? "", "base64").toString("utf8");
    return new Set(certificatesIn(text).map(({ fingerprint256 }) => fingerprint256));
  } catch {
    // The API server could not use it either.
    return new Set();
  }
}

const SECOND = 1_000;
const FIRST_WAIT = SECOND;
/** A GitOps tool reconciles every few minutes: with a wait of that length a conflict is left for people to end. */
const LONGEST_WAIT = 300 * SECOND;
/** Without an overwriting for so long, the next one is taken for a single one. */
const PEACE = 600 * SECOND;

/** What is to be done about one configuration now. */
export type Repair = { readonly is: "right" } | ({ readonly is: "write" | "wait" } & Overwriting);

export interface Overwriting {
  /** It was overwritten since the last look. */
  readonly isNews: boolean;
  /** How often, in the fight that goes on. */
  readonly times: number;
  /** From when on it may be written. */
  readonly until: Date;
}

/**
 * Keeps `caBundle` of one configuration ours without a fight: the first overwriting is put right at once, each further
 * one after a longer wait.
 */
export class Claim {
  /** The CAs with which it was last seen right. */
  #held: string | undefined;
  #times = 0;
  #last = Number.NEGATIVE_INFINITY;
  #until = 0;

  look(configuration: Configuration, wanted: readonly Authority[], now: Date): Repair {
    const key = wanted.map(({ id }) => id).join();
    const time = now.getTime();
    if (trustsExactly(configuration, wanted)) {
      this.#held = key;
      return { is: "right" };
    }
    const isNews = this.#held === key;
    if (isNews) this.#overwritten(time);
    return { is: time < this.#until ? "wait" : "write", isNews, times: this.#times, until: new Date(this.#until) };
  }

  #overwritten(time: number): void {
    if (time - this.#last > PEACE) this.#times = 0;
    this.#held = undefined;
    this.#last = time;
    this.#until = time + (this.#times === 0 ? 0 : Math.min(FIRST_WAIT * 2 ** (this.#times - 1), LONGEST_WAIT));
    this.#times++;
  }
}
