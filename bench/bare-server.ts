/**
 * Measures the cost of Node itself: a `node:https` server that parses the same body and always gives the same answer. Its
 * arguments are the port, the folder of the certificate, and the answer.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

const [, , port = "", certDir = "", answer = ""] = process.argv;
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
server.keepAliveTimeout = 120_000;
server.listen(Number(port), "127.0.0.1");
