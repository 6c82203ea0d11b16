import type { FastifyInstance, onRequestHookHandler } from "fastify";
import { describe, expect, test } from "vitest";
import { createReview, responseOf } from "../support/admission-review.ts";
import { JSON_HEADERS } from "../support/tls-client.ts";
import { webhook } from "../support/webhook.ts";

/** Hooks of every phase of a request. Each records that it ran. */
function noting(server: FastifyInstance, ran: string[]): void {
  const note =
    (phase: string): onRequestHookHandler =>
    (request, _reply, done) => {
      ran.push(`${phase} ${request.url}`);
      done();
    };
  server.addHook("onRequest", note("onRequest"));
  server.addHook("preValidation", note("preValidation"));
  server.addHook("preHandler", note("preHandler"));
  server.addHook("onSend", (request, reply, _payload, done) => {
    reply.header("X-Seen", request.url);
    ran.push(`onSend ${request.url}`);
    done();
  });
}

describe("a review passes all hooks of Fastify", () => {
  test("hooks and plugins of the server run for a POST over TLS and for inject", async () => {
    const ran: string[] = [];
    const { client, server } = await webhook({
      prepare: (made) => {
        noting(made, ran);
        made.register((plugin, _options, done) => {
          plugin.get("/plugin", () => "a plugin answers");
          done();
        });
      },
    });
    for (const url of ["/mutate", "/validate"]) {
      const expected = ["onRequest", "preValidation", "preHandler", "onSend"].map((phase) => `${phase} ${url}`);
      const overTls = await client.post(url, createReview());
      expect(ran.splice(0)).toEqual(expected);
      expect(overTls.headers["x-seen"]).toBe(url);
      const payload = JSON.stringify(createReview());
      const injected = await server.inject({ method: "POST", url, headers: JSON_HEADERS, payload });
      expect(ran.splice(0)).toEqual(expected);
      expect(injected.body).toBe(overTls.text);
      expect(injected.headers["content-type"]).toBe(overTls.headers["content-type"]);
    }
    expect(await client.ask({ method: "GET", path: "/plugin" })).toMatchObject({
      status: 200,
      text: "a plugin answers",
    });
  });

  test("a hook that answers prevents the decision", async () => {
    const { client, logged } = await webhook({
      prepare: (server) => {
        server.addHook("onRequest", async (_, reply) => reply.code(418).send("closed"));
      },
    });
    expect(await client.post("/mutate", createReview())).toMatchObject({ status: 418, text: "closed" });
    expect(logged.lines).toEqual([]);
  });

  test("a hook that fails is answered 500 in text, and the next review is decided", async () => {
    let broken = true;
    const { client, logged } = await webhook({
      prepare: (server) => {
        server.addHook("preHandler", (_request, _reply, done) => {
          done(broken ? new Error("the hook is broken") : undefined);
        });
      },
    });
    expect(await client.post("/mutate", createReview())).toMatchObject({ status: 500, text: "internal error\n" });
    expect(logged.lines).toMatchObject([{ level: "error", err: { message: "the hook is broken" } }]);
    broken = false;
    expect(responseOf((await client.post("/mutate", createReview())).text)["allowed"]).toBe(true);
  });
});
