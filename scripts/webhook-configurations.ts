import { stringify } from "yaml";
import { VM_REFERENCES } from "../src/references/references.ts";
import { creationRules, referenceRules, referencesChanged } from "../src/references/webhook-rules.ts";
import type { Endpoint } from "../src/references/subject.ts";
import { ENDPOINT_PATHS } from "../src/server/admission-server.ts";

/** Where the webhook is installed; its own namespace is never held up by it. */
const NAMESPACE = "vm-image-webhook-system";
const SERVICE = { name: "vm-image-webhook", namespace: NAMESPACE, port: 443 };

/** The API server waits this long for each call; a review takes far less than a millisecond. */
const TIMEOUT_SECONDS = 5;

/** Where they are written; kustomize takes no file from outside its folder. */
export const WEBHOOK_CONFIGURATIONS_FOLDER = new URL("../manifests/base/", import.meta.url);

/** Tells them from the server in a selector: they are applied after it and deleted before it. */
const COMPONENT = "webhook-configuration";

const HEADER = "# Made from the reference table by `npm run manifests`; do not edit.\n";

/** "vm-image-webhook" sorts before "vmware-system-vmop-...": names are pinned before vm-operator's webhooks run. */
function configuration(kind: string, webhooks: readonly object[]): string {
  return (
    HEADER +
    stringify(
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind,
        metadata: {
          name: "vm-image-webhook",
          labels: { "app.kubernetes.io/name": "vm-image-webhook", "app.kubernetes.io/component": COMPONENT },
        },
        webhooks,
      },
      { aliasDuplicateObjects: false, lineWidth: 0 },
    )
  );
}

function webhook(endpoint: Endpoint, special: object, name: string = endpoint): object {
  return {
    name: `${name}.vm-image-webhook.dev`,
    admissionReviewVersions: ["v1", "v1beta1"],
    clientConfig: { service: { ...SERVICE, path: ENDPOINT_PATHS[endpoint] } },
    matchPolicy: "Equivalent",
    namespaceSelector: {
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: [NAMESPACE] }],
    },
    failurePolicy: "Fail",
    sideEffects: "None",
    timeoutSeconds: TIMEOUT_SECONDS,
    ...special,
  };
}

const REFERENCES_CHANGED = {
  rules: referenceRules(VM_REFERENCES),
  matchConditions: [{ name: "references-changed", expression: referencesChanged(VM_REFERENCES) }],
};

export const WEBHOOK_CONFIGURATIONS = [
  {
    file: "mutating-webhook.yaml",
    text: configuration("MutatingWebhookConfiguration", [
      webhook("mutate", { ...REFERENCES_CHANGED, reinvocationPolicy: "IfNeeded" }),
    ]),
  },
  {
    file: "validating-webhook.yaml",
    text: configuration("ValidatingWebhookConfiguration", [
      webhook("validate", REFERENCES_CHANGED),
      // It warns only, so that nobody has to wait for it. Who sets publish-collision=deny sets Fail here.
      webhook("validate", { rules: creationRules(VM_REFERENCES), failurePolicy: "Ignore" }, "publish"),
    ]),
  },
] as const;
