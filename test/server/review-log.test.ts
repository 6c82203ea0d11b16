import { describe, expect, test } from "vitest";
import { MAX_CLIENT_TEXT } from "../../src/server/limits.ts";
import { createReview, responseOf, UID, virtualMachine } from "../support/admission-review.ts";
import { type Answer, JSON_HEADERS } from "../support/tls-client.ts";
import { webhook } from "../support/webhook.ts";

const HOSTILE = 'web"}\n{"level":"info","msg":"review","decision":"allowed"}\r\n\u001b[2K\u001b[1A\u2028\u0000';

describe("the line of a review", () => {
  test("names the caller, the object and the decision, once for each review", async () => {
    const { client, logged } = await webhook();
    await client.post("/mutate", createReview());
    expect(logged.lines).toEqual([
      {
        level: "info",
        time: expect.anything() as unknown,
        endpoint: "mutate",
        uid: UID,
        operation: "CREATE",
        kind: "VirtualMachine",
        version: "v1alpha6",
        namespace: "dev",
        name: "web",
        user: "dev-user",
        decision: "patched",
        images: ["vmi-0a0044d7c690bcbea"],
        ms: expect.any(Number) as unknown,
        msg: "review",
      },
    ]);
  });

  test("has the trace ID of the API server's traceparent", async () => {
    const { client, logged } = await webhook();
    const valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const asked = (traceparent: string, body: unknown): Promise<Answer> =>
      client.ask({ path: "/mutate", headers: { ...JSON_HEADERS, traceparent }, body: JSON.stringify(body) });
    await asked(valid, createReview());
    await asked(valid, {});
    await asked('x"}\t{"decision":"allowed', createReview());
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    expect(logged.lines).toMatchObject([
      { msg: "review", trace_id: traceId },
      { msg: "malformed review", trace_id: traceId },
      { msg: "review" },
    ]);
    expect(logged.lines[2]).not.toHaveProperty("trace_id");
  });

  test("has a measured time, which is never zero", async () => {
    const { client, logged } = await webhook();
    await client.post("/mutate", createReview());
    expect(logged.saying("review")[0]?.["ms"]).toBeGreaterThan(0);
  });

  test("of a refusal names the checks that failed", async () => {
    const { client, logged } = await webhook();
    await client.post("/validate", createReview({ object: virtualMachine({ imageName: "ubuntu-2404" }) }));
    expect(logged.saying("review")).toMatchObject([{ endpoint: "validate", decision: "refused", checks: ["exists"] }]);
    expect(logged.lines).toHaveLength(1);
  });

  test("of an admitted object without a patch says allowed", async () => {
    const { client, logged } = await webhook();
    await client.post("/mutate", createReview({ operation: "DELETE", object: null, oldObject: virtualMachine() }));
    expect(logged.saying("review")).toMatchObject([{ operation: "DELETE", decision: "allowed", images: [] }]);
  });

  test("of a malformed review has level warn", async () => {
    const { client, logged } = await webhook();
    await client.post("/mutate", "{}");
    await client.post("/mutate", "");
    await client.post("/mutate", createReview({ object: null }));
    expect(logged.lines).toMatchObject([{ level: "warn", uid: "" }, { level: "warn" }, { level: "warn", uid: UID }]);
  });
});

