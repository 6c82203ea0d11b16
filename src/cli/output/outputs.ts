export const OUTPUTS = ["text", "json"] as const;
/** `sarif` and `junit` print one document for all files. `github` prints workflow commands, which GitHub shows at the lines of a pull request. */
export const CHECK_OUTPUTS = [...OUTPUTS, "github", "sarif", "junit"] as const;
export type CheckOutput = (typeof CHECK_OUTPUTS)[number];
/** `html` is one page that needs no network. */
export const AUDIT_OUTPUTS = [...OUTPUTS, "html"] as const;
export type AuditOutput = (typeof AUDIT_OUTPUTS)[number];
