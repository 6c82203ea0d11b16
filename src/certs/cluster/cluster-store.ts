import type {
  CoreV1Api,
  V1ManagedFieldsEntry,
  V1MutatingWebhookConfiguration,
  V1ObjectMeta,
  V1ValidatingWebhookConfiguration,
} from "@kubernetes/client-node";
import type { Logger } from "pino";
import type { Timing } from "../../kube/backoff.ts";
import { Connection } from "../../kube/connection.ts";
import { CurrentCredentials, type ReadCredentials } from "../../kube/credentials.ts";
import { within } from "../../kube/deadline.ts";
import { watchObject } from "../../kube/object-watch.ts";
import { ifThere, isFirst, type TypedApi, typedApi } from "../../kube/typed-api.ts";
import { base64 } from "./signing-ca.ts";
import {
  type Configuration,
  CONFIGURATION_KINDS,
  type ConfigurationId,
  type ConfigurationKind,
  labelOf,
} from "./ca-bundle.ts";

/** Who we are among those who write an object. */
const FIELD_MANAGER = "vm-image-webhook";
/** Milliseconds for one call; a healthy API server takes some. */
const CALL_DEADLINE = 15_000;

/** NAMESPACE/NAME of the Secret with the CA. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface StoredSecret {
  readonly resourceVersion: string;
  /** In base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** The objects of the cluster that certificates need. Calls throw a Trouble. */
export interface CertificateStore {
  /** The configurations that are ours, whether or not they exist. */
  readonly ours: readonly ConfigurationId[];
  /** Throws a Failure where there is no cluster that could be asked. */
  check(): Promise<void>;
  /** Those that exist. */
  configurations(): Promise<readonly Configuration[]>;
  /** Undefined where there is none. */
  secret(): Promise<StoredSecret | undefined>;
  /** Makes it, empty; where it is there already, nothing happens. */
  createSecret(): Promise<void>;
  /** False where somebody wrote it after it was read; then nothing is written. */
  writeSecret(read: StoredSecret, data: Readonly<Record<string, string>>): Promise<boolean>;
  /** As `writeSecret`, for `caBundle` of every webhook. */
  writeBundle(read: Configuration, bundle: string): Promise<boolean>;
  /** Says when any of them changed, until the signal aborts; never rejects. */
  watch(changed: () => void, signal: AbortSignal): Promise<void>;
  /** Ends every connection. */
  close(): void;
}

export interface ClusterStoreOptions {
  readonly credentials: ReadCredentials;
  readonly secret: SecretName;
  /** Names of webhook configurations, of both kinds each. */
  readonly configurations: readonly string[];
  readonly log: Logger;
  readonly timing: Timing;
}

type RawConfiguration = V1MutatingWebhookConfiguration | V1ValidatingWebhookConfiguration;

const PLURALS: Readonly<Record<ConfigurationKind, string>> = {
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
  ValidatingWebhookConfiguration: "validatingwebhookconfigurations",
};

/** A cluster's Secret and webhook configurations, by the typed calls of @kubernetes/client-node. */
export class ClusterStore implements CertificateStore {
  readonly ours: readonly ConfigurationId[];
  readonly #options: ClusterStoreOptions;
  readonly #credentials: CurrentCredentials;
  readonly #client: Connection;
  readonly #end = new AbortController();
  #api: Promise<TypedApi> | undefined;

  constructor(options: ClusterStoreOptions) {
    const { credentials: read, log, timing } = options;
    this.#options = options;
    this.ours = options.configurations.flatMap((name) => CONFIGURATION_KINDS.map((kind) => ({ kind, name })));
    this.#credentials = new CurrentCredentials({ read, log, now: timing.now });
    this.#client = new Connection({ credentials: this.#credentials });
  }

  check(): Promise<void> {
    return this.#credentials.check();
  }

  close(): void {
    this.#end.abort();
    this.#client.close();
  }

  async configurations(): Promise<readonly Configuration[]> {
    const read = await Promise.all(this.ours.map((id) => this.#configuration(id)));
    return read.filter((configuration) => configuration !== undefined);
  }

  async #configuration(id: ConfigurationId): Promise<Configuration | undefined> {
    const { kind, name } = id;
    const raw = await ifThere(
      this.#call<RawConfiguration>(`read the ${labelOf(id)}`, ({ admissionRegistration: api }) =>
        kind === "MutatingWebhookConfiguration"
          ? api.readMutatingWebhookConfiguration({ name })
          : api.readValidatingWebhookConfiguration({ name }),
      ),
    );
    return raw && configurationOf(id, raw);
  }