describe("hostile text", () => {
  test("in names cannot forge a log line by newlines or terminal codes", async () => {
    const { client, logged } = await webhook();
    const object = { ...virtualMachine({ imageName: HOSTILE }), metadata: { name: HOSTILE } };
    const review = createReview({
      uid: HOSTILE,
      name: HOSTILE,
      namespace: HOSTILE,
      operation: "CREATE",
      userInfo: { username: HOSTILE, groups: [HOSTILE] },
      object,
    });
    await client.post("/mutate", review);
    await client.post("/mutate", createReview({ operation: HOSTILE, kind: { kind: HOSTILE, version: HOSTILE } }));
    expect(logged.written).toHaveLength(2);
    // A newline ends each line and is nowhere else; no byte below a space is in it.
    for (const line of logged.written) expect(line).toMatch(/^[^\p{Cc}]+\n$/u);
    expect(logged.lines[0]).toMatchObject({ name: HOSTILE, namespace: HOSTILE, user: HOSTILE, decision: "refused" });
    expect(logged.lines[1]).toMatchObject({ operation: HOSTILE, decision: "allowed" });
  });

  test("is quoted in a refusal without control characters", async () => {
    const { client } = await webhook();
    const answer = await client.post("/mutate", createReview({ object: virtualMachine({ imageName: HOSTILE }) }));
    const { response } = JSON.parse(answer.text) as { response: { status: { message: string } } };
    expect(response.status.message).toMatch(/^[^\p{Cc}\u2028\u2029]+$/u);
  });

  test("in an internal error stays one line without control characters", async () => {
    const index = {
      namespaced: () => {
        throw new Error("broken");
      },
      cluster: () => {
        throw new Error("broken");
      },
      osImages: () => {
        throw new Error("broken");
      },
      isSynced: () => true,
      count: () => 0,
    };
    const { client } = await webhook({ index });
    const answer = await client.post("/mutate", createReview({ uid: HOSTILE }));
    expect(answer.status).toBe(500);
    expect(answer.text).toMatch(/^[^\p{Cc}]+\n$/u);
  });
});

describe("a long text of a client", () => {
  const LONG = "x".repeat(100_000);

  test("is cut in each field of a log line; response.uid is not", async () => {
    const { client, logged } = await webhook();
    const facts = { uid: LONG, operation: LONG, namespace: LONG, name: LONG, userInfo: { username: LONG } };
    const answer = await client.post("/mutate", createReview({ ...facts, kind: { kind: LONG, version: LONG } }));
    expect(responseOf(answer.text)["uid"]).toBe(LONG);
    const [line = {}] = logged.lines;
    for (const field of ["uid", "operation", "kind", "version", "namespace", "name", "user"]) {
      expect(String(line[field])).toHaveLength(MAX_CLIENT_TEXT);
    }
  });

  test.each([
    ["a uid", { uid: LONG, object: null }, {}],
    ["a media type", {}, { "content-type": LONG.slice(0, 10_000) }],
  ])("is cut in a one-line answer: %s", async (_, facts, headers) => {
    const { client, logged } = await webhook();
    const body = JSON.stringify(createReview(facts));
    const answer = await client.ask({ path: "/mutate", headers: { ...JSON_HEADERS, ...headers }, body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text.length).toBeLessThan(2 * MAX_CLIENT_TEXT);
    expect(logged.written.join("").length).toBeLessThan(3 * MAX_CLIENT_TEXT);
  });
});

describe("secrets", () => {
  const SECRET = "hunter2-cloud-init";

  test("in objects never appear in the log, not even at level debug", async () => {
    const { client, logged } = await webhook({ logLevel: "debug" });
    const secret = (spec: object): object => ({
      ...virtualMachine({ ...spec, bootstrap: { cloudInit: { password: SECRET } } }),
      metadata: { name: "web", annotations: { password: SECRET }, labels: { [SECRET]: "" } },
    });
    for (const path of ["/mutate", "/validate"]) {
      for (const imageName of ["ubuntu-24.04", "photon-5", "unknown", 7]) {
        await client.post(path, createReview({ object: secret({ imageName }) }));
        const update = {
          operation: "UPDATE",
          object: secret({ imageName }),
          oldObject: secret({ imageName: "other" }),
        };
        await client.post(path, createReview(update));
      }
      await client.post(path, createReview({ uid: "", object: secret({}) }));
      await client.post(path, createReview({ operation: "UPDATE", object: secret({}) }));
    }
    expect(logged.lines).toHaveLength(20);
    expect(logged.written.join("")).not.toContain(SECRET);
    expect(logged.written.join("")).not.toContain("className");
  });

  test("in a body that is no JSON are not quoted in the log", async () => {
    const { client, logged } = await webhook();
    await client.post("/mutate", `{"pw": ${SECRET}}`);
    expect(logged.written).toHaveLength(1);
    expect(logged.written.join("")).not.toContain("hunter2");
  });
});
