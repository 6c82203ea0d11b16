import type { Logger } from "pino";
import { Backoff, type Timing } from "../../kube/backoff.ts";
import { rowOf, Trouble } from "../../kube/trouble.ts";
import { troubleOfCall } from "../../kube/typed-api.ts";
import type { Authority } from "./signing-ca.ts";
import { BundleKeeper } from "./bundle-reconciler.ts";
import { trusts } from "./ca-bundle.ts";
import {
  type CertificateFacts,
  type CertificateSource,
  type CertificateState,
  timeText,
} from "../certificate-source.ts";
import type { Certificate } from "../certificate.ts";
import type { CertificateStore } from "./cluster-store.ts";
import { type Lifetimes, nextChange } from "./rotation.ts";
import { SecretKeeper } from "./secret-reconciler.ts";
import { ServingCertificate } from "./serving-certificate.ts";

/**
 * Milliseconds after which everything is looked at again, whatever was heard: a timer may be late by as long as the
 * machine was suspended, clocks are set, and a watch may miss something.
 */
const LOOK_INTERVAL = 60_000;
/** A clock that is about to reach a moment must have reached it when the timer ends. */
const TIMER_MARGIN = 20;
/** Replicas that write at the same moment; more than these in one look is a fight. */
const MOST_ROUNDS = 10;
/** The most that a replica renews before the others, as a share of the time that is left then. */
const MOST_JITTER = 0.1;

export interface ClusterSourceOptions {
  readonly store: CertificateStore;
  /** Of the Secret, for messages. */
  readonly secret: string;
  readonly hosts: readonly string[];
  readonly lifetimes: Lifetimes;
  readonly log: Logger;
  readonly timing: Timing;
}

/**
 * A serving certificate from a CA of our own, which all replicas share in one Secret: there is no leader. The loop is
 * level-triggered: each look reads everything anew and does what is missing. The rules are in rotation.ts.
 */
export class ClusterCertificateSource implements CertificateSource {
  readonly #options: ClusterSourceOptions;
  readonly #backoff: Backoff;
  readonly #jitter: number;
  readonly #secret: SecretKeeper;
  readonly #bundles: BundleKeeper;
  readonly #serving: ServingCertificate;
  /** What the Secret had when it was last read or written: nothing else is ever signed with. */
  #authorities: readonly Authority[] = [];
  #trouble: Trouble | undefined;
  /** Troubles of one code in a row. */
  #inARow = 0;
  /** Whether the API server was once known to trust the certificate in use; it never turns back. */
  #wasTrusted = false;
  #isChanged = false;
  #wake: () => void = () => undefined;

  constructor(options: ClusterSourceOptions) {
    const { store, log, timing, lifetimes, hosts, secret: name } = options;
    this.#options = options;
    this.#backoff = new Backoff(timing);
    this.#jitter = MOST_JITTER * timing.random();
    this.#secret = new SecretKeeper({ store, name, log, lifetimes, jitter: this.#jitter });
    this.#bundles = new BundleKeeper({ store, log });
    this.#serving = new ServingCertificate({ hosts, lifetimes, log, jitter: this.#jitter });
  }

  async start(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void> {
    await this.#options.store.check();
    const first = Promise.withResolvers<undefined>();
    const taken = (certificate: Certificate): void => {
      use(certificate);
      first.resolve(undefined);
    };
    void this.#run(taken, signal);
    await first.promise;
  }

  state(): readonly CertificateState[] {
    const { secret, timing } = this.#options;
    const current = this.#serving.current;
    const good = this.#serving.issuer(timing.now()) !== undefined;
    const facts =
      current === undefined
        ? `none yet, from the CA of Secret ${secret}`
        : `${good ? "good until" : "expired at"} ${timeText(current.notAfter)}, signed by ${current.issuer.name}`;
    const because = this.#trouble === undefined ? "" : `; ${this.#trouble.message}`;
    return [
      { name: "certificate", ok: good, text: facts + because },
      { name: "caBundle", ok: this.#wasTrusted, text: this.#bundles.text },
    ];
  }

  facts(): CertificateFacts {
    const { current, renewals } = this.#serving;
    const { overwritings } = this.#bundles;
    return { expiry: current?.notAfter, caExpiry: current?.issuer.notAfter, renewals, overwritings };
  }

  async #run(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const close = (): void => {
      store.close();
    };
    signal.addEventListener("abort", close, { once: true });
    const changed = (): void => {
      this.#isChanged = true;
      this.#wake();
    };
    void store.watch(changed, signal);
    while (!signal.aborted) {
      this.#isChanged = false;
      const wait = await this.#look(use);
      await this.#sleep(wait, signal);
    }
  }

