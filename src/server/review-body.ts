import type { IncomingMessage } from "node:http";
import { messageOf } from "../failure.ts";
import { type BodySink, DirectRequest } from "./direct-request.ts";
import { BODY_LIMIT } from "./limits.ts";

/** What keeps a body from being read, by the HTTP status that says so. */
export interface BadBody {
  readonly is: "bad";
  readonly status: 400 | 413 | 415;
  /** For the caller: it may quote the body, so no log may have it. */
  readonly why: string;
  readonly code: "empty-body" | "no-json" | "too-large" | "media-type";
}

export type Body = BadBody | { readonly is: "json"; readonly value: unknown };

const EMPTY: BadBody = {
  is: "bad",
  status: 400,
  code: "empty-body",
  why: "the body is empty; an AdmissionReview is expected",
};

const TOO_LARGE: BadBody = {
  is: "bad",
  status: 413,
  code: "too-large",
  why: `the body is too large: more than ${BODY_LIMIT} bytes`,
};

const JSON_MEDIA_TYPE = /^application\/json\s*(?:;|$)/i;

/** What the headers alone say is wrong with the body that they announce. */
export function announcedFault({ headers }: IncomingMessage): BadBody | undefined {
  const { "content-type": type, "content-length": length } = headers;
  if (Number(length) > BODY_LIMIT) return TOO_LARGE;
  if (type !== undefined && JSON_MEDIA_TYPE.test(type)) return undefined;
  const isEmpty = (length === undefined || length === "0") && headers["transfer-encoding"] === undefined;
  return isEmpty ? EMPTY : { is: "bad", status: 415, code: "media-type", why: unsupported(type) };
}

function unsupported(type: string | undefined): string {
  return `the media type of the body is ${type ?? "not said"}; it must be application/json`;
}

/** In bytes. A body that does not announce its length may be of any that is allowed. */
export function announcedLength({ headers }: IncomingMessage): number {
  const announced = Number(headers["content-length"]);
  return Number.isNaN(announced) ? BODY_LIMIT : Math.min(announced, BODY_LIMIT);
}

/** Gives the body once, when it is here or beyond the limit; never, where the caller goes away before. */
export function readBody(request: IncomingMessage, take: (body: Body) => void): void {
  const reader = new BodyReader(take);
  if (request instanceof DirectRequest) {
    request.sendBodyTo(reader);
    return;
  }
  request.on("data", (chunk: Buffer) => {
    reader.chunk(chunk);
  });
  request.on("end", () => {
    reader.end();
  });
}

class BodyReader implements BodySink {
  readonly #take: (body: Body) => void;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(take: (body: Body) => void) {
    this.#take = take;
  }

  chunk(bytes: Buffer): void {
    const isOver = this.#length > BODY_LIMIT;
    this.#length += bytes.length;
    if (this.#length <= BODY_LIMIT) this.#chunks.push(bytes);
    else if (!isOver) {
      // The rest is read and dropped: a connection that is closed before would be reset, and the answer with it.
      this.#chunks = [];
      this.#take(TOO_LARGE);
    }
  }

  end(): void {
    const chunks = this.#chunks;
    // The request lives on for a while.
    this.#chunks = [];
    if (this.#length <= BODY_LIMIT) this.#take(parsed(chunks, this.#length));
  }
}

function parsed(chunks: readonly Buffer[], length: number): Body {
  const [first, ...others] = chunks;
  if (first === undefined) return EMPTY;
  const bytes = others.length === 0 ? first : Buffer.concat(chunks, length);
  try {
    return { is: "json", value: JSON.parse(bytes.toString("utf8")) };
  } catch (error) {
    return { is: "bad", status: 400, code: "no-json", why: `the body is no JSON: ${messageOf(error)}` };
  }
}
