import type { Logger } from "pino";
import { type ReadinessCheck, readinessStatus } from "../../common/readiness.ts";
import type { Timing } from "../../common/timing.ts";
import { ApiError, toApiError } from "../../kube/api-error.ts";
import { Backoff, waitAfter } from "../../kube/backoff.ts";
import type { ReadCredentials } from "../../kube/credentials.ts";
import { type CertificateFacts, type CertificateSource, timeText } from "../certificate-source.ts";
import type { Certificate } from "../certificate.ts";
import { BundleReconciler } from "./bundle-reconciler.ts";
import { trusts } from "./ca-bundle.ts";
import { type CertificateStore, ClusterStore, type SecretName } from "./cluster-store.ts";
import { type Lifetimes } from "./lifetimes.ts";
import { nextChange } from "./rotation.ts";
import { SecretReconciler } from "./secret-reconciler.ts";
import { ServingCertificate } from "./serving-certificate.ts";
import type { SigningCa } from "./signing-ca.ts";

export { CONFIGURATION_NAME, OSIMAGE_CONFIGURATION_NAME } from "./ca-bundle.ts";
export { DEFAULT_CA_LIFETIME, DEFAULT_SERVING_LIFETIME, MAX_SERVING_SHARE } from "./lifetimes.ts";

/**
 * Milliseconds after which everything is read again without an event: a timer may be late by as long as the machine was
 * suspended, clocks may be set, and a watch may miss a change.
 */
const RESYNC_INTERVAL = 60_000;
/** Milliseconds that a timer is set late, so that the clock has passed the moment when it ends. */
const TIMER_MARGIN = 20;
/** Each round that finds a write of another replica starts again. More rounds than this are a conflict. */
const MAX_ROUNDS = 10;
/** How much earlier than others a replica may renew, as a share of the remaining lifetime. */
const MAX_JITTER = 0.1;

interface SharedOptions {
  /** DNS names and IP addresses of the serving certificate. */
  readonly hosts: readonly string[];
  readonly lifetimes: Lifetimes;
  readonly log: Logger;
  readonly timing: Timing;
}

export interface StoredCertificateOptions extends SharedOptions {
  readonly store: CertificateStore;
  /** NAMESPACE/NAME of the Secret, for messages. */
  readonly secret: string;
}

export interface ClusterCertificateOptions extends SharedOptions {
  readonly credentials: ReadCredentials;
  /** The Secret with the CA. */
  readonly secret: SecretName;
  /** Names of the webhook configurations whose `caBundle` is kept. */
  readonly configurations: readonly string[];
}

/** A serving certificate whose CA is in a Secret of the cluster. */
export function clusterCertificateSource(options: ClusterCertificateOptions): CertificateSource {
  const { secret } = options;
  const store = new ClusterStore(options);
  return new ClusterCertificateSource({ ...options, store, secret: `${secret.namespace}/${secret.name}` });
}

/**
 * Signs its serving certificate with a CA that all replicas share in one Secret. There is no leader. The loop is
 * level-triggered: each reconciliation reads all objects again and makes the missing changes. The rules are in
 * rotation.ts.
 */
export class ClusterCertificateSource implements CertificateSource {
  readonly #options: StoredCertificateOptions;
  readonly #backoff: Backoff;
  readonly #jitter: number;
  readonly #secret: SecretReconciler;
  readonly #bundles: BundleReconciler;
  readonly #serving: ServingCertificate;
  /** The CAs that the Secret had when it was last read or written. Only these sign certificates. */
  #cas: readonly SigningCa[] = [];
  /** The error of the last reconciliation. */
  #error: ApiError | undefined;
  /** Errors of one code in a row. */
  #consecutive = 0;
  /** Whether the API server was once known to trust the certificate in use. Never goes back to false. */
  #wasTrusted = false;
  #isChanged = false;
  #wake: () => void = () => undefined;

  constructor(options: StoredCertificateOptions) {
    const { store, log, timing, lifetimes, hosts, secret: name } = options;
    this.#options = options;
    this.#backoff = new Backoff(timing);
    this.#jitter = MAX_JITTER * timing.random();
    this.#secret = new SecretReconciler({ store, name, log, lifetimes, jitter: this.#jitter });
    this.#bundles = new BundleReconciler({ store, log });
    this.#serving = new ServingCertificate({ hosts, lifetimes, log, jitter: this.#jitter });
  }

  async start(use: (certificate: Certificate) => void, signal: AbortSignal): Promise<void> {
    await this.#options.store.check();
    const first = Promise.withResolvers<undefined>();
    const useAndResolve = (certificate: Certificate): void => {
      use(certificate);
      first.resolve(undefined);
    };
    void this.#run(useAndResolve, signal);
    await first.promise;
  }

