import { errorCodes, type FastifyInstance, type FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import { messageOf } from "../common/failure.ts";
import { clientText } from "./client-text.ts";
import { BODY_LIMIT } from "./limits.ts";

/** What is wrong with a body, for the answer and for the log: the answer may quote the body, the log must not. */
export interface BodyFault {
  readonly status: 400 | 413 | 415;
  readonly code: "empty-body" | "no-json" | "too-large" | "media-type" | "cut-off";
  readonly text: string;
}

/** Thrown where a body is read; the error handler answers it. */
export class BodyError extends Error {
  readonly fault: BodyFault;

  constructor(fault: BodyFault) {
    super(fault.text);
    this.fault = fault;
  }
}

const EMPTY: BodyFault = {
  status: 400,
  code: "empty-body",
  text: "the body is empty; an AdmissionReview is expected",
};

const TOO_LARGE: BodyFault = {
  status: 413,
  code: "too-large",
  text: `the body is too large: more than ${BODY_LIMIT} bytes`,
};

const CUT_OFF: BodyFault = { status: 400, code: "cut-off", text: "the body ended before it was complete" };

/** JSON is UTF-8 (RFC 8259). With U+FFFD in place of each wrong byte, an answer could be three times its review. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads JSON only, by JSON.parse: a key named `__proto__` is an own key like any other. */
export function parseJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", async (request: FastifyRequest, payload: Readable) =>
    parseBody(await readBody(request, payload)),
  );
}

/**
 * The bytes of a body, copied into one Buffer: chunks of a byte each would take 200 times what is counted. What comes
 * beyond the limit is read and dropped. Rejects with a BodyError.
 */
function readBody(request: FastifyRequest, payload: Readable): Promise<Buffer> {
  if (Number(request.headers["content-length"]) > BODY_LIMIT) throw new BodyError(TOO_LARGE);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const body = Buffer.allocUnsafe(announcedLength(request));
  let length = 0;
  payload.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= body.length) chunk.copy(body, length - chunk.length);
    else reject(new BodyError(TOO_LARGE));
  });
  payload.once("end", () => {
    resolve(body.subarray(0, length));
  });
  payload.once("error", () => {
    reject(new BodyError(CUT_OFF));
  });
  return promise;
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) throw new BodyError(EMPTY);
  try {
    return JSON.parse(UTF_8.decode(body));
  } catch (error) {
    const why = clientText(messageOf(error));
    throw new BodyError({ status: 400, code: "no-json", text: `the body is no JSON: ${why}` });
  }
}

/** The parsed body; throws a BodyError where the request has none. */
export function bodyOf({ body }: FastifyRequest): unknown {
  if (body === undefined) throw new BodyError(EMPTY);
  return body;
}

/** Length of a body in bytes, as announced. A body that announces none may be of any length up to the limit. */
export function announcedLength({ headers }: FastifyRequest): number {
  const announced = Number(headers["content-length"]);
  return Number.isNaN(announced) ? BODY_LIMIT : Math.min(announced, BODY_LIMIT);
}

/** What an error of the body parser, ours or Fastify's, says of the body; undefined for any other error. */
export function bodyFaultOf(error: unknown, { headers }: FastifyRequest): BodyFault | undefined {
  if (error instanceof BodyError) return error.fault;
  if (!(error instanceof errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE)) return undefined;
  const given = clientText(headers["content-type"] ?? "not said");
  return {
    status: 415,
    code: "media-type",
    text: `the media type of the body is ${given}; it must be application/json`,
  };
}
