/** What a plain scalar of YAML is. The kinds are the tags of YAML 1.1 that have a JSON form. */
export type PlainScalar =
  | { readonly is: "null" }
  | { readonly is: "bool"; readonly value: boolean }
  | { readonly is: "int"; readonly value: number }
  | { readonly is: "float"; readonly value: number }
  | { readonly is: "text" };

const NULL: PlainScalar = { is: "null" };
const TEXT: PlainScalar = { is: "text" };

/** Words with a meaning, as goyaml.v2 lists them in resolve.go. Other spellings, such as `yEs`, are text. */
const WORDS: ReadonlyMap<string, PlainScalar> = new Map([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, NULL] as const),
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map(bool(true)),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map(bool(false)),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map(float(Infinity)),
  ...["-.inf", "-.Inf", "-.INF"].map(float(-Infinity)),
  ...[".nan", ".NaN", ".NAN"].map(float(NaN)),
]);

/** The first characters of numbers and of WORDS; the empty text has the first character "". */
export const FIRST_CHARACTERS: readonly string[] = ["", ...Array.from("+-.0123456789~nNyYtToOfF")];

const INTEGER = /^(?<sign>[-+]?)(?<prefix>0[bBoOxX]|0(?=\d))?(?<digits>[\da-fA-F]+)$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
/** Prefixes as JavaScript writes them. The 0 of `0777` is octal. */
const PREFIXES: Readonly<Record<string, string>> = { "": "", "0": "0o", "0b": "0b", "0o": "0o", "0x": "0x" };
const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;

/**
 * What kubectl makes of a plain scalar: it reads YAML by sigs.k8s.io/yaml, whose parser is goyaml.v2 (YAML 1.1, with
 * octal `0o17`, without base 60; timestamps stay text). The numbers of text are doubles, so large integers lose digits.
 */
export function plainScalar(text: string): PlainScalar {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.\d]/.test(text)) return TEXT;
  // After a leading point, Go takes underscores between digits only.
  if (text.startsWith(".") && /_(?!\d)|(?<!\d)_/.test(text)) return TEXT;
  const digits = text.replaceAll("_", "");
  return integer(digits) ?? decimal(digits) ?? TEXT;
}

function integer(text: string): PlainScalar | undefined {
  const groups = INTEGER.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { sign, prefix = "", digits = "" } = groups;
  const magnitude = bigInteger(`${PREFIXES[prefix.toLowerCase()] ?? ""}${digits}`);
  if (magnitude === undefined) return undefined;
  const value = sign === "-" ? -magnitude : magnitude;
  return value < MIN_INTEGER || value > MAX_INTEGER ? undefined : { is: "int", value: Number(value) };
}

/** Undefined where a digit does not belong to the base: `08`, `12ab`. */
function bigInteger(text: string): bigint | undefined {
  try {
    return BigInt(text);
  } catch {
    return undefined;
  }
}

/** A number that is too large for a double is text. */
function decimal(text: string): PlainScalar | undefined {
  const value = Number(text);
  return FLOAT.test(text) && Number.isFinite(value) ? { is: "float", value } : undefined;
}

function bool(value: boolean): (word: string) => readonly [string, PlainScalar] {
  return (word) => [word, { is: "bool", value }];
}

function float(value: number): (word: string) => readonly [string, PlainScalar] {
  return (word) => [word, { is: "float", value }];
}
