import fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from "fastify";
import type { Endpoint } from "../references/subject.ts";
import { admissionRoute } from "./admission-route.ts";
import { Drain, systemTiming } from "./drain.ts";
import { EventLoopLag } from "./event-loop-lag.ts";
import { Overload } from "./overload.ts";
import { plainText } from "./plain-text.ts";
import type { Admission } from "./pending-review.ts";
import { countReviews } from "./review-metrics.ts";
import { BODY_LIMIT, KEEP_ALIVE_TIMEOUT, REQUEST_TIMEOUT } from "./limits.ts";
import { admitNamed, serverTls, type Tls } from "./tls.ts";

/** Where the API server posts its reviews. */
export const ENDPOINT_PATHS: Readonly<Record<Endpoint, string>> = { mutate: "/mutate", validate: "/validate" };

const OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** What an owner of the server looks into; made where absent. */
export interface ServerLoad {
  readonly drain?: Drain | undefined;
  readonly overload?: Overload | undefined;
}

/** Reviews over TLS and HTTP/1.1. Without TLS it only serves `inject`, for `replay`. */
export function admissionServer(
  admission: Admission,
  tls?: Tls,
  { drain = new Drain(systemTiming), overload }: ServerLoad = {},
): FastifyInstance {
  const server = fastify({ ...commonOptions(), bodyLimit: BODY_LIMIT, ...(tls && { https: serverTls(tls) }) });
  if (tls?.clientNames !== undefined) admitNamed(server, tls.clientNames);
  acceptJsonBytesOnly(server);
  if (admission.metrics !== undefined) countReviews(server, ENDPOINT_PATHS, admission.metrics);
  const shedding = overload ?? watchedOverload(server);
  for (const [endpoint, url] of Object.entries(ENDPOINT_PATHS) as [Endpoint, string][]) {
    server.route({ method: "POST", url, ...admissionRoute(endpoint, admission, shedding) });
    server.route({
      method: OTHER_METHODS,
      url,
      handler: (_, reply) => plainText(reply.header("Allow", "POST"), 405, `${url} takes POST only`),
    });
  }
  answerErrorsInText(server, admission);
  letGoWhileDraining(server, drain);
  return server;
}

/** What both servers share. A draining server goes on answering, and tells its clients to go elsewhere. */
export function commonOptions(): FastifyServerOptions {
  return {
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    return503OnClosing: false,
    logController: new LogController({ disableRequestLogging: true }),
  };
}

/** Fastify's own JSON parser answers 400 to a key `__proto__`, its text parser takes any text. */
function acceptJsonBytesOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
}

/** Its lag is measured while the server listens. */
function watchedOverload(server: FastifyInstance): Overload {
  const { now } = systemTiming;
  const lag = new EventLoopLag(now);
  server.addHook("onListen", (done) => {
    lag.start();
    done();
  });
  server.addHook("onClose", (_, done) => {
    lag.stop();
    done();
  });
  return new Overload({ now, lag: () => lag.milliseconds });
}

/** A connection that stays open after its last answer would hold up the end, and bring the next review here. */
function letGoWhileDraining(server: FastifyInstance, drain: Drain): void {
  server.addHook("preClose", (done) => {
    drain.start();
    done();
  });
  server.addHook("onRequest", (_request, _reply, done) => {
    drain.noteRequest();
    done();
  });
  server.addHook("onSend", (_request, reply, _payload, done) => {
    if (drain.isDraining) reply.header("Connection", "close");
    done();
  });
}

function answerErrorsInText(server: FastifyInstance, { log }: Admission): void {
  const paths = Object.values(ENDPOINT_PATHS).map((path) => `POST ${path}`);
  server.setNotFoundHandler((_, reply) => plainText(reply, 404, `no such path; there is ${paths.join(" and ")}`));
  server.setErrorHandler<Error & { statusCode?: number; code?: string }>((error, _, reply) => {
    if (error.code === "ECONNRESET") {
      log.info("the caller went away before its review had arrived");
      return reply.hijack();
    }
    const code = error.statusCode ?? 500;
    if (code >= 500) log.error({ err: error }, "request failed");
    else log.warn({ status: code, why: error.code }, "malformed request");
    return plainText(reply, code, code >= 500 ? "internal error" : error.message);
  });
}
