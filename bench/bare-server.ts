/**
 * What Node itself costs: a `node:https` server that parses the same body and answers always the same. Its options are
 * in its argument, in JSON.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { programOptions } from "./processes.ts";

export interface BareServerOptions {
  readonly port: number;
  readonly certDir: string;
  readonly answer: string;
}

const { port, certDir, answer } = programOptions() as BareServerOptions;
const bytes = Buffer.from(answer);
const headers = { "content-type": "application/json", "content-length": bytes.length };
const tls = { cert: readFileSync(join(certDir, "tls.crt")), key: readFileSync(join(certDir, "tls.key")) };
const server = createServer({ ...tls, ALPNProtocols: ["http/1.1"] }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const review = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { request?: { uid?: unknown } };
    response.writeHead(typeof review.request?.uid === "string" ? 200 : 400, headers).end(bytes);
  });
});
server.listen(port, "127.0.0.1");
