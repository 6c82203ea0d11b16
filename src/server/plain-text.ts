import type { FastifyReply } from "fastify";

export const PLAIN_TEXT = "text/plain; charset=utf-8";

/** One line, whatever the text holds. */
export function lineOf(text: string): string {
  return `${text.replaceAll(/[\s\p{Cc}]+/gu, " ")}\n`;
}

/** Answers one line of text. */
export function plainText(reply: FastifyReply, code: number, text: string): FastifyReply {
  return reply.code(code).type(PLAIN_TEXT).send(lineOf(text));
}
