import type { Logger } from "pino";
import type { Trouble } from "../../kube/trouble.ts";
import { troubleOfCall } from "../../kube/typed-api.ts";
import {
  type Authority,
  authorityOf,
  decodeAuthorities,
  encodeAuthorities,
  type StoredAuthorities,
} from "./signing-ca.ts";
import { timeText } from "../certificate-source.ts";
import type { CertificateStore, StoredSecret } from "./cluster-store.ts";
import { issueAuthority } from "../issue.ts";
import { type Lifetimes, type Plan, planOf, type Situation } from "./rotation.ts";

export interface SecretKeeperOptions {
  readonly store: CertificateStore;
  /** For messages. */
  readonly name: string;
  readonly lifetimes: Lifetimes;
  readonly jitter: number;
  readonly log: Logger;
}

export type Facts = Pick<Situation, "known" | "inUse" | "isTrusted" | "now">;

/** What was found in the Secret, or put there. */
export type Kept =
  /** Somebody else wrote it at the same time: everything is to be read again. */
  | { readonly is: "again" }
  /** `trouble`: it should hold something else, and could not be written. */
  | { readonly is: "read"; readonly authorities: readonly Authority[]; readonly trouble: Trouble | undefined };

/** Keeps the Secret as the rotation wants it. Several replicas do so at once: the first one to write wins. */
export class SecretKeeper {
  readonly #options: SecretKeeperOptions;
  #reported = "";

  constructor(options: SecretKeeperOptions) {
    this.#options = options;
  }

  /** Throws a Trouble where the Secret cannot be read. */
  async reconcile(facts: Facts): Promise<Kept> {
    const { store, lifetimes, jitter } = this.#options;
    const secret = await store.secret();
    const stored = decodeAuthorities(secret?.data ?? {});
    this.#report(stored.problems);
    const plan = planOf({ ...facts, stored: stored.authorities, lifetimes, jitter });
    const { authorities } = stored;
    if (isAsPlanned(stored, plan)) return { is: "read", authorities, trouble: undefined };
    try {
      return await this.#write(secret, authorities, { plan, now: facts.now });
    } catch (error) {
      const usable = authorities.length === 0 ? facts.known : authorities;
      return { is: "read", authorities: usable, trouble: troubleOfCall(error) };
    }
  }

  async #write(
    secret: StoredSecret | undefined,
    before: readonly Authority[],
    { plan, now }: { readonly plan: Plan; readonly now: Date },
  ): Promise<Kept> {
    const { store, log, name } = this.#options;
    if (secret === undefined) {
      await store.createSecret();
      log.info({ secret: name }, "the Secret with the CA was not there; made it");
      return { is: "again" };
    }
    const made = plan.needsNew ? [await this.#make(now)] : [];
    const authorities = [...plan.authorities, ...made];
    if (!(await store.writeSecret(secret, encodeAuthorities(authorities)))) return { is: "again" };
    this.#tell(before, authorities, plan);
    return { is: "read", authorities, trouble: undefined };
  }

  async #make(now: Date): Promise<Authority> {
    const end = new Date(now.getTime() + this.#options.lifetimes.ca);
    return authorityOf(await issueAuthority("vm-image-webhook CA", { now, end }));
  }

  #tell(before: readonly Authority[], after: readonly Authority[], { restored }: Plan): void {
    const { log, name: secret } = this.#options;
    const has = (list: readonly Authority[], { id }: Authority): boolean => list.some((each) => each.id === id);
    for (const authority of after) {
      const { name, notAfter, published } = authority;
      const facts = { secret, ca: name, expiry: timeText(notAfter) };
      const was = before.find(({ id }) => id === authority.id);
      if (was === undefined && restored === undefined) log.info(facts, "made a CA");
      else if (was === undefined) log.warn({ ...facts, because: RESTORED[restored ?? "lost"] }, "put a CA back");
      else if (was.published === undefined && published !== undefined) log.info(facts, "published a CA");
    }
    for (const authority of before.filter((each) => !has(after, each))) {
      log.info({ secret, ca: authority.name }, "dropped a CA");
    }
  }

  #report(problems: readonly string[]): void {
    const text = problems.join("; ");
    if (text === this.#reported) return;
    this.#reported = text;
    const { log, name } = this.#options;
    if (text !== "") log.error({ secret: name, why: text }, "the Secret has what is no CA; it is written anew");
  }
}

const RESTORED = {
  lost: "the Secret had no usable CA",
  replaced: "the Secret lacked the CA whose certificate is in use",
} as const;

function isAsPlanned({ authorities, problems }: StoredAuthorities, plan: Plan): boolean {
  const same = (each: Authority, index: number): boolean => {
    const planned = plan.authorities[index];
    return each.id === planned?.id && each.published?.getTime() === planned.published?.getTime();
  };
  return (
    !plan.needsNew && problems.length === 0 && authorities.length === plan.authorities.length && authorities.every(same)
  );
}
