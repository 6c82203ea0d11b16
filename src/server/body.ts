import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import { messageOf } from "../common/failure.ts";
import { clientText } from "./client-text.ts";
import { BODY_LIMIT } from "./limits.ts";
import { RequestError, type RequestFault } from "./request-fault.ts";

const EMPTY: RequestFault = {
  status: 400,
  code: "empty-body",
  text: "the body is empty; an AdmissionReview is expected",
};

const TOO_LARGE: RequestFault = {
  status: 413,
  code: "too-large",
  text: `the body is too large: more than ${BODY_LIMIT} bytes`,
};

/** Not logged as malformed: the end of the exchange logs a client that went away. */
export const CUT_OFF: RequestFault = { status: 400, code: "cut-off", text: "the body ended before it was complete" };

/** JSON is UTF-8 (RFC 8259). With U+FFFD in place of each wrong byte, an answer could be three times its review. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Accepts JSON only, parsed by JSON.parse: a key named `__proto__` is an own key like any other. */
export function parseJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", async (request: FastifyRequest, payload: Readable) =>
    parseBody(await readBody(request, payload)),
  );
}

/**
 * The bytes of a body, copied into one Buffer: as chunks of one byte each they would take 200 times the memory that
 * Overload counts. Bytes beyond the limit are read and dropped. Rejects with a RequestError.
 */
function readBody(request: FastifyRequest, payload: Readable): Promise<Buffer> {
  if (Number(request.headers["content-length"]) > BODY_LIMIT) throw new RequestError(TOO_LARGE);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const body = Buffer.allocUnsafe(announcedLength(request));
  let length = 0;
  payload.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= body.length) chunk.copy(body, length - chunk.length);
    else reject(new RequestError(TOO_LARGE));
  });
  payload.once("end", () => {
    resolve(body.subarray(0, length));
  });
  payload.once("error", () => {
    reject(new RequestError(CUT_OFF));
  });
  return promise;
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) throw new RequestError(EMPTY);
  try {
    return JSON.parse(UTF_8.decode(body));
  } catch (error) {
    const why = clientText(messageOf(error));
    throw new RequestError({ status: 400, code: "no-json", text: `the body is no JSON: ${why}` });
  }
}

/** The parsed body. Throws a RequestError where the request has none. */
export function bodyOf({ body }: FastifyRequest): unknown {
  if (body === undefined) throw new RequestError(EMPTY);
  return body;
}

/** The length of a body in bytes by its Content-Length. A body without one may have any length up to the limit. */
export function announcedLength({ headers }: FastifyRequest): number {
  const announced = Number(headers["content-length"]);
  return Number.isNaN(announced) ? BODY_LIMIT : Math.min(announced, BODY_LIMIT);
}
