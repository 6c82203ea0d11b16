import type {
  CoreV1Api,
  V1ManagedFieldsEntry,
  V1MutatingWebhookConfiguration,
  V1ObjectMeta,
  V1ValidatingWebhookConfiguration,
} from "@kubernetes/client-node";
import type { Logger } from "pino";
import type { Timing } from "../../common/timing.ts";
import { ifFound, succeedsWithoutConflict } from "../../kube/api-error.ts";
import { Connection } from "../../kube/connection.ts";
import { CurrentCredentials, type ReadCredentials } from "../../kube/credentials.ts";
import { withDeadline } from "../../kube/deadline.ts";
import { watchObject } from "../../kube/object-watch.ts";
import { type TypedApi, typedApi } from "../../kube/typed-api.ts";
import {
  type Configuration,
  CONFIGURATION_KINDS,
  type ConfigurationId,
  type ConfigurationKind,
  labelOf,
} from "./ca-bundle.ts";
import { base64 } from "./signing-ca.ts";

/** Identifies this program among the writers of an object. */
const FIELD_MANAGER = "vm-image-webhook";
/** Milliseconds for one call. A healthy API server takes a few. */
const CALL_DEADLINE = 15_000;

/** Identifies the Secret with the CA. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface StoredSecret {
  readonly resourceVersion: string;
  /** Values in base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** The Secret and the webhook configurations of a cluster. The calls throw an ApiError. */
export interface CertificateStore {
  /** The configurations of this webhook, whether or not they exist. */
  readonly configurationIds: readonly ConfigurationId[];
  /** Throws a Failure if there are no usable credentials. */
  check(): Promise<void>;
  /** The configurations that exist. */
  configurations(): Promise<readonly Configuration[]>;
  /** Undefined if there is none. */
  secret(): Promise<StoredSecret | undefined>;
  /** Creates an empty Secret. Changes nothing if it exists. */
  createSecret(): Promise<void>;
  /** Writes the Secret, unless another client wrote it after it was read: then false. */
  writeSecret(read: StoredSecret, data: Readonly<Record<string, string>>): Promise<boolean>;
  /** Writes `caBundle` of every webhook of the configuration, on the same condition as `writeSecret`. */
  writeBundle(read: Configuration, bundle: string): Promise<boolean>;
  /** Calls back when the Secret or a configuration changed, until the signal aborts. Never rejects. */
  watch(changed: () => void, signal: AbortSignal): Promise<void>;
  /** Closes every connection. */
  close(): void;
}

export interface ClusterStoreOptions {
  readonly credentials: ReadCredentials;
  readonly secret: SecretName;
  /** Names of webhook configurations. Each name stands for one of each kind. */
  readonly configurations: readonly string[];
  readonly log: Logger;
  readonly timing: Timing;
}

type RawConfiguration = V1MutatingWebhookConfiguration | V1ValidatingWebhookConfiguration;

const PLURALS: Readonly<Record<ConfigurationKind, string>> = {
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
  ValidatingWebhookConfiguration: "validatingwebhookconfigurations",
};

/** The certificate store of a real cluster. */
export class ClusterStore implements CertificateStore {
  readonly configurationIds: readonly ConfigurationId[];
  readonly #options: ClusterStoreOptions;
  readonly #credentials: CurrentCredentials;
  readonly #client: Connection;
  readonly #end = new AbortController();
  #api: Promise<TypedApi> | undefined;

  constructor(options: ClusterStoreOptions) {
    const { credentials: read, log, timing } = options;
    this.#options = options;
    this.configurationIds = options.configurations.flatMap((name) =>
      CONFIGURATION_KINDS.map((kind) => ({ kind, name })),
    );
    this.#credentials = new CurrentCredentials({ read, log, timing });
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
    const read = await Promise.all(this.configurationIds.map((id) => this.#configuration(id)));
    return read.filter((configuration) => configuration !== undefined);
  }

  async #configuration(id: ConfigurationId): Promise<Configuration | undefined> {
    const { kind, name } = id;
    const raw = await ifFound(
      this.#call<RawConfiguration>(`read the ${labelOf(id)}`, ({ admissionRegistration: api }) =>
        kind === "MutatingWebhookConfiguration"
          ? api.readMutatingWebhookConfiguration({ name })
          : api.readValidatingWebhookConfiguration({ name }),
      ),
    );
    return raw && configurationOf(id, raw);
  }

  async secret(): Promise<StoredSecret | undefined> {
    const read = await ifFound(
      this.#call("read the Secret", ({ core }) => core.readNamespacedSecret(this.#options.secret)),
    );
    return read && { resourceVersion: resourceVersionOf(read.metadata), data: read.data ?? {} };
  }

  /**
   * Uses server-side apply. Only its request names the object that it creates, so that an RBAC rule can allow this name
   * alone. It does not change an existing Secret, because it sets no data.
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
    return succeedsWithoutConflict(
      this.#call("write the Secret", ({ core, patchAs }) =>
        core.patchNamespacedSecret(parameters, patchAs("application/merge-patch+json")),
      ),
    );
  }

  /** The patch merges webhooks by name (patchMergeKey in k8s.io/api), and leaves their other fields as they are. */
  writeBundle(read: Configuration, bundle: string): Promise<boolean> {
    const { kind, name, resourceVersion, webhooks } = read;
    const clientConfig = { caBundle: base64(bundle) };
    const body = {
      metadata: { resourceVersion },
      webhooks: webhooks.map((each) => ({ name: each.name, clientConfig })),
    };
    const parameters = { name, body, fieldManager: FIELD_MANAGER };
    return succeedsWithoutConflict(
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
      ...this.configurationIds.map(({ kind, name }) => ({
        path: `/apis/admissionregistration.k8s.io/v1/${PLURALS[kind]}`,
        name,
      })),
    ];
    await Promise.all(watched.map((object) => watchObject({ client, timing, changed, ...object }, signal)));
  }

  async #call<T>(what: string, call: (api: TypedApi) => Promise<T>): Promise<T> {
    const { signal } = this.#end;
    this.#api ??= typedApi(this.#client, signal);
    const api = await this.#api;
    return withDeadline({ what, milliseconds: CALL_DEADLINE, signal }, () => call(api));
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
