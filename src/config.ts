import { durationOf } from "./duration.ts";
import { Failure } from "./failure.ts";
import { IMAGE_KINDS, isImageKind } from "./images/image.ts";
import { DEFAULT_MOST_IMAGES } from "./images/image-index.ts";
import { RESOLUTION_MODES } from "./images/resolve.ts";
import { DEFAULT_LEVELS } from "./references/checks.ts";
import { CHECK_IDS, type CheckId, type Level, type Levels, LEVELS, WRITE_MODES } from "./references/policy.ts";
import type { ListenAddress } from "./server/listen.ts";
import { LOCAL_HOSTS } from "./certs/self-signed.ts";

/** Flags are environment variables, too: `--ops-listen` is VM_IMAGE_WEBHOOK_OPS_LISTEN. */
const ENVIRONMENT_PREFIX = "VM_IMAGE_WEBHOOK_";

/** pino's levels. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const OUTPUTS = ["text", "json"] as const;
/** `github`: workflow commands, which GitHub shows at the lines of a pull request. */
export const CHECK_OUTPUTS = [...OUTPUTS, "github"] as const;
export type CheckOutput = (typeof CHECK_OUTPUTS)[number];
export const REPLAY_ENDPOINTS = ["both", "mutate", "validate"] as const;

/** Why what was given for a flag is wrong; with the texts that are, where only some of several are. */
class WrongValue extends Error {
  readonly texts: readonly string[] | undefined;

  constructor(why: string, texts?: readonly string[]) {
    super(why);
    this.texts = texts;
  }
}

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

/** THE table of flags. A name must not begin like the variables of a Service of our name (PORT, SERVICE_HOST). */
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
    default: [String(DEFAULT_MOST_IMAGES)],
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

function one<T>(parse: (text: string) => T): (texts: readonly string[]) => T {
  return (texts) => parse(texts.at(-1) ?? "");
}

function anyText(text: string): string {
  if (text === "") throw new WrongValue("is empty");
  return text;
}

function isOn([text = "false"]: readonly string[]): boolean {
  if (text !== "true" && text !== "false") throw new WrongValue("is neither true nor false");
  return text === "true";
}

function positiveNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new WrongValue("is not a whole number above 0");
  return Number(text);
}

const LONGEST_DELAY = 3_600_000;

/** In milliseconds. */
function parseDelay(text: string): number {
  const milliseconds = durationOf(text);
  if (milliseconds === undefined) throw new WrongValue("is no duration, such as 10s, 500ms or 0s");
  if (milliseconds > LONGEST_DELAY) throw new WrongValue("is longer than an hour");
  return milliseconds;
}

function oneOf<T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((each) => each === text);
    if (value === undefined) throw new WrongValue(`is not one of ${values.join(", ")}`);
    return value;
  };
}

/** `127.0.0.1:9443`, `:9443`, `[::1]:9443` */
const ADDRESS = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/;
const LARGEST_PORT = 65_535;

function parseAddress(text: string): ListenAddress {
  const { host, ipv6, port = "" } = ADDRESS.exec(text)?.groups ?? {};
  if (port === "" || Number(port) > LARGEST_PORT) {
    throw new WrongValue("is not HOST:PORT, such as 127.0.0.1:9443, :9443 or [::1]:9443");
  }
  return { host: ipv6 ?? host ?? "", port: Number(port) };
}

function parseLevels(texts: readonly string[]): Levels {
  const levels: Record<CheckId, Level> = { ...DEFAULT_LEVELS };
  const wrong: WrongValue[] = [];
  for (const text of texts) {
    const [name = "", ...level] = text.split("=");
    const check = CHECK_IDS.find((id) => id === name);
    const chosen = LEVELS.find((each) => each === level.join("="));
    if (check === undefined) {
      wrong.push(new WrongValue(`no check is called ${name}; there are ${CHECK_IDS.join(", ")}`, [text]));
    } else if (chosen === undefined) {
      wrong.push(new WrongValue(`the level is not one of ${LEVELS.join(", ")}`, [text]));
    } else levels[check] = chosen;
  }
  if (wrong.length > 0) throw new AggregateError(wrong);
  return levels;
}
