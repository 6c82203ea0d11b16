import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { Drain, systemTiming } from "../../src/server/drain.ts";
import { ReviewExchange } from "../../src/server/review-exchange.ts";
import { createReview } from "../support/admission-review.ts";
import { exampleIndex } from "../support/catalogue.ts";
import { LogLines } from "../support/log-lines.ts";
import { patientOverload } from "../support/patient-overload.ts";
import { JSON_HEADERS } from "../support/tls-client.ts";
import { DEFAULT_POLICY } from "../support/webhook.ts";

/** A response that keeps what was answered. */
class FakeResponse extends EventEmitter {
  readonly statuses: number[] = [];

  get headersSent(): boolean {
    return this.statuses.length > 0;
  }

  writeHead(status: number): this {
    this.statuses.push(status);
    return this;
  }

  end(): this {
    return this;
  }
}

it("a review that gave way is not decided, even if the rest of its body comes", () => {
  const logged = new LogLines();
  const body = JSON.stringify(createReview());
  const headers = { ...JSON_HEADERS, "content-length": String(body.length) };
  const ask = (givesWay: boolean): readonly number[] => {
    const request = Object.assign(new EventEmitter(), { headers, url: "/mutate" });
    const response = new FakeResponse();
    const admission = { index: exampleIndex(), policy: DEFAULT_POLICY, log: logged.log };
    const path = {
      endpoint: "mutate",
      admission,
      overload: patientOverload(),
      drain: new Drain(systemTiming),
    } as const;
    const exchange = new ReviewExchange(
      path,
      request as unknown as IncomingMessage,
      response as unknown as ServerResponse,
    );
    exchange.begin();
    if (givesWay) exchange.giveWay();
    request.emit("data", Buffer.from(body));
    request.emit("end");
    return response.statuses;
  };
  expect(ask(false)).toEqual([200]);
  expect(logged.lines).toHaveLength(1);
  expect(ask(true)).toEqual([408]);
  expect(logged.lines).toHaveLength(1);
});
