import { certificatesIn } from "../pem.ts";
import type { SigningCa } from "./signing-ca.ts";

export const CONFIGURATION_KINDS = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] as const;
export type ConfigurationKind = (typeof CONFIGURATION_KINDS)[number];

/** The name of both configurations in `manifests`. The RBAC rules there have the same name. */
export const CONFIGURATION_NAME = "vm-image-webhook";
/** The name of both configurations in `manifests/osimage`. */
export const OSIMAGE_CONFIGURATION_NAME = "vm-image-webhook-osimage";

export interface ConfigurationId {
  readonly kind: ConfigurationKind;
  readonly name: string;
}

/** For people: the kind, and the name if it is not the default one. */
export function labelOf({ kind, name }: ConfigurationId): string {
  return name === CONFIGURATION_NAME ? kind : `${kind} ${name}`;
}

/** The parts of a webhook configuration that matter for `caBundle`. */
export interface Configuration extends ConfigurationId {
  readonly resourceVersion: string;
  readonly webhooks: readonly WebhookBundle[];
  /** The other field manager that last wrote `caBundle`; undefined if there is none. */
  readonly writer: string | undefined;
}

export interface WebhookBundle {
  readonly name: string;
  /** Base64 of PEM. */
  readonly caBundle: string | undefined;
}

/** Whether every webhook of the configuration trusts this CA. */
export function trusts({ webhooks }: Configuration, { id }: SigningCa): boolean {
  return webhooks.every(({ caBundle }) => idsOf(caBundle).has(id));
}

/** Whether every webhook of the configuration trusts exactly these CAs. */
export function trustsExactly({ webhooks }: Configuration, cas: readonly SigningCa[]): boolean {
  return webhooks.every(({ caBundle }) => {
    const ids = idsOf(caBundle);
    return ids.size === cas.length && cas.every(({ id }) => ids.has(id));
  });
}

function idsOf(caBundle: string | undefined): ReadonlySet<string> {
  try {
    const text = Buffer.from(caBundle ?? "", "base64").toString("utf8");
    return new Set(certificatesIn(text).map(({ fingerprint256 }) => fingerprint256));
  } catch {
    // The API server cannot parse it either.
    return new Set();
  }
}

const SECOND = 1_000;
/** The second overwrite of a conflict waits this long, and each further one twice as long. */
const FIRST_WAIT = SECOND;
/** A GitOps tool reconciles every few minutes. A wait of this length leaves a conflict with one to people. */
const MAX_WAIT = 300 * SECOND;
/** A conflict ends after this time without an overwrite. */
const QUIET_PERIOD = 600 * SECOND;

/** What to do about one configuration now. */
export type BundleVerdict = { readonly is: "correct" } | ({ readonly is: "write" | "wait" } & Overwrite);

export interface Overwrite {
  /** Whether the overwrite happened after the last check. */
  readonly isNew: boolean;
  /** Number of overwrites in the current conflict. */
  readonly times: number;
  /** When the configuration may be written again. */
  readonly until: Date;
}

/**
 * Decides when to restore `caBundle` of one configuration. The first overwrite is corrected at once, and each further
 * one after a longer wait, so that two writers do not overwrite each other all the time.
 */
export class BundleOwnership {
  /** The CAs of the last check that found the bundle correct. */
  #held: string | undefined;
  #times = 0;
  #last = Number.NEGATIVE_INFINITY;
  #until = 0;

  check(configuration: Configuration, wanted: readonly SigningCa[], now: Date): BundleVerdict {
    const key = wanted.map(({ id }) => id).join();
    const time = now.getTime();
    if (trustsExactly(configuration, wanted)) {
      this.#held = key;
      return { is: "correct" };
    }
    const isNew = this.#held === key;
    if (isNew) this.#recordOverwrite(time);
    return { is: time < this.#until ? "wait" : "write", isNew, times: this.#times, until: new Date(this.#until) };
  }

  #recordOverwrite(time: number): void {
    if (time - this.#last > QUIET_PERIOD) this.#times = 0;
    this.#held = undefined;
    this.#last = time;
    this.#until = time + (this.#times === 0 ? 0 : Math.min(FIRST_WAIT * 2 ** (this.#times - 1), MAX_WAIT));
    this.#times++;
  }
}
