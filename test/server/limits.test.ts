import { describe, expect, test } from "vitest";
import * as limits from "../../src/server/limits.ts";
import { webhook } from "../support/webhook.ts";

/** apiserver pkg/server/config.go MaxRequestBodyBytes. */
const MAX_OBJECT = 3 * 1024 * 1024;
/** net/http DefaultTransport.IdleConnTimeout. */
const API_SERVER_IDLE_TIMEOUT = 90_000;
/** admissionregistration.k8s.io/v1: the largest and the default `timeoutSeconds`. */
const MAX_REVIEW = 30_000;
const DEFAULT_REVIEW = 10_000;

describe("the limits", () => {
  test("a body may have two objects of the largest size and an envelope", () => {
    expect(limits.BODY_LIMIT).toBeGreaterThanOrEqual(2 * MAX_OBJECT + 64 * 1024);
  });

  test("idle connections are kept for longer than the API server keeps them", () => {
    expect(limits.KEEP_ALIVE_TIMEOUT).toBeGreaterThan(API_SERVER_IDLE_TIMEOUT);
  });

  test("a request may take as long to arrive as the longest timeout of a review", () => {
    expect(limits.REQUEST_TIMEOUT).toBeGreaterThanOrEqual(MAX_REVIEW);
    expect(limits.HEADERS_TIMEOUT).toBeLessThanOrEqual(limits.REQUEST_TIMEOUT);
    expect(limits.CONNECTIONS_CHECKING_INTERVAL).toBeLessThan(limits.HEADERS_TIMEOUT);
  });

  test("a shutdown waits for the longest review", () => {
    expect(limits.SHUTDOWN_DEADLINE).toBeGreaterThanOrEqual(MAX_REVIEW);
  });

  test("the waits for late connections and for quiet are bounded", () => {
    expect(limits.LAST_REQUEST_WAIT).toBeLessThan(limits.SHUTDOWN_DEADLINE);
    expect(limits.QUIET_PERIOD).toBeLessThan(limits.MAX_WAIT_FOR_QUIET);
  });

  test("Retry-After is a whole second, within the shortest timeout", () => {
    expect(limits.MAX_REVIEW_TIMEOUT).toBe(MAX_REVIEW);
    expect(limits.RETRY_AFTER_SECONDS).toBe(1);
    expect(limits.DEFAULT_REVIEW_TIMEOUT).toBe(DEFAULT_REVIEW);
  });

  test("the server over TLS has its time-outs", async () => {
    const { server } = await webhook();
    expect(server.server).toMatchObject({
      keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT,
      timeout: limits.CONNECTION_TIMEOUT,
      headersTimeout: limits.HEADERS_TIMEOUT,
      requestTimeout: limits.REQUEST_TIMEOUT,
    });
  });
});
