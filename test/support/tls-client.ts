import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The client's port: the same for two answers on one connection. */
  readonly localPort: number | undefined;
}

export interface Question {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Calls as the API server does: HTTP/1.1 over TLS, keep-alive, and the server's certificate verified. */
export class TlsClient {
  readonly #agent: Agent;
  readonly #port: number;

  /** `own`: a client certificate. */
  constructor(port: number, ca: string, own: { readonly cert?: string; readonly key?: string } = {}) {
    this.#port = port;
    this.#agent = new Agent({ ca, ...own, keepAlive: true, maxSockets: 1 });
  }

  /** Opens a request. The caller writes the body and ends it. */
  open({ method = "POST", path, headers = {} }: Question): { request: ClientRequest; answer: Promise<Answer> } {
    const asked = request({ host: "127.0.0.1", port: this.#port, agent: this.#agent, method, path, headers });
    const answer = new Promise<Answer>((resolve, reject) => {
      asked.on("error", reject);
      asked.on("response", (response: IncomingMessage) => {
        const { statusCode = 0, headers: answered } = response;
        const localPort = response.socket.localPort;
        text(response).then((body) => {
          resolve({ status: statusCode, headers: answered, text: body, localPort });
        }, reject);
      });
    });
    return { request: asked, answer };
  }

  async ask(question: Question): Promise<Answer> {
    const { request: asked, answer } = this.open(question);
    if (question.body === undefined) asked.end();
    else asked.end(question.body);
    return answer;
  }

  /** A review as the API server posts it. */
  async post(path: string, body: unknown): Promise<Answer> {
    return this.ask({ path, headers: JSON_HEADERS, body: typeof body === "string" ? body : JSON.stringify(body) });
  }

  /** Closes the keep-alive connections. */
  close(): void {
    this.#agent.destroy();
  }
}

export const JSON_HEADERS = { "content-type": "application/json" };
