import { at, isJsonObject, type JsonObject, textAt } from "../common/json.ts";
import { RESOLUTION_MODES, type ResolutionMode } from "../images/resolve.ts";

/** Type of the functionConfig that configures the KRM function. */
export const FUNCTION_CONFIG_TYPE = { apiVersion: "vm-image-webhook.dev/v1alpha1", kind: "PinImages" } as const;

/** What a functionConfig says. Undefined where it says nothing. */
export interface FunctionConfig {
  /** Image objects, not decoded. */
  readonly images: readonly unknown[];
  readonly namespace: string | undefined;
  readonly resolution: ResolutionMode | undefined;
  readonly update: boolean | undefined;
}

export type DecodedFunctionConfig =
  | { readonly is: "config"; readonly config: FunctionConfig }
  | { readonly is: "malformed"; readonly field: string; readonly why: string };

const NO_CONFIG: FunctionConfig = { images: [], namespace: undefined, resolution: undefined, update: undefined };
const TOP_FIELDS = ["apiVersion", "kind", "metadata", "spec"];

/** The expected type of each field of `spec`, and the test of it. */
const SPEC_FIELDS: Readonly<Record<keyof FunctionConfig, readonly [string, (value: unknown) => boolean]>> = {
  images: ["must be a list of image objects", Array.isArray],
  namespace: ["must be a non-empty string", (value) => typeof value === "string" && value !== ""],
  resolution: [`must be one of ${RESOLUTION_MODES.join(", ")}`, isResolutionMode],
  update: ["must be true or false", (value) => typeof value === "boolean"],
};

/** Decodes the functionConfig of a ResourceList. Without one, nothing is configured. */
export function decodeFunctionConfig(value: unknown): DecodedFunctionConfig {
  if (value === undefined || value === null) return { is: "config", config: NO_CONFIG };
  if (!isJsonObject(value)) return malformed("functionConfig", "must be an object");
  const spec = value["spec"] ?? {};
  if (!isJsonObject(spec)) return malformed("functionConfig.spec", "must be an object");
  return (
    wrongKind(value) ??
    unknownField("functionConfig", value, TOP_FIELDS) ??
    unknownField("functionConfig.spec", spec, Object.keys(SPEC_FIELDS)) ??
    wrongType(spec) ?? { is: "config", config: configOf(spec) }
  );
}

function wrongKind(value: JsonObject): DecodedFunctionConfig | undefined {
  const key = (["apiVersion", "kind"] as const).find((each) => textAt(value, [each]) !== FUNCTION_CONFIG_TYPE[each]);
  return key === undefined ? undefined : malformed(`functionConfig.${key}`, `must be ${FUNCTION_CONFIG_TYPE[key]}`);
}

function configOf(spec: JsonObject): FunctionConfig {
  const { images, namespace, resolution, update } = spec;
  return {
    images: Array.isArray(images) ? images : [],
    namespace: typeof namespace === "string" ? namespace : undefined,
    resolution: isResolutionMode(resolution) ? resolution : undefined,
    update: typeof update === "boolean" ? update : undefined,
  };
}

function unknownField(path: string, value: JsonObject, known: readonly string[]): DecodedFunctionConfig | undefined {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  return unknown === undefined
    ? undefined
    : malformed(`${path}.${unknown}`, `is not known; known are ${known.join(", ")}`);
}

function wrongType(spec: JsonObject): DecodedFunctionConfig | undefined {
  for (const [key, [why, isValid]] of Object.entries(SPEC_FIELDS)) {
    const value = at(spec, [key]);
    if (value !== undefined && !isValid(value)) return malformed(`functionConfig.spec.${key}`, why);
  }
  return undefined;
}

function isResolutionMode(value: unknown): value is ResolutionMode {
  return RESOLUTION_MODES.some((mode) => mode === value);
}

function malformed(field: string, why: string): DecodedFunctionConfig {
  return { is: "malformed", field, why };
}
