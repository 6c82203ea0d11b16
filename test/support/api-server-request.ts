import type { FastifyInstance } from "fastify";
import type { Endpoint } from "../../src/references/target.ts";
import { ENDPOINT_PATHS } from "../../src/server/admission-server.ts";
import type { Json } from "./admission-review.ts";
import { AuditEvent } from "./api-server-audit.ts";
import { type Call, type HttpAnswer, type Verdict, verdictOn } from "./api-server-verifier.ts";
import { WarningHeaders } from "./api-server-warnings.ts";

/** How a call travels: a path with its query, and a body of JSON. */
export type Post = (path: string, body: string) => Promise<HttpAnswer>;

/** Without sockets. */
export function injecting(server: FastifyInstance): Post {
  return async (url, payload) => {
    const headers = { "content-type": "application/json" };
    const { statusCode, headers: answered, body } = await server.inject({ method: "POST", url, headers, payload });
    return { status: statusCode, contentType: answered["content-type"] ?? "", text: body };
  };
}

/** One request of a person on its way through the API server, which asks about it as often as it likes. */
export class ApiServerRequest {
  readonly warnings = new WarningHeaders();
  readonly audit = new AuditEvent();
  /** As it stands by now. */
  object: unknown;
  readonly #post: Post;
  readonly #request: Json;
  readonly #version: Call["version"];
  #calls = 0;

  /** `review`: an AdmissionReview whose uid and version are replaced, as each call has its own. */
  constructor(post: Post, review: Json, version: Call["version"]) {
    this.#post = post;
    this.#request = review["request"] as Json;
    this.#version = version;
    this.object = this.#request["object"];
  }

  /** Throws where the API server would take the answer for no answer. */
  async ask(endpoint: Endpoint): Promise<Verdict> {
    const uid = `call-${++this.#calls}`;
    const body = {
      apiVersion: `admission.k8s.io/${this.#version}`,
      kind: "AdmissionReview",
      request: { ...this.#request, uid, object: this.object },
    };
    const verdict = verdictOn(await this.#post(`${ENDPOINT_PATHS[endpoint]}?timeout=5s`, JSON.stringify(body)), {
      webhook: `${endpoint}.vm-image-webhook.dev`,
      mutating: endpoint === "mutate",
      version: this.#version,
      uid,
      object: this.object,
      warnings: this.warnings,
      audit: this.audit,
    });
    if (verdict.is === "admitted") this.object = verdict.object;
    return verdict;
  }
}
