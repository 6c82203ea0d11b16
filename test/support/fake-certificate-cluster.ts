import { setImmediate as turn } from "node:timers/promises";
import { base64, decodeCas } from "../../src/certs/cluster/signing-ca.ts";
import {
  type Configuration,
  CONFIGURATION_KINDS,
  CONFIGURATION_NAME,
  type ConfigurationId,
  labelOf,
} from "../../src/certs/cluster/ca-bundle.ts";
import type { CertificateStore, StoredSecret } from "../../src/certs/cluster/cluster-store.ts";
import { certificatesIn } from "../../src/certs/pem.ts";
import { ApiError, type ApiErrorCode } from "../../src/kube/api-error.ts";

type Method = Exclude<keyof CertificateStore, "configurationIds" | "watch" | "close">;

/** The Secret and the configurations of one cluster, with the optimistic concurrency of an API server. */
export class FakeCertificateCluster {
  #version = 0;
  #secret: StoredSecret | undefined;
  readonly #configurationIds: readonly ConfigurationId[];
  /** By label. */
  readonly #configurations = new Map<string, Configuration>();
  readonly #watchers = new Set<() => void>();
  /** The calls that fail for every replica, with the error. */
  readonly refused = new Map<Method, ApiErrorCode>();
  /** Each write of the Secret or of a bundle, oldest first. */
  readonly writes: string[] = [];

  constructor(names: readonly string[] = [CONFIGURATION_NAME]) {
    this.#configurationIds = names.flatMap((name) => CONFIGURATION_KINDS.map((kind) => ({ kind, name })));
  }

  get secret(): StoredSecret | undefined {
    return this.#secret;
  }

  /** Writes the Secret like another client; undefined deletes it. */
  setSecret(data: Readonly<Record<string, string>> | undefined): void {
    this.#secret = data && { resourceVersion: this.#next(), data };
    this.#changed();
  }

  /** Common names of the CAs in the Secret, oldest first. */
  get names(): readonly string[] {
    return decodeCas(this.#secret?.data ?? {}).cas.map(({ name }) => name);
  }

  applyConfigurations(): void {
    for (const id of this.#configurationIds) this.#setBundle(id, undefined, undefined);
  }

  overwrite(pem: string, writer = "another-client"): void {
    for (const id of this.#configurationIds) this.#setBundle(id, base64(pem), writer);
  }

  /** Common names of the CAs that every webhook trusts; undefined if there is no configuration. */
  get trusted(): readonly string[] | undefined {
    const bundles = [...this.#configurations.values()].flatMap(({ webhooks }) =>
      webhooks.map(({ caBundle }) => caBundle),
    );
    if (bundles.length === 0) return undefined;
    const [first = [], ...others] = bundles.map(namesIn);
    return first.filter((name) => others.every((names) => names.includes(name)));
  }

  /** The store of one replica. While `isDown` returns true, every call fails. */
  store(isDown: () => boolean = () => false): CertificateStore {
    const call = async <T>(method: Method, answer: () => T): Promise<T> => {
      await turn();
      const refusal = isDown() ? "connection" : this.refused.get(method);
      if (refusal !== undefined) throw new ApiError(refusal, `${method}: ${refusal}`);
      const result = answer();
      await turn();
      return result;
    };
    return {
      configurationIds: this.#configurationIds,
      check: () => Promise.resolve(),
      configurations: () => call("configurations", () => [...this.#configurations.values()]),
      secret: () => call("secret", () => this.#secret),
      createSecret: () =>
        call("createSecret", () => {
          if (this.#secret === undefined) this.setSecret({});
        }),
      writeSecret: (read, data) =>
        call("writeSecret", () => {
          if (read.resourceVersion !== this.#secret?.resourceVersion) return false;
          this.setSecret({ ...this.#secret.data, ...data });
          this.writes.push("secret");
          return true;
        }),
      writeBundle: ({ kind, name, resourceVersion }, bundle) =>
        call("writeBundle", () => {
          const id = { kind, name };
          if (resourceVersion !== this.#configurations.get(labelOf(id))?.resourceVersion) return false;
          this.#setBundle(id, base64(bundle), undefined);
          this.writes.push(labelOf(id));
          return true;
        }),
      watch: (changed, signal) => {
        this.#watchers.add(changed);
        signal.addEventListener("abort", () => this.#watchers.delete(changed));
        return Promise.resolve();
      },
      close: () => undefined,
    };
  }

  #setBundle(id: ConfigurationId, caBundle: string | undefined, writer: string | undefined): void {
    const webhooks = ["one", "other"].map((name) => ({ name, caBundle }));
    this.#configurations.set(labelOf(id), { ...id, resourceVersion: this.#next(), webhooks, writer });
    this.#changed();
  }

  #changed(): void {
    for (const changed of this.#watchers) changed();
  }

  #next(): string {
    return String(++this.#version);
  }
}

function namesIn(caBundle: string | undefined): readonly string[] {
  const text = Buffer.from(caBundle ?? "", "base64").toString();
  if (text === "") return [];
  return certificatesIn(text).map(({ subject }) => subject.replace(/^CN=/, ""));
}
