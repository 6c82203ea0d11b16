import { WRITE_MODES } from "../vm-operator/policy.ts";
import { Failure } from "../common/failure.ts";
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
import { LOCAL_HOSTS } from "../certs/self-signed.ts";

/** Flags are environment variables, too: `--ops-listen` is VM_IMAGE_WEBHOOK_OPS_LISTEN. */
const ENVIRONMENT_PREFIX = "VM_IMAGE_WEBHOOK_";

/** pino's levels. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const OUTPUTS = ["text", "json"] as const;
/** `github`: workflow commands, which GitHub shows at the lines of a pull request. */
export const CHECK_OUTPUTS = [...OUTPUTS, "github"] as const;
export type CheckOutput = (typeof CHECK_OUTPUTS)[number];
/** Where the serving certificate comes from. */
export const CERT_MODES = ["files", "cluster"] as const;
export const TLS_VERSIONS = ["1.2", "1.3"] as const;
export const REPLAY_ENDPOINTS = ["both", "mutate", "validate"] as const;

interface Flag<T> {
  /** As people write it, where that is not its name in the table. */
  readonly long?: string;
  /** One letter, for what people type often. */
  readonly short?: string;
  /** Stands for the value in the help text; a flag without one is on or off. */
  readonly argument?: string;
  readonly repeatable?: boolean;
  readonly help: string;
  /** As it would be typed; undefined where nothing is. */
  readonly default?: readonly string[];
  /** From all that was given, in order: one text unless `repeatable`. Throws WrongValue. */
  readonly parse: (texts: readonly string[]) => T;
}

/**
 * Every flag, by name. Kubernetes sets variables for a Service of the program's name (`..._PORT`, `..._SERVICE_HOST`), so
 * no flag's name may begin with port or service.
 */
export const FLAGS = {
  images: flag({
    argument: "DIR",
    help: "read images from the .yaml, .yml and .json files below DIR, and follow changes",
    parse: ([text]) => text,
  }),
  kubeconfig: flag({
    argument: "FILE",
    help: "without --images: how to reach the cluster; not given, as in a pod, then the usual kubeconfig",
    parse: ([text]) => text,
  }),
  osimage: flag({ help: "without --images: follow OSImages of vCluster Platform, too", parse: isOn }),
  "max-images": flag({
    argument: "N",
    help: "images of all kinds to keep at most; more are reported as overflow",
    default: [String(DEFAULT_MAX_IMAGES)],
    parse: one(positiveNumber),
  }),
  listen: flag({
    argument: "HOST:PORT",
    help: "where reviews are served over TLS",
    default: [":9443"],
    parse: one(parseAddress),
  }),
  "ops-listen": flag({
    argument: "HOST:PORT",
    help: "where /livez, /readyz and /metrics are served over plain HTTP",
    default: [":8080"],
    parse: one(parseAddress),
  }),
  "shutdown-delay": flag({
    argument: "DURATION",
    help: "after SIGTERM: how long reviews are still taken, until no caller counts on this replica any more",
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
    help: "files: the certificate of --cert-dir, read again when it changes; cluster: by a CA that all replicas share in a Secret",
    default: ["files"],
    parse: one(oneOf(CERT_MODES)),
  }),
  "cert-host": flag({
    argument: "NAME",
    repeatable: true,
    help: "a DNS name or IP address by which the API server calls: the certificate must be for it, or is made for it",
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
    help: "cluster mode: how long a CA is good for; replaced when a third of that is left",
    default: ["8760h"],
    parse: one(parseLifetime),
  }),
  "cert-lifetime": flag({
    argument: "DURATION",
    help: "cluster mode: how long a serving certificate is good for; replaced when a third of that is left",
    default: ["720h"],
    parse: one(parseLifetime),
  }),
  "client-ca": flag({
    argument: "FILE",
    help: "callers must have a certificate of a CA in FILE (PEM), read again when it changes",
    parse: ([text]) => text,
  }),
  "client-name": flag({
    argument: "NAME",
    repeatable: true,
    help: "with --client-ca: a common name or DNS name that a caller's certificate must have",
    parse: (texts) => texts,
  }),
  "tls-min-version": flag({
    argument: "VERSION",
    help: "1.2 or 1.3",
    default: ["1.2"],
    parse: one(oneOf(TLS_VERSIONS)),
  }),
  resolution: flag({
    argument: "MODE",
    help: "namespace-first: namespace images, then cluster images; strict: vm-operator's own rule",
    default: ["namespace-first"],
    parse: one(oneOf(RESOLUTION_MODES)),
  }),
  write: flag({
    argument: "MODE",
    help: "where the image goes that an imageName means: both, imageName or image",
    default: ["both"],
    parse: one(oneOf(WRITE_MODES)),
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
    help: "a user that may do what vm-operator may; * matches any text",
    parse: (texts) => texts,
  }),
  "privileged-group": flag({
    argument: "NAME",
    repeatable: true,
    help: "a group whose users may; * matches any text",
    parse: (texts) => texts,
  }),
  "team-group-prefix": flag({
    argument: "PREFIX",
    help: "a user is of team T of vCluster Platform who has group PREFIX and T",
    default: ["loft:team:"],
    parse: one(anyText),
  }),
  "log-level": flag({
    argument: "LEVEL",
    help: LOG_LEVELS.join(", "),
    default: ["info"],
    parse: one(oneOf(LOG_LEVELS)),
  }),
  namespace: flag({
    short: "n",
    argument: "NAMESPACE",
    help: "the namespace that asks; for check, where an object names none",
    default: ["default"],
    parse: one(anyText),
  }),
  kind: flag({
    argument: "KIND",
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
    parse: one(oneOf(OUTPUTS)),
  }),
  endpoint: flag({
    argument: "NAME",
    help: "mutate, validate, or both: the mutated object is validated",
    default: ["both"],
    parse: one(oneOf(REPLAY_ENDPOINTS)),
  }),
  diff: flag({ help: "show the object before and after", parse: isOn }),
  out: flag({ argument: "DIR", help: "folder to write to", default: ["certs"], parse: one(anyText) }),
  host: flag({
    argument: "NAME",
    repeatable: true,
    help: "a DNS name or IP address that the certificate is for",
    default: LOCAL_HOSTS,
    parse: (texts) => texts,
  }),
} as const;