  /** Until something changes, the time is over, or the signal aborts. */
  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#isChanged) return;
    const wake = new AbortController();
    this.#wake = () => {
      wake.abort();
    };
    await this.#options.timing.delay(milliseconds, AbortSignal.any([signal, wake.signal]));
    this.#wake = () => undefined;
  }

  /** Gives the milliseconds until the next look. What the API server cannot be asked about is left as it was. */
  async #look(use: (certificate: Certificate) => void): Promise<number> {
    const trouble = await this.#reconcile(use).catch(troubleOfCall);
    await this.#sign(use);
    if (trouble === undefined) this.#recovered();
    else this.#failed(trouble);
    const untilNext = this.#untilNextChange();
    if (trouble === undefined) return untilNext;
    const { wait } = rowOf(trouble.code, this.#inARow, false);
    return Math.min(untilNext, this.#backoff.next(wait, this.#inARow, trouble.retryAfter));
  }

  /**
   * Gives what kept it from being complete. Configurations are read before the Secret: a replica writes the Secret before a
   * newer bundle, so the Secret that is read after a bundle is at least as new, and no replica puts back what another one
   * has replaced.
   */
  async #reconcile(use: (certificate: Certificate) => void): Promise<Trouble | undefined> {
    const { store, timing } = this.#options;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const configurations = await store.configurations().catch(troubleOfCall);
      const readable = configurations instanceof Trouble ? undefined : configurations;
      const now = timing.now();
      const kept = await this.#secret.reconcile({
        known: this.#authorities,
        inUse: this.#serving.issuer(now),
        isTrusted: (authority) => readable?.every((each) => trusts(each, authority)),
        now,
      });
      if (kept.is === "again") continue;
      this.#authorities = kept.authorities;
      await this.#sign(use);
      if (configurations instanceof Trouble) {
        this.#bundles.unreadable(configurations);
        return configurations;
      }
      const issuer = this.#serving.issuer(now);
      this.#wasTrusted ||= issuer !== undefined && configurations.every((each) => trusts(each, issuer));
      const isDone = await this.#bundles.reconcile(configurations, this.#authorities, now);
      if (isDone) return kept.trouble;
    }
    return new Trouble("conflict", "others write the same objects again and again");
  }

  async #sign(use: (certificate: Certificate) => void): Promise<void> {
    const certificate = await this.#serving.renewed(this.#authorities, this.#options.timing.now());
    if (certificate !== undefined) use(certificate);
  }

  #failed(trouble: Trouble): void {
    this.#inARow = this.#trouble?.code === trouble.code ? this.#inARow + 1 : 1;
    const isNews = this.#trouble?.message !== trouble.message;
    this.#trouble = trouble;
    if (isNews) this.#options.log.warn({ why: trouble.message }, "certificates cannot be looked after");
  }

  #recovered(): void {
    if (this.#trouble !== undefined) this.#options.log.info("certificates are looked after again");
    this.#trouble = undefined;
    this.#inARow = 0;
  }

  #untilNextChange(): number {
    const { timing, lifetimes } = this.#options;
    const now = timing.now();
    const moments = [
      nextChange(this.#authorities, { now, lifetimes, jitter: this.#jitter }),
      this.#serving.current?.renewal,
      ...this.#bundles.waits,
    ];
    const waits = moments
      .filter((moment) => moment !== undefined)
      .map((moment) => moment.getTime() - now.getTime())
      .filter((wait) => wait > 0);
    return Math.min(LOOK_INTERVAL, ...waits.map((wait) => wait + TIMER_MARGIN));
  }
}
