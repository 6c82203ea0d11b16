/** The reasons for which a command fails, each with its exit code. */
export const FAILURE_EXIT_CODES = {
  /** A flag, argument or environment variable is wrong. */
  usage: 2,
  /** The images of the cluster cannot be read. */
  cluster: 3,
  /** A folder or file of images cannot be read, or is not valid. */
  images: 3,
  /** An input file cannot be read. */
  input: 3,
  /** The program cannot listen on an address. */
  listen: 3,
  /** Certificate or key is missing, unreadable or not valid. */
  certificate: 3,
} as const;
export type FailureCode = keyof typeof FAILURE_EXIT_CODES;

/** An error that the user can fix. The program prints its message only, without a stack trace. */
export class Failure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.code = code;
  }
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
