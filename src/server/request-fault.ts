import { errorCodes, type FastifyError, type FastifyRequest } from "fastify";
import { clientText } from "./client-text.ts";

/** Why a request gets no decision. The answer may quote the request; the log must not. */
export interface RequestFault {
  readonly status: number;
  /** For the log. */
  readonly code: string | undefined;
  /** For the answer. */
  readonly text: string;
}

/** Thrown where a request is read; the error handler answers it. */
export class RequestError extends Error {
  readonly fault: RequestFault;

  constructor(fault: RequestFault) {
    super(fault.text);
    this.fault = fault;
  }
}

/** The fault behind any error that a request causes. Fastify's message of an error below 500 is meant for the client. */
export function requestFaultOf(error: Partial<FastifyError>, { headers }: FastifyRequest): RequestFault {
  if (error instanceof RequestError) return error.fault;
  if (error instanceof errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE) {
    const given = clientText(headers["content-type"] ?? "not said");
    const text = `the media type of the body is ${given}; it must be application/json`;
    return { status: 415, code: "media-type", text };
  }
  const { statusCode = 500, code, message = "" } = error;
  return { status: statusCode, code, text: statusCode >= 500 ? "internal error" : clientText(message) };
}
