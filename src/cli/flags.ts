import { AUDIT_OUTPUTS, CHECK_OUTPUTS, OUTPUTS } from "./output/outputs.ts";
import { WRITE_MODES } from "../vm-operator/policy.ts";
import {
  anyText,
  isOn,
  one,
  oneOf,
  parseAddress,
  parseDelay,
  parseLevels,
  parseLifetime,
  parseSecretName,
  positiveNumber,
  WrongValue,
} from "./flag-values.ts";
import { IMAGE_KINDS, isImageKind } from "../images/image.ts";
import { DEFAULT_MAX_IMAGES } from "../images/image-index.ts";
import { RESOLUTION_MODES } from "../images/resolve.ts";
import { LEVELS } from "../references/policy.ts";
import { DEFAULT_CA_LIFETIME, DEFAULT_SERVING_LIFETIME } from "../certs/cluster/cluster-source.ts";
import { LOCAL_HOSTS } from "../certs/self-signed.ts";

/** Every flag has an environment variable: that of `--ops-listen` is VM_IMAGE_WEBHOOK_OPS_LISTEN. */
export const ENVIRONMENT_PREFIX = "VM_IMAGE_WEBHOOK_";

/** The levels of pino. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
/** Where the serving certificate comes from. */
export const CERT_MODES = ["files", "cluster"] as const;
/** `auto`: pretty on a terminal, else JSON lines. */
export const LOG_FORMATS = ["auto", "json", "pretty"] as const;
export const TLS_VERSIONS = ["1.2", "1.3"] as const;
export const REPLAY_ENDPOINTS = ["both", "mutate", "validate"] as const;

export interface Flag<T> {
  /** Name on the command line, if it differs from the key of this entry. */
  readonly long?: string;
  /** Name that its environment variable is made of, if another flag has the variable of its own name. */
  readonly variable?: string;
  /** One letter, for flags that people type often. */
  readonly short?: string;
  /** The value's name in the help text. A flag without one is on or off. */
  readonly argument?: string;
  readonly repeatable?: boolean;
  /** All values, where there is a list of them. */
  readonly choices?: readonly string[];
  readonly help: string;
  /** As it would be typed. Undefined means no default. */
  readonly default?: readonly string[];
  /** Parses the given texts, in order; more than one only where `repeatable`. Throws a WrongValue. */
  readonly parse: (texts: readonly string[]) => T;
}

