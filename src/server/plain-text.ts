import type { FastifyReply } from "fastify";

/** One line of text, whatever the text holds. */
export function plainText(reply: FastifyReply, code: number, text: string): FastifyReply {
  return reply
    .code(code)
    .type("text/plain; charset=utf-8")
    .send(`${text.replaceAll(/[\s\p{Cc}]+/gu, " ")}\n`);
}