  readiness(): readonly ReadinessCheck[] {
    const { secret, timing } = this.#options;
    const current = this.#serving.current;
    const isValid = this.#serving.issuer(timing.now()) !== undefined;
    const facts =
      current === undefined
        ? `none yet, from the CA of Secret ${secret}`
        : `${isValid ? "good until" : "expired at"} ${timeText(current.notAfter)}, signed by ${current.issuer.name}`;
    const because = this.#error === undefined ? "" : `; ${this.#error.message}`;
    return [
      { name: "certificate", status: readinessStatus(isValid, this.#error?.message), text: facts + because },
      { name: "caBundle", status: readinessStatus(this.#wasTrusted, this.#bundles.problem), text: this.#bundles.text },
    ];
  }

  facts(): CertificateFacts {
    const { current, renewals } = this.#serving;
    const { overwrites } = this.#bundles;
    return { expiry: current?.notAfter, caExpiry: current?.issuer.notAfter, renewals, overwrites };
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
      const wait = await this.#reconcileOnce(use);
      await this.#sleep(wait, signal);
    }
  }

  /** Resolves at a change, after the time, or when the signal aborts. */
  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#isChanged) return;
    const wake = new AbortController();
    this.#wake = () => {
      wake.abort();
    };
    await this.#options.timing.delay(milliseconds, AbortSignal.any([signal, wake.signal]));
    this.#wake = () => undefined;
  }

  /**
   * Returns the milliseconds until the next reconciliation. Signs a certificate even if the API server cannot be
   * reached.
   */
  async #reconcileOnce(use: (certificate: Certificate) => void): Promise<number> {
    const error = await this.#reconcile(use).catch(toApiError);
    await this.#sign(use);
    if (error === undefined) this.#recovered();
    else this.#failed(error);
    const untilNext = this.#untilNextChange();
    if (error === undefined) return untilNext;
    return Math.min(untilNext, this.#backoff.next(waitAfter(error.code), this.#consecutive, error.retryAfter));
  }

  /**
   * Returns the error that kept it from completing. It reads the configurations before the Secret. Each replica writes
   * the Secret before the bundle, so a Secret that is read after a bundle is at least as new as the bundle. Hence no
   * replica restores a bundle that another one has replaced.
   */
  async #reconcile(use: (certificate: Certificate) => void): Promise<ApiError | undefined> {
    const { store, timing } = this.#options;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const configurations = await store.configurations().catch(toApiError);
      const readable = configurations instanceof ApiError ? undefined : configurations;
      const now = timing.now();
      const result = await this.#secret.reconcile({
        known: this.#cas,
        inUse: this.#serving.issuer(now),
        isTrusted: (ca) => readable?.every((each) => trusts(each, ca)),
        now,
      });
      if (result.is === "again") continue;
      this.#cas = result.cas;
      await this.#sign(use);
      if (configurations instanceof ApiError) {
        this.#bundles.unreadable(configurations);
        return configurations;
      }
      const issuer = this.#serving.issuer(now);
      this.#wasTrusted ||= issuer !== undefined && configurations.every((each) => trusts(each, issuer));
      const isDone = await this.#bundles.reconcile(configurations, this.#cas, now);
      if (isDone) return result.error;
    }
    return new ApiError("conflict", "other clients write the same objects again and again");
  }

  async #sign(use: (certificate: Certificate) => void): Promise<void> {
    const certificate = await this.#serving.renewed(this.#cas, this.#options.timing.now());
    if (certificate !== undefined) use(certificate);
  }

  #failed(error: ApiError): void {
    this.#consecutive = this.#error?.code === error.code ? this.#consecutive + 1 : 1;
    const isNew = this.#error?.message !== error.message;
    this.#error = error;
    if (isNew) this.#options.log.warn({ why: error.message }, "certificates cannot be reconciled");
  }

  #recovered(): void {
    if (this.#error !== undefined) this.#options.log.info("certificates are reconciled again");
    this.#error = undefined;
    this.#consecutive = 0;
  }

  #untilNextChange(): number {
    const { timing, lifetimes } = this.#options;
    const now = timing.now();
    const moments = [
      nextChange(this.#cas, { now, lifetimes, jitter: this.#jitter }),
      this.#serving.current?.renewal,
      ...this.#bundles.rewrites,
    ];
    const waits = moments
      .filter((moment) => moment !== undefined)
      .map((moment) => moment.getTime() - now.getTime())
      .filter((wait) => wait > 0);
    return Math.min(RESYNC_INTERVAL, ...waits.map((wait) => wait + TIMER_MARGIN));
  }
}
