import { DEFAULT_LEVELS, CHECK_IDS } from "../admission/systems.ts";
import { durationOf } from "../common/duration.ts";

import { type Level, type Levels, LEVELS } from "../references/policy.ts";
import type { ListenAddress } from "../server/listen.ts";

/** Why the value of a flag is wrong. `texts` are the wrong ones, where others of a repeatable flag are right. */
export class WrongValue extends Error {
  readonly texts: readonly string[] | undefined;

  constructor(why: string, texts?: readonly string[]) {
    super(why);
    this.texts = texts;
  }
}

/** Parses a flag that is not repeatable: its last text counts. */
export function one<T>(parse: (text: string) => T): (texts: readonly string[]) => T {
  return (texts) => parse(texts.at(-1) ?? "");
}

export function anyText(text: string): string {
  if (text === "") throw new WrongValue("is empty");
  return text;
}

export function isOn([text = "false"]: readonly string[]): boolean {
  if (text !== "true" && text !== "false") throw new WrongValue("is neither true nor false");
  return text === "true";
}

export function positiveNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new WrongValue("is not a whole number above 0");
  return Number(text);
}

const HOUR = 3_600_000;
const MAX_DELAY = HOUR;

/** In milliseconds. */
export function parseDelay(text: string): number {
  const milliseconds = durationOf(text);
  if (milliseconds === undefined) throw new WrongValue("is no duration, such as 10s, 500ms or 0s");
  if (milliseconds > MAX_DELAY) throw new WrongValue("is longer than an hour");
  return milliseconds;
}

/** Clocks and watches are not exact enough to rotate anything faster. */
const MIN_LIFETIME = 1_000;

/** In milliseconds. The text may also be in hours, as cert-manager writes lifetimes. */
export function parseLifetime(text: string): number {
  const hours = /^(?<hours>\d{1,6})h$/.exec(text)?.groups?.["hours"];
  const milliseconds = hours === undefined ? durationOf(text) : Number(hours) * HOUR;
  if (milliseconds === undefined) throw new WrongValue("is no duration, such as 720h or 90m");
  if (milliseconds < MIN_LIFETIME) throw new WrongValue("is shorter than a second");
  return milliseconds;
}

export function parseSecretName(text: string): { readonly namespace: string; readonly name: string } {
  const { namespace = "", name = "" } = /^(?<namespace>[^/]+)\/(?<name>[^/]+)$/.exec(text)?.groups ?? {};
  if (name === "") throw new WrongValue("is not NAMESPACE/NAME");
  return { namespace, name };
}

export function oneOf<T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((each) => each === text);
    if (value === undefined) throw new WrongValue(`is not one of ${values.join(", ")}`);
    return value;
  };
}

/** `127.0.0.1:9443`, `:9443`, `[::1]:9443` */
const ADDRESS = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/;
const MAX_PORT = 65_535;

export function parseAddress(text: string): ListenAddress {
  const { host, ipv6, port = "" } = ADDRESS.exec(text)?.groups ?? {};
  if (port === "" || Number(port) > MAX_PORT) {
    throw new WrongValue("is not HOST:PORT, such as 127.0.0.1:9443, :9443 or [::1]:9443");
  }
  return { host: ipv6 ?? (host === "" ? undefined : host), port: Number(port) };
}

export function parseLevels(texts: readonly string[]): Levels {
  const levels: Record<string, Level> = { ...DEFAULT_LEVELS };
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
