import {
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  type ScalarTagDefinition,
  Schema,
  seqTag,
  strTag,
  type TagDefinition,
  YAMLException,
} from "js-yaml";
import { FIRST_CHARACTERS, type PlainScalar, plainScalar } from "./scalars.ts";

const PREFIX = "tag:yaml.org,2002:";

/** The error for `{[a]: 1}` and `{{a: 1}: 1}`. js-yaml gives it no position. */
export const COLLECTION_KEY = "a key is a map or a list, which JSON cannot have";

/** Integers count as floats where the tag is written: `!!float 1`. */
const FLOATS: readonly PlainScalar["is"][] = ["float", "int"];

/** Keys are texts in JSON: numbers and booleans are written as such, as kubectl does it. */
const objectTag = defineMappingTag(`${PREFIX}map`, {
  ...mapTag,
  addPair: (object, key, value) => {
    if (key === null) return "a key is empty or null, which JSON cannot have";
    if (typeof key === "object") return COLLECTION_KEY;
    return mapTag.addPair(object, key, value);
  },
});

/** Timestamps stay as they are written, and bytes become the text that they encode. */
const TEXT_TAGS: readonly ScalarTagDefinition[] = [
  defineScalarTag(`${PREFIX}timestamp`, { resolve: (source) => source, identify: () => false }),
  defineScalarTag(`${PREFIX}binary`, {
    resolve: (source) => Buffer.from(source.replaceAll(/\s/g, ""), "base64").toString("utf8"),
    identify: () => false,
  }),
];

/** A tag that YAML does not define changes nothing: `!secret text` is a text. */
const UNKNOWN_TAGS: readonly TagDefinition[] = ["!", "tag:"].flatMap((tag) => [
  defineScalarTag(tag, { matchByTagPrefix: true, resolve: (source) => source, identify: () => false }),
  defineSequenceTag(tag, { ...seqTag, matchByTagPrefix: true, identify: () => false }),
  defineMappingTag(tag, { ...objectTag, matchByTagPrefix: true, identify: () => false }),
]);

/** YAML as kubectl reads it: the scalars of scalars.ts, merge keys, and keys that JSON can have. */
export const KUBECTL_SCHEMA = new Schema([
  strTag,
  scalarTag("null", ["null"]),
  scalarTag("bool", ["bool"]),
  scalarTag("int", ["int"]),
  scalarTag("float", ["float"]),
  ...TEXT_TAGS,
  mergeTag,
  seqTag,
  objectTag,
  ...UNKNOWN_TAGS,
]);

function scalarTag(name: string, kinds: readonly PlainScalar["is"][]): ScalarTagDefinition {
  return defineScalarTag<unknown>(`${PREFIX}${name}`, {
    implicit: true,
    implicitFirstChars: FIRST_CHARACTERS,
    resolve: (source, isExplicit) => {
      const scalar = plainScalar(source);
      const wanted = isExplicit && name === "float" ? FLOATS : kinds;
      return wanted.includes(scalar.is) ? valueOf(scalar, source) : NOT_RESOLVED;
    },
    identify: () => false,
  });
}

/** Throws a YAMLException, without a position, for the numbers that JSON does not have. */
function valueOf(scalar: PlainScalar, source: string): unknown {
  switch (scalar.is) {
    case "null":
      return null;
    case "bool":
    case "int":
      return scalar.value;
    case "float":
      if (!Number.isFinite(scalar.value)) throw new YAMLException(`${source} is a number that JSON does not have`);
      return scalar.value;
    case "text":
      return NOT_RESOLVED;
  }
}
