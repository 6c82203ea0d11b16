import type { FastifyReply } from "fastify";

export const PLAIN_TEXT = "text/plain; charset=utf-8";

/** Answers with one line of text. */
export function plainText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .code(status)
    .type(PLAIN_TEXT)
    .send(`${text.replaceAll(/[\s\p{Cc}]+/gu, " ")}\n`);
}
