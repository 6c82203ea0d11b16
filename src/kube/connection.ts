import { createHash } from "node:crypto";
import http, { type ClientRequest, type IncomingMessage } from "node:http";
import https from "node:https";
import { SocksProxyAgent } from "socks-proxy-agent";
import { ApiError } from "./api-error.ts";
import { codeOf, connectionError } from "./connection-error.ts";
import type { Credentials, CurrentCredentials } from "./credentials.ts";
import { withDeadline } from "./deadline.ts";
import type { ApiRequest, ApiResponse, WritingApiClient } from "./api-client.ts";

/** Enough for two watches, two lists and two reads at the same time. */
const MAX_SOCKETS = 6;
/** Milliseconds without traffic before TCP sends a keep-alive probe. Linux finds a dead peer 10 s later. */
const TCP_KEEP_ALIVE = 30_000;
/** Milliseconds from a request to the headers of its answer. The API server sends those of a watch at once. */
const HEADER_DEADLINE = 10_000;
/** Milliseconds. An exec plugin may have to ask a user or a remote service. */
const CREDENTIALS_DEADLINE = 30_000;

/** Identifies this program in the audit log of the API server. */
const USER_AGENT = "vm-image-webhook";

/** The server closed an idle connection as this request was sent on it. The server has not read the request. */
const CLOSED_WHILE_IDLE: readonly string[] = ["ECONNRESET", "EPIPE"];

export interface ConnectionOptions {
  readonly credentials: CurrentCredentials;
  /** Milliseconds. */
  readonly headerDeadline?: number;
}

/** Sends requests to one API server over few kept connections, with the current credentials. */
export class Connection implements WritingApiClient {
  readonly #credentials: CurrentCredentials;
  readonly #headerDeadline: number;
  #agent: { readonly material: string; readonly agent: http.Agent } | undefined;

  constructor({ credentials, headerDeadline = HEADER_DEADLINE }: ConnectionOptions) {
    this.#credentials = credentials;
    this.#headerDeadline = headerDeadline;
  }

  get(path: string, signal: AbortSignal): Promise<ApiResponse> {
    return this.send({ method: "GET", path }, signal);
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const deadline = { what: "reading credentials", milliseconds: CREDENTIALS_DEADLINE, signal };
    const response = await this.#send(request, await withDeadline(deadline, () => this.#credentials.get()), signal);
    if (response.statusCode !== 401) return apiResponse(response);
    response.destroy();
    return apiResponse(
      await this.#send(request, await withDeadline(deadline, () => this.#credentials.renew()), signal),
    );
  }

  /** Closes every connection. */
  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #send(request: ApiRequest, credentials: Credentials, signal: AbortSignal): Promise<IncomingMessage> {
    const agent = this.#agentFor(credentials);
    const open = (): ClientRequest => sendRequest(request, credentials, agent, signal);
    const headers = { what: "the answer's headers", milliseconds: this.#headerDeadline };
    const first = open();
    try {
      return await answerTo(first, headers);
    } catch (error) {
      if (!first.reusedSocket || !CLOSED_WHILE_IDLE.includes(codeOf(error))) throw connectionError(error);
    }
    try {
      return await answerTo(open(), headers);
    } catch (error) {
      throw connectionError(error);
    }
  }

  /** New TLS material or another proxy needs new connections. An old connection closes after its current request. */
  #agentFor(credentials: Credentials): http.Agent {
    const material = digest(credentials);
    if (this.#agent?.material === material) return this.#agent.agent;
    if (this.#agent !== undefined) retire(this.#agent.agent);
    const agent = agentOf(credentials);
    this.#agent = { material, agent };
    return agent;
  }
}

/** Node's own agents tunnel through an HTTP proxy; those of SOCKS are a package. */
function agentOf({ server, tls, proxy }: Credentials): http.Agent {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS };
  if (proxy?.protocol.startsWith("socks") === true) return new SocksProxyAgent(proxy, { ...options, ...tls });
  const proxyEnv = proxy && { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href };
  return server.protocol === "http:"
    ? new http.Agent({ ...options, proxyEnv })
    : new https.Agent({ ...options, ...tls, proxyEnv });
}

function sendRequest(
  request: ApiRequest,
  { server, headers }: Credentials,
  agent: http.Agent,
  signal: AbortSignal,
): ClientRequest {
  const { request: open } = server.protocol === "http:" ? http : https;
  const url = new URL(server.pathname.replace(/\/$/, "") + request.path, server);
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const length = body === undefined ? {} : { "Content-Length": String(body.length) };
  const sent = open(url, {
    method: request.method,
    agent,
    signal,
    headers: { ...request.headers, ...length, ...headers, Accept: "application/json", "User-Agent": USER_AGENT },
  });
  sent.once("socket", (socket) => {
    socket.setKeepAlive(true, TCP_KEEP_ALIVE);
  });
  sent.end(body);
  return sent;
}

/** Keeps an error listener on request and response for as long as they live: an error without one ends the process. */
function answerTo(sent: ClientRequest, limit: { what: string; milliseconds: number }): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const timer = setTimeout(() => {
    sent.destroy(new ApiError("connection", `${limit.what} took longer than ${limit.milliseconds / 1_000} s`));
  }, limit.milliseconds);
  sent.on("error", (error) => {
    clearTimeout(timer);
    reject(error);
  });
  sent.once("response", (response) => {
    clearTimeout(timer);
    response.on("error", () => undefined);
    resolve(response);
  });
  return promise;
}

function apiResponse(response: IncomingMessage): ApiResponse {
  const seconds = Number(response.headers["retry-after"]);
  return {
    status: response.statusCode ?? 0,
    retryAfter: seconds > 0 ? seconds * 1_000 : undefined,
    body: bodyOf(response),
  };
}

async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw connectionError(error);
  }
}

/** Closes idle sockets now, and each other socket as soon as it becomes idle. */
function retire(agent: http.Agent): void {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

function digest({ server, proxy, tls }: Credentials): string {
  const hash = createHash("sha256").update(`${server.protocol} ${proxy?.href ?? ""}\0`);
  for (const [name, value] of Object.entries(tls))
    hash
      .update(`${name}\0`)
      .update(Buffer.from(String(value)))
      .update("\0");
  return hash.digest("hex");
}