  async secret(): Promise<StoredSecret | undefined> {
    const read = await ifThere(
      this.#call("read the Secret", ({ core }) => core.readNamespacedSecret(this.#options.secret)),
    );
    return read && { resourceVersion: resourceVersionOf(read.metadata), data: read.data ?? {} };
  }

  /**
   * By server-side apply: it is the one way to create an object whose name stands in the request, so that the right to
   * do so can be for that name alone. Nothing that is there is changed by it, as it says nothing about data.
   */
  async createSecret(): Promise<void> {
    const { namespace, name } = this.#options.secret;
    const labels = { "app.kubernetes.io/name": "vm-image-webhook" };
    const body = { apiVersion: "v1", kind: "Secret", type: "Opaque", metadata: { name, namespace, labels } };
    await this.#call("make the Secret", ({ core, patchAs }) =>
      core.patchNamespacedSecret(
        { name, namespace, body, fieldManager: FIELD_MANAGER, force: true },
        patchAs("application/apply-patch+yaml"),
      ),
    );
  }

  writeSecret({ resourceVersion }: StoredSecret, data: Readonly<Record<string, string>>): Promise<boolean> {
    const body = { metadata: { resourceVersion }, data };
    const { namespace, name } = this.#options.secret;
    const parameters: Parameters<CoreV1Api["patchNamespacedSecret"]>[0] = {
      namespace,
      name,
      body,
      fieldManager: FIELD_MANAGER,
    };
    return isFirst(
      this.#call("write the Secret", ({ core, patchAs }) =>
        core.patchNamespacedSecret(parameters, patchAs("application/merge-patch+json")),
      ),
    );
  }

  /** Webhooks are merged by their names (patchMergeKey in k8s.io/api): all else in them stays as it is. */
  writeBundle(read: Configuration, bundle: string): Promise<boolean> {
    const { kind, name, resourceVersion, webhooks } = read;
    const clientConfig = { caBundle: base64(bundle) };
    const body = {
      metadata: { resourceVersion },
      webhooks: webhooks.map((each) => ({ name: each.name, clientConfig })),
    };
    const parameters = { name, body, fieldManager: FIELD_MANAGER };
    return isFirst(
      this.#call<unknown>(`write caBundle of the ${labelOf(read)}`, ({ admissionRegistration: api, patchAs }) => {
        const options = patchAs("application/strategic-merge-patch+json");
        return kind === "MutatingWebhookConfiguration"
          ? api.patchMutatingWebhookConfiguration(parameters, options)
          : api.patchValidatingWebhookConfiguration(parameters, options);
      }),
    );
  }

  async watch(changed: () => void, signal: AbortSignal): Promise<void> {
    const { timing, secret } = this.#options;
    const client = this.#client;
    const watched = [
      { path: `/api/v1/namespaces/${encodeURIComponent(secret.namespace)}/secrets`, name: secret.name },
      ...this.ours.map(({ kind, name }) => ({ path: `/apis/admissionregistration.k8s.io/v1/${PLURALS[kind]}`, name })),
    ];
    await Promise.all(watched.map((object) => watchObject({ client, timing, changed, ...object }, signal)));
  }

  async #call<T>(what: string, call: (api: TypedApi) => Promise<T>): Promise<T> {
    const { signal } = this.#end;
    this.#api ??= typedApi(this.#client, signal);
    const api = await this.#api;
    return within({ what, milliseconds: CALL_DEADLINE, signal }, () => call(api));
  }
}

function configurationOf(id: ConfigurationId, { metadata, webhooks = [] }: RawConfiguration): Configuration {
  return {
    ...id,
    resourceVersion: resourceVersionOf(metadata),
    webhooks: webhooks.map(({ name, clientConfig: { caBundle } }) => ({ name, caBundle })),
    writer: metadata?.managedFields?.findLast(wroteBundle)?.manager,
  };
}

function wroteBundle({ manager, fieldsV1 }: V1ManagedFieldsEntry): boolean {
  return manager !== FIELD_MANAGER && JSON.stringify(fieldsV1 ?? {}).includes('"f:caBundle"');
}

function resourceVersionOf(metadata: V1ObjectMeta | undefined): string {
  return metadata?.resourceVersion ?? "";
}
