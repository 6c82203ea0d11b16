/** Why a command could not do its work, by what a caller can do about it. */
export const FAILURE_EXIT_CODES = {
  /** A flag, argument or environment variable is wrong. */
  usage: 2,
  /** The cluster cannot be reached, or does not let its images be read. */
  cluster: 3,
  /** A folder or file of images cannot be read or means nothing. */
  images: 3,
  /** An input file cannot be read. */
  input: 3,
  /** An address cannot be listened on. */
  listen: 3,
  /** Certificate or key are missing, unreadable or do not fit. */
  certificate: 3,
} as const;
export type FailureCode = keyof typeof FAILURE_EXIT_CODES;

/** An error that a person can mend: its message is all that they see. */
export class Failure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.code = code;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
