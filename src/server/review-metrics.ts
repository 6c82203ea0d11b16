import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { Decision } from "../admission/decide.ts";
import type { Endpoint } from "../references/subject.ts";

/** Who counts reviews. */
export interface ReviewMetrics {
  /** To be called when the headers are in; what it gives, once, with the HTTP status of the answer. */
  reviewStarted(endpoint: Endpoint): (status: number) => void;
  decided(endpoint: Endpoint, decision: Decision): void;
  /** A review that was not looked at, because there were too many. */
  shed(endpoint: Endpoint): void;
}

/** The caller had gone before the answer was written: nginx's status, which no answer ever has. */
export const CALLER_GONE = 499;

/**
 * Counts every request that one of these paths takes by POST, before any other hook sees it. To be called before routes
 * are added.
 */
export function countReviews(
  server: FastifyInstance,
  paths: Readonly<Record<Endpoint, string>>,
  metrics: ReviewMetrics,
): void {
  const endpoints = new Map(Object.entries(paths).map(([endpoint, path]) => [path, endpoint as Endpoint]));
  server.addHook("onRoute", (route) => {
    const endpoint = endpoints.get(route.url);
    if (endpoint !== undefined && route.method === "POST") countFirst(route, endpoint, metrics);
  });
}

function countFirst(route: RouteOptions, endpoint: Endpoint, metrics: ReviewMetrics): void {
  const count = (_: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const ended = metrics.reviewStarted(endpoint);
    const { raw } = reply;
    // Comes once, after an answer and after a connection that broke before one.
    raw.once("close", () => {
      ended(raw.writableFinished ? raw.statusCode : CALLER_GONE);
    });
    done();
  };
  route.onRequest = [count, ...[route.onRequest ?? []].flat()];
}