/** Every flag, by name. No name may end as the variables that Kubernetes sets for Services (`isServiceLink`). */
export const FLAGS = {
  images: flag({
    argument: "DIR",
    help: "read images from the .yaml, .yml and .json files below DIR, and follow changes",
    parse: ([text]) => text,
  }),
  kubeconfig: flag({
    argument: "FILE",
    help: "without --images: the kubeconfig of the cluster; by default the pod's service account, else that of kubectl",
    parse: ([text]) => text,
  }),
  context: flag({
    argument: "NAME",
    help: "without --images: the context of the kubeconfig, in place of its current-context",
    parse: ([text]) => text,
  }),
  osimage: flag({ help: "without --images: also read OSImages of vCluster Platform", parse: isOn }),
  "max-images": flag({
    argument: "N",
    help: "the most images to keep, of all kinds together; more are reported as overflow",
    default: [String(DEFAULT_MAX_IMAGES)],
    parse: one(positiveNumber),
  }),
  listen: flag({
    argument: "HOST:PORT",
    help: "address of the reviews, over TLS",
    default: [":9443"],
    parse: one(parseAddress),
  }),
  "ops-listen": flag({
    argument: "HOST:PORT",
    help: "address of /livez, /readyz and /metrics, over plain HTTP",
    default: [":8080"],
    parse: one(parseAddress),
  }),
  "shutdown-delay": flag({
    argument: "DURATION",
    help: "how long reviews are still accepted after SIGTERM, until callers have learned that the replica goes away",
    default: ["10s"],
    parse: one(parseDelay),
  }),
  "cert-dir": flag({
    argument: "DIR",
    help: "folder with tls.crt and tls.key",
    default: ["certs"],
    parse: one(anyText),
  }),
  "self-signed": flag({ help: "make a certificate in the certificate folder if there is none", parse: isOn }),
  "cert-mode": flag({
    argument: "MODE",
    help: "files: the certificate in --cert-dir, reloaded when it changes; cluster: a certificate from a CA that all replicas share in a Secret",
    default: ["files"],
    ...choiceOf(CERT_MODES),
  }),
  "cert-host": flag({
    argument: "NAME",
    repeatable: true,
    help: "a DNS name or IP address by which the API server calls; a certificate of --cert-dir must contain it",
    parse: (texts) => texts,
  }),
  "ca-secret": flag({
    argument: "NAMESPACE/NAME",
    help: "cluster mode: the Secret with the CA",
    default: ["vm-image-webhook-system/vm-image-webhook-cluster-ca"],
    parse: one(parseSecretName),
  }),
  "ca-lifetime": flag({
    argument: "DURATION",
    help: "cluster mode: how long a CA is valid; it is replaced when a third of that is left",
    default: [DEFAULT_CA_LIFETIME],
    parse: one(parseLifetime),
  }),
  "cert-lifetime": flag({
    argument: "DURATION",
    help: "cluster mode: how long a serving certificate is valid; it is replaced when a third of that is left",
    default: [DEFAULT_SERVING_LIFETIME],
    parse: one(parseLifetime),
  }),
  "client-ca": flag({
    argument: "FILE",
    help: "callers need a certificate from a CA in FILE (PEM), which is reloaded when it changes",
    parse: ([text]) => text,
  }),
  "client-name": flag({
    argument: "NAME",
    repeatable: true,
    help: "with --client-ca: a common name or DNS name; a caller's certificate needs one of them",
    parse: (texts) => texts,
  }),
  "tls-min-version": flag({
    argument: "VERSION",
    help: "1.2 or 1.3",
    default: ["1.2"],
    ...choiceOf(TLS_VERSIONS),
  }),
  resolution: flag({
    argument: "MODE",
    help: "namespace-first: namespace images, then cluster images; strict: vm-operator's own rule",
    default: ["namespace-first"],
    ...choiceOf(RESOLUTION_MODES),
  }),
  write: flag({
    argument: "MODE",
    help: "the fields that get the resolved image: both, imageName or image",
    default: ["both"],
    ...choiceOf(WRITE_MODES),
  }),
  check: flag({
    argument: "NAME=LEVEL",
    repeatable: true,
    help: `what a failed check does: ${LEVELS.join(", ")}`,
    parse: parseLevels,
  }),
  "privileged-user": flag({
    argument: "NAME",
    repeatable: true,
    help: "a user with the privileges of vm-operator; * matches any text",
    parse: (texts) => texts,
  }),
  "privileged-group": flag({
    argument: "NAME",
    repeatable: true,
    help: "a group whose members have the privileges of vm-operator; * matches any text",
    parse: (texts) => texts,
  }),
  "team-group-prefix": flag({
    argument: "PREFIX",
    help: "a member of group PREFIX followed by T is in team T of vCluster Platform",
    default: ["loft:team:"],
    parse: one(anyText),
  }),
  "log-level": flag({
    argument: "LEVEL",
    help: LOG_LEVELS.join(", "),
    default: ["info"],
    ...choiceOf(LOG_LEVELS),
  }),
  "log-format": flag({
    argument: "FORMAT",
    help: "json: lines for programs; pretty: lines for people; auto: pretty where stderr is a terminal",
    default: ["auto"],
    ...choiceOf(LOG_FORMATS),
  }),
  namespace: flag({
    short: "n",
    argument: "NAMESPACE",
    help: "the namespace to resolve names in, and of objects without one; by default that of the context; resolve: for a folder the only one that has images; else default",
    parse: (texts) => (texts.length === 0 ? undefined : one(anyText)(texts)),
  }),
  "allow-empty": flag({ help: "exit 0 where nothing names an image, as in a folder without manifests", parse: isOn }),
  kind: flag({
    argument: "KIND",
    choices: IMAGE_KINDS,
    help: `only this kind: ${IMAGE_KINDS.join(", ")}`,
    parse: ([text]) => {
      if (text === undefined || isImageKind(text)) return text;
      throw new WrongValue(`is not one of ${IMAGE_KINDS.join(", ")}`);
    },
  }),
  output: flag({
    short: "o",
    argument: "FORMAT",
    help: OUTPUTS.join(" or "),
    default: ["text"],
    ...choiceOf(OUTPUTS),
  }),
  endpoint: flag({
    argument: "NAME",
    help: "mutate, validate, or both: the mutated object is validated",
    default: ["both"],
    ...choiceOf(REPLAY_ENDPOINTS),
  }),
  any: flag({ help: "hash each ID as given, also one that is not a UUID, such as vm-42", parse: isOn }),
  diff: flag({ help: "show the object before and after", parse: isOn }),
  update: flag({ help: "resolve again the names that the comments of pinned names keep", parse: isOn }),
  out: flag({ argument: "DIR", help: "folder to write to", default: ["certs"], parse: one(anyText) }),
  host: flag({
    argument: "NAME",
    repeatable: true,
    help: "a DNS name or IP address that the certificate is for",
    default: LOCAL_HOSTS,
    parse: (texts) => texts,
  }),
} as const;

/** FLAGS, and rows that one command has instead, because there the flag has more values. */
export const COMMAND_FLAGS = {
  ...FLAGS,
  "check-output": flag({
    ...FLAGS.output,
    long: "output",
    help: "text, json, github (workflow commands), sarif or junit",
    ...choiceOf(CHECK_OUTPUTS),
  }),
  "audit-output": flag({
    ...FLAGS.output,
    long: "output",
    help: "text, json or html (one page that needs no network)",
    ...choiceOf(AUDIT_OUTPUTS),
  }),
  "check-pins": flag({
    long: "check",
    variable: "pin-check",
    help: "write nothing; exit 1 where a name is not pinned",
    parse: isOn,
  }),
  "pin-diff": flag({
    ...FLAGS.diff,
    long: "diff",
    help: "write nothing; print a unified diff of what would be written",
  }),
} as const;

export type FlagName = keyof typeof COMMAND_FLAGS;
export type FlagValues<Names extends FlagName> = {
  readonly [Name in Names]: ReturnType<(typeof COMMAND_FLAGS)[Name]["parse"]>;
};

/** The name on the command line, without the dashes. */
export function longName(name: FlagName): string {
  const { long = name }: Flag<unknown> = COMMAND_FLAGS[name];
  return long;
}

export function environmentName(name: FlagName): string {
  const { variable = longName(name) }: Flag<unknown> = COMMAND_FLAGS[name];
  return ENVIRONMENT_PREFIX + variable.toUpperCase().replaceAll("-", "_");
}

/** The columns of a flag that takes one of a list of values. */
function choiceOf<T extends string>(choices: readonly T[]): Pick<Flag<T>, "choices" | "parse"> {
  return { choices, parse: one(oneOf(choices)) };
}

function flag<T>(row: Flag<T>): Flag<T> {
  return row;
}
