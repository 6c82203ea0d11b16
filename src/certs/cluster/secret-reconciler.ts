import type { Logger } from "pino";
import { type ApiError, toApiError } from "../../kube/api-error.ts";
import { timeText } from "../certificate-source.ts";
import { issueCa } from "../issue.ts";
import type { CertificateStore, StoredSecret } from "./cluster-store.ts";
import { type Lifetimes } from "./lifetimes.ts";
import { type Plan, planOf, type Situation } from "./rotation.ts";
import { decodeCas, encodeCas, type SigningCa, signingCaOf, type StoredCas } from "./signing-ca.ts";

export interface SecretReconcilerOptions {
  readonly store: CertificateStore;
  /** NAMESPACE/NAME of the Secret, for the log. */
  readonly name: string;
  readonly lifetimes: Lifetimes;
  readonly jitter: number;
  readonly log: Logger;
}

export type Facts = Pick<Situation, "known" | "inUse" | "isTrusted" | "now">;

/** The CAs that the Secret holds after a reconciliation. */
export type ReconcileResult =
  /** The Secret was created, or another client wrote it at the same time: read everything again. */
  | { readonly is: "again" }
  /** `error`: the Secret should hold other CAs, but could not be written. */
  | { readonly is: "read"; readonly cas: readonly SigningCa[]; readonly error: ApiError | undefined };

/** Writes the plan of the rotation into the Secret. Several replicas do so at once: the first write wins. */
export class SecretReconciler {
  readonly #options: SecretReconcilerOptions;
  /** The problems of the Secret that were logged last. */
  #reported: string | undefined;

  constructor(options: SecretReconcilerOptions) {
    this.#options = options;
  }

  /** Throws an ApiError if the Secret cannot be read. */
  async reconcile(facts: Facts): Promise<ReconcileResult> {
    const { store, lifetimes, jitter } = this.#options;
    const secret = await store.secret();
    const stored = decodeCas(secret?.data ?? {});
    this.#report(stored.problems);
    const plan = planOf({ ...facts, stored: stored.cas, lifetimes, jitter });
    const { cas } = stored;
    if (isAsPlanned(stored, plan)) return { is: "read", cas, error: undefined };
    try {
      return await this.#write(secret, cas, { plan, now: facts.now });
    } catch (error) {
      const usable = cas.length === 0 ? facts.known : cas;
      return { is: "read", cas: usable, error: toApiError(error) };
    }
  }

  async #write(
    secret: StoredSecret | undefined,
    before: readonly SigningCa[],
    { plan, now }: { readonly plan: Plan; readonly now: Date },
  ): Promise<ReconcileResult> {
    const { store, log, name } = this.#options;
    if (secret === undefined) {
      await store.createSecret();
      log.info({ secret: name }, "created the Secret for the CA");
      return { is: "again" };
    }
    const issued = plan.needsNew ? [await this.#issue(now)] : [];
    const cas = [...plan.cas, ...issued];
    if (!(await store.writeSecret(secret, encodeCas(cas)))) return { is: "again" };
    this.#logChanges(before, cas, plan);
    return { is: "read", cas, error: undefined };
  }

  async #issue(now: Date): Promise<SigningCa> {
    const end = new Date(now.getTime() + this.#options.lifetimes.ca);
    return signingCaOf(await issueCa("vm-image-webhook CA", { now, end }));
  }

  #logChanges(before: readonly SigningCa[], after: readonly SigningCa[], { restored }: Plan): void {
    const { log, name: secret } = this.#options;
    const has = (list: readonly SigningCa[], { id }: SigningCa): boolean => list.some((each) => each.id === id);
    for (const ca of after) {
      const { name, notAfter, published } = ca;
      const facts = { secret, ca: name, expiry: timeText(notAfter) };
      const was = before.find(({ id }) => id === ca.id);
      if (was === undefined && restored === undefined) log.info(facts, "created a CA");
      else if (was === undefined) log.warn({ ...facts, because: RESTORED[restored ?? "lost"] }, "restored a CA");
      else if (was.published === undefined && published !== undefined) log.info(facts, "published a CA");
    }
    for (const ca of before.filter((each) => !has(after, each))) {
      log.info({ secret, ca: ca.name }, "dropped a CA");
    }
  }

  #report(problems: readonly string[]): void {
    const why = problems.length === 0 ? undefined : problems.join("; ");
    if (why === this.#reported) return;
    this.#reported = why;
    const { log, name } = this.#options;
    if (why !== undefined)
      log.error({ secret: name, why }, "the Secret has invalid content instead of CAs; rewriting it");
  }
}

const RESTORED = {
  lost: "the Secret had no usable CA",
  replaced: "the Secret lacked the CA whose certificate is in use",
} as const;

function isAsPlanned({ cas, problems }: StoredCas, plan: Plan): boolean {
  const same = (each: SigningCa, index: number): boolean => {
    const planned = plan.cas[index];
    return each.id === planned?.id && each.published?.getTime() === planned.published?.getTime();
  };
  return !plan.needsNew && problems.length === 0 && cas.length === plan.cas.length && cas.every(same);
}
