import { closest } from "fastest-levenshtein";
import { COMMAND_FLAGS, ENVIRONMENT_PREFIX, environmentName, type FlagName } from "./flags.ts";
import type { Environment } from "./given-flags.ts";

/**
 * Ends of the variables that the kubelet sets for each Service of a namespace (pkg/kubelet/envvars/envvars.go). A Service
 * with this program's name, or one that begins with it, sets variables with our prefix.
 */
const SERVICE_LINK =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[^_].*)?|PORT(?:_\d{1,5}_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

const KNOWN = (Object.keys(COMMAND_FLAGS) as FlagName[]).map(environmentName);

/** Whether Kubernetes may set this variable for a Service. No flag may have such a variable. */
export function isServiceLink(variable: string): boolean {
  return SERVICE_LINK.test(variable);
}

/** A variable with our prefix that is of no flag, and the known one with the most similar name. */
export interface UnknownVariable {
  readonly variable: string;
  readonly nearest: string;
}

/** Sorted by name. An empty variable counts as unset. */
export function unknownVariables(environment: Environment): readonly UnknownVariable[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(ENVIRONMENT_PREFIX) && environment[name] !== "")
    .filter((name) => !KNOWN.includes(name) && !isServiceLink(name))
    .sort()
    .map((variable) => ({ variable, nearest: closest(variable, KNOWN) }));
}

export function unknownVariableText({ variable, nearest }: UnknownVariable): string {
  return `${variable}: no flag has this variable, and the nearest is ${nearest}; rename it or unset it`;
}
