export const OUTPUTS = ["text", "json"] as const;
/** `github` prints workflow commands, which GitHub shows at the lines of a pull request. */
export const CHECK_OUTPUTS = [...OUTPUTS, "github"] as const;
export type CheckOutput = (typeof CHECK_OUTPUTS)[number];
