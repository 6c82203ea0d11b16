import { MAX_CONNECTIONS, MAX_OPS_CONNECTIONS, OTHER_FILES } from "./limits.ts";

/** How many connections each server may have. */
export interface ConnectionLimits {
  readonly admission: number;
  readonly ops: number;
}

/**
 * Limits of connections that fit a limit of open files: each connection takes one. `undefined` is no limit. Where the
 * files do not suffice for both servers, they get their share of what there is, at least four each.
 */
export function connectionLimits(openFiles: number | undefined): ConnectionLimits {
  const wanted = MAX_CONNECTIONS + MAX_OPS_CONNECTIONS;
  const share = Math.min(1, ((openFiles ?? Infinity) - OTHER_FILES) / wanted);
  const within = (max: number): number => Math.max(4, Math.floor(max * share));
  return { admission: within(MAX_CONNECTIONS), ops: within(MAX_OPS_CONNECTIONS) };
}