/** With rows that one command has instead of those in FLAGS, because it takes more values. */
export const COMMAND_FLAGS = {
  ...FLAGS,
  "check-output": flag({
    ...FLAGS.output,
    long: "output",
    help: "text, json or github (workflow commands)",
    parse: one(oneOf(CHECK_OUTPUTS)),
  }),
} as const;

export type FlagName = keyof typeof COMMAND_FLAGS;
export type FlagValues<Names extends FlagName> = {
  readonly [Name in Names]: ReturnType<(typeof COMMAND_FLAGS)[Name]["parse"]>;
};

/** As the command line gives them: by flag name, each time a flag was written. */
export type GivenFlags = Readonly<Partial<Record<FlagName, readonly string[]>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Without the dashes. */
export function longName(name: FlagName): string {
  const { long = name }: Flag<unknown> = COMMAND_FLAGS[name];
  return long;
}

export function environmentName(name: FlagName): string {
  return ENVIRONMENT_PREFIX + longName(name).toUpperCase().replaceAll("-", "_");
}

/** The value of each flag: command line, else environment, else default. All that is wrong in one Failure. */
export function readFlags<Names extends FlagName>(
  names: readonly Names[],
  given: GivenFlags,
  environment: Environment,
): FlagValues<Names> {
  const values: Partial<Record<FlagName, unknown>> = {};
  const problems: string[] = [];
  for (const name of names) {
    const { texts, from } = textsOf(name, given, environment);
    try {
      values[name] = COMMAND_FLAGS[name].parse(texts);
    } catch (error) {
      for (const wrong of wrongValues(error)) {
        problems.push(`${from} ${(wrong.texts ?? texts).join(",")}: ${wrong.message}`);
      }
    }
  }
  if (problems.length > 0) throw new Failure("usage", problems.join("\n"));
  return values as FlagValues<Names>;
}

function textsOf(
  name: FlagName,
  given: GivenFlags,
  environment: Environment,
): { texts: readonly string[]; from: string } {
  const { repeatable = false, default: fallback = [] }: Flag<unknown> = COMMAND_FLAGS[name];
  const onCommandLine = given[name];
  if (onCommandLine !== undefined) return { texts: onCommandLine, from: `--${longName(name)}` };
  const variable = environmentName(name);
  const text = environment[variable];
  if (text === undefined || text === "") return { texts: fallback, from: `--${longName(name)}` };
  return { texts: repeatable ? listOf(text) : [text], from: variable };
}

/** One wrong value, or all of a repeatable flag's; any other error is a bug and goes on. */
function wrongValues(error: unknown): readonly WrongValue[] {
  const errors: readonly unknown[] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  if (errors.every((each) => each instanceof WrongValue)) return errors;
  throw error;
}

/** A comma list; what is empty between two commas, or behind the last, is nothing. */
function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function flag<T>(row: Flag<T>): Flag<T> {
  return row;
}
