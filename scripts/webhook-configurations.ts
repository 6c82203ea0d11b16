import { stringify } from "yaml";
import { OS_IMAGE_ROWS } from "../src/osimage/rows.ts";
import { VM_ROWS } from "../src/vm-operator/rows.ts";
import { creationRules, referenceRules, referencesChanged, SPEC_CHANGED } from "../src/references/webhook-rules.ts";
import type { ReferenceRow } from "../src/references/row.ts";
import type { Endpoint } from "../src/references/target.ts";
import { ENDPOINT_PATHS } from "../src/server/admission-server.ts";

/** Where the webhook is installed. Its own namespace is exempt, so that it cannot block itself. */
const NAMESPACE = "vm-image-webhook-system";
const SERVICE = { name: "vm-image-webhook", namespace: NAMESPACE, port: 443 };

/** How long the API server waits for each call. A review takes far less than a millisecond. */
const TIMEOUT_SECONDS = 5;

/** `npm run manifests` writes each configuration into the folder below this one that applies it. */
export const WEBHOOK_CONFIGURATIONS_FOLDER = new URL("../manifests/", import.meta.url);

/** The label by which a selector finds them: they are applied after the server and deleted before it. */
const COMPONENT = "webhook-configuration";

const HEADER = "# Made from the reference table by `npm run manifests`; do not edit.\n";

const NAME = "vm-image-webhook";

/** "vm-image-webhook" sorts before "vmware-system-vmop-...": names are pinned before vm-operator's webhooks run. */
function configuration(kind: string, webhooks: readonly object[], name = NAME): string {
  return (
    HEADER +
    stringify(
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind,
        metadata: {
          name,
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

/** Rules and conditions for objects that refer to images of one system. */
function referring(rows: readonly ReferenceRow[]): object {
  return {
    rules: referenceRules(rows),
    matchConditions: [{ name: "references-changed", expression: referencesChanged(rows) }],
  };
}

/** Rules and conditions for OSImages themselves. */
const OS_IMAGES = {
  rules: creationRules(OS_IMAGE_ROWS, ["CREATE", "UPDATE"]),
  matchConditions: [{ name: "spec-changed", expression: SPEC_CHANGED }],
};

export const WEBHOOK_CONFIGURATIONS = [
  {
    file: "base/mutating-webhook.yaml",
    text: configuration("MutatingWebhookConfiguration", [
      webhook("mutate", { ...referring(VM_ROWS), reinvocationPolicy: "IfNeeded" }),
    ]),
  },
  {
    file: "base/validating-webhook.yaml",
    text: configuration("ValidatingWebhookConfiguration", [
      webhook("validate", referring(VM_ROWS)),
      // By default its check only warns, so no request may fail because of it. With publish-collision=deny, set Fail.
      webhook("validate", { rules: creationRules(VM_ROWS), failurePolicy: "Ignore" }, "publish"),
    ]),
  },
  {
    file: "osimage/component/mutating-webhook.yaml",
    text: configuration(
      "MutatingWebhookConfiguration",
      [webhook("mutate", { ...referring(OS_IMAGE_ROWS), reinvocationPolicy: "IfNeeded" }, "mutate.osimage")],
      `${NAME}-osimage`,
    ),
  },
  {
    file: "osimage/component/validating-webhook.yaml",
    text: configuration(
      "ValidatingWebhookConfiguration",
      [
        webhook("validate", referring(OS_IMAGE_ROWS), "validate.osimage"),
        webhook("validate", OS_IMAGES, "object.osimage"),
      ],
      `${NAME}-osimage`,
    ),
  },
] as const;
