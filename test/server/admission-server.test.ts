import { describe, expect, test, vi } from "vitest";
import { IMAGE_KINDS } from "../../src/images/image.ts";
import { MemoryImageIndex, type ImageIndex } from "../../src/images/image-index.ts";
import { createReview, type Json, patchOf, responseOf, UID, virtualMachine } from "../support/admission-review.ts";
import { type Answer, JSON_HEADERS, type Question } from "../support/tls-client.ts";
import { exampleIndex } from "../support/catalogue.ts";
import { type Webhook, webhook } from "../support/webhook.ts";

const MEBIBYTE = 1024 * 1024;
const ENDPOINTS = ["/mutate", "/validate"] as const;
const PINNED = "vmi-0a0044d7c690bcbea";

/** The server still answers a good review. */
async function expectGoodReview({ client }: Webhook): Promise<void> {
  const answer = await client.post("/mutate", createReview());
  expect(answer.status).toBe(200);
  expect(responseOf(answer.text)).toMatchObject({ uid: UID, allowed: true, patchType: "JSONPatch" });
}

function expectText(answer: Answer, status: number, text: string | RegExp): void {
  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
  expect(answer.text).toMatch(/^[^\n]+\n$/);
  if (typeof text === "string") expect(answer.text).toBe(`${text}\n`);
  else expect(answer.text).toMatch(text);
}

function expectReview(answer: Answer, version = "v1"): Json {
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^application\/json\b/);
  const review = JSON.parse(answer.text) as Json;
  expect(Object.keys(review).sort()).toEqual(["apiVersion", "kind", "response"]);
  expect(review).toMatchObject({ apiVersion: `admission.k8s.io/${version}`, kind: "AdmissionReview" });
  return responseOf(answer.text);
}

/** Allowed without a patch: the API server treats even an empty patch as a patch. */
function expectUntouched(answer: Answer): void {
  expect(expectReview(answer)).toEqual({ uid: UID, allowed: true });
}

/** A review of exactly this many bytes, with an annotation as ballast. */
function reviewOfSize(bytes: number): string {
  const withBallast = (ballast: string): string =>
    JSON.stringify(
      createReview({ object: { ...virtualMachine(), metadata: { name: "web", annotations: { ballast } } } }),
    );
  const text = withBallast("x".repeat(bytes - Buffer.byteLength(withBallast(""))));
  expect(Buffer.byteLength(text)).toBe(bytes);
  return text;
}

describe("a good review", () => {
  test("a mutation carries the uid, the patch with its type and what the audit log keeps, and nothing else", async () => {
    const { client } = await webhook();
    const answer = await client.post("/mutate?timeout=5s", createReview());
    const response = expectReview(answer);
    expect(Object.keys(response).sort()).toEqual(["allowed", "auditAnnotations", "patch", "patchType", "uid"]);
    expect(patchOf(answer.text)).toContainEqual({ op: "replace", path: "/spec/imageName", value: PINNED });
  });

  test("a validation never carries a patch", async () => {
    const { client } = await webhook();
    const object = virtualMachine({ imageName: PINNED, image: { kind: "VirtualMachineImage", name: PINNED } });
    expectUntouched(await client.post("/validate?timeout=5s", createReview({ object })));
  });

  test("a refusal is HTTP 200 with a Kubernetes status of code 422", async () => {
    const { client } = await webhook();
    for (const path of ENDPOINTS) {
      const answer = await client.post(path, createReview({ object: virtualMachine({ imageName: "ubuntu-2404" }) }));
      expect(expectReview(answer)).toMatchObject({
        uid: UID,
        allowed: false,
        status: {
          status: "Failure",
          code: 422,
          reason: "Invalid",
          details: {
            group: "vmoperator.vmware.com",
            kind: "VirtualMachine",
            name: "web",
            causes: [{ reason: "FieldValueNotFound", field: "spec.imageName" }],
          },
        },
      });
    }
  });

  test("v1beta1 is answered in v1beta1", async () => {
    const { client } = await webhook();
    expect(expectReview(await client.post("/mutate", createReview({}, "v1beta1")), "v1beta1")).toMatchObject({
      uid: UID,
      allowed: true,
    });
  });

  test("two reviews go over one connection, which stays open", async () => {
    const { client } = await webhook();
    const first = await client.post("/mutate", createReview());
    const second = await client.post("/validate", createReview({ uid: "second" }));
    expect(second.localPort).toBe(first.localPort);
    expect(first.headers.connection).toBe("keep-alive");
    expect(responseOf(second.text)["uid"]).toBe("second");
  });

  test("application/json with a charset is JSON", async () => {
    const { client } = await webhook();
    const headers = { "content-type": "application/json; charset=utf-8" };
    const answer = await client.ask({ path: "/mutate", headers, body: JSON.stringify(createReview()) });
    expect(expectReview(answer)).toMatchObject({ allowed: true });
  });
});

describe("a body that is no review", () => {
  const review = JSON.stringify(createReview());
  const EMPTY = "the body is empty; an AdmissionReview is expected";
  const NO_REVIEW = "not an AdmissionReview of admission.k8s.io: apiVersion and kind say otherwise";
  const cases: readonly [what: string, question: Omit<Question, "path">, status: number, text: string | RegExp][] = [
    ["an empty body", { headers: { ...JSON_HEADERS, "content-length": 0 } }, 400, EMPTY],
    ["no body and no content type", {}, 400, EMPTY],
    ["text that is no JSON", { headers: JSON_HEADERS, body: "imageName: web" }, 400, /^the body is no JSON: /],
    ["JSON cut in the middle", { headers: JSON_HEADERS, body: review.slice(0, 200) }, 400, /^the body is no JSON: /],
    ["text/plain", { headers: { "content-type": "text/plain" }, body: review }, 415, /media type/i],
    ["no content type", { body: review }, 415, /media type/i],
    ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" }, body: review }, 415, /media type/i],
    ["a JSON list", { headers: JSON_HEADERS, body: "[]" }, 400, NO_REVIEW],
    ["JSON null", { headers: JSON_HEADERS, body: "null" }, 400, NO_REVIEW],
    ["a JSON number", { headers: JSON_HEADERS, body: "42" }, 400, NO_REVIEW],
    ["another object", { headers: JSON_HEADERS, body: JSON.stringify(virtualMachine()) }, 400, NO_REVIEW],
    [
      "a review of another version",
      { headers: JSON_HEADERS, body: JSON.stringify(createReview({}, "v2")) },
      400,
      `AdmissionReview version is not one of v1, v1beta1, in review ${UID}`,
    ],
    [
      "a review of another group",
      { headers: JSON_HEADERS, body: JSON.stringify({ ...createReview(), apiVersion: "authorization.k8s.io/v1" }) },
      400,
      `${NO_REVIEW}, in review ${UID}`,
    ],
    [
      "no request",
      { headers: JSON_HEADERS, body: JSON.stringify({ ...createReview(), request: null }) },
      400,
      "the AdmissionReview has no request",
    ],
    ...(
      [
        ["no uid", { uid: undefined }, "request.uid is missing or empty"],
        ["a uid that is no string", { uid: 7 }, "request.uid is missing or empty"],
        ["no operation", { operation: undefined }, `request.operation is missing or empty, in review ${UID}`],
        ["CREATE without an object", { object: null }, `request.object is missing on CREATE, in review ${UID}`],
        [
          "UPDATE without an object",
          { operation: "UPDATE", object: null },
          `request.object is missing on UPDATE, in review ${UID}`,
        ],
        [
          "UPDATE without an old object",
          { operation: "UPDATE" },
          `request.oldObject is missing on UPDATE, in review ${UID}`,
        ],
        ["an object that is a list", { object: [virtualMachine()] }, `request.object is no object, in review ${UID}`],
        [
          "an old object that is text",
          { operation: "UPDATE", oldObject: "web" },
          `request.oldObject is no object, in review ${UID}`,
        ],
      ] as const
    ).map(([what, request, text]): (typeof cases)[number] => [
      what,
      { headers: JSON_HEADERS, body: JSON.stringify(createReview(request)) },
      400,
      text,
    ]),
  ];

  test.each(cases)("%s is answered with the reason in one line of text", async (_, question, status, text) => {
    const served = await webhook();
    for (const path of ENDPOINTS) expectText(await served.client.ask({ path, ...question }), status, text);
    await expectGoodReview(served);
  });

  test("a body of 6.9 MiB is read", async () => {
    const { client } = await webhook();
    const answer = await client.post("/mutate", reviewOfSize(Math.floor(6.9 * MEBIBYTE)));
    expect(expectReview(answer)).toMatchObject({ uid: UID, allowed: true, patchType: "JSONPatch" });
  });

  test("an UPDATE with two objects of 3 MiB is read", async () => {
    const { client } = await webhook();
    const object = { ...virtualMachine(), metadata: { annotations: { ballast: "x".repeat(3 * MEBIBYTE - 1_000) } } };
    const answer = await client.post("/validate", createReview({ operation: "UPDATE", object, oldObject: object }));
    expectUntouched(answer);
  });

  test("a body of 7.1 MiB is refused by its Content-Length, before it is sent", async () => {
    const served = await webhook();
    const headers = { ...JSON_HEADERS, "content-length": Math.floor(7.1 * MEBIBYTE) };
    const { request, answer } = served.client.open({ path: "/mutate", headers });
    request.flushHeaders();
    expectText(await answer, 413, /body is too large/);
    request.destroy();
    await expectGoodReview(served);
  });

  test("a body of 7.1 MiB that is sent completely gets the answer 413", async () => {
    const served = await webhook();
    expectText(await served.client.post("/mutate", reviewOfSize(Math.floor(7.1 * MEBIBYTE))), 413, /body is too large/);
    await expectGoodReview(served);
  });

  test("a body without Content-Length is refused at the limit", async () => {
    const served = await webhook();
    const { request, answer } = served.client.open({ path: "/mutate", headers: JSON_HEADERS });
    request.write(" ".repeat(7 * MEBIBYTE + 1));
    expectText(await answer, 413, /body is too large/);
    request.destroy();
    await expectGoodReview(served);
  });
});

describe("a review with a strange object", () => {
  test("keys __proto__ and constructor are ordinary keys", async () => {
    const served = await webhook();
    const hostile = `{"__proto__":{"polluted":"yes","imageName":"photon-5"},"constructor":{"prototype":{"polluted":"yes"}}`;
    const text = JSON.stringify(createReview())
      .replace('"spec":{', `"spec":${hostile},`)
      .replace('"metadata":{', `"metadata":${hostile},"annotations":${hostile}},`);
    expect(text).toContain(`"spec":{"__proto__"`);
    const answer = await served.client.post("/mutate", text);
    expect(expectReview(answer)).toMatchObject({ allowed: true });
    expect(patchOf(answer.text)).toContainEqual({ op: "replace", path: "/spec/imageName", value: PINNED });
    expect(({} as Json)["polluted"]).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty("imageName");
    await expectGoodReview(served);
  });

  test.each(ENDPOINTS)("a spec that is a list is refused by %s", async (path) => {
    const served = await webhook();
    const review = createReview({ object: virtualMachine(["ubuntu-24.04"]) });
    expect(expectReview(await served.client.post(path, review))).toMatchObject({
      allowed: false,
      status: { code: 422, details: { causes: [{ reason: "FieldValueTypeInvalid", field: "spec" }] } },
    });
    await expectGoodReview(served);
  });

  test("a spec that is null reads as one without references", async () => {
    const served = await webhook();
    const review = createReview({ object: virtualMachine(null) });
    expectUntouched(await served.client.post("/mutate", review));
    expect(expectReview(await served.client.post("/validate", review))).toMatchObject({
      allowed: false,
      status: { details: { causes: [{ reason: "FieldValueRequired" }] } },
    });
    await expectGoodReview(served);
  });

  test.each([
    ["a number", 24.04, "24.04: must be a string; put what you wrote in quotes"],
    ["a list", ["ubuntu-24.04"], '[...]: must be a string; write "ubuntu-24.04"'],
    ["an object", { name: "ubuntu-24.04" }, '{...}: must be a string; write "ubuntu-24.04"'],
    ["true", true, "true: must be a string; put what you wrote in quotes"],
  ])("an imageName that is %s is refused by both", async (_, imageName, text) => {
    const served = await webhook();
    const review = createReview({ object: virtualMachine({ imageName }) });
    for (const path of ENDPOINTS) {
      const { status } = expectReview(await served.client.post(path, review)) as { status: { details: Json } };
      expect(status.details["causes"]).toContainEqual({
        reason: "FieldValueTypeInvalid",
        field: "spec.imageName",
        message: `Invalid value: ${text}`,
      });
    }
    await expectGoodReview(served);
  });

  test.each([
    ["in an unknown field", (deep: string) => `"spec":{"imageName":"ubuntu-24.04","deep":${deep}}`, true],
    ["in imageName", (deep: string) => `"spec":{"imageName":${deep}}`, false],
  ])("20,000 levels %s are decided, on CREATE and UPDATE", async (_, spec, allowed) => {
    const served = await webhook();
    const deep = "[".repeat(20_000) + "]".repeat(20_000);
    const object = JSON.stringify(virtualMachine()).replace('"spec":{"imageName":"ubuntu-24.04"}', spec(deep));
    const put = (review: Json): string => JSON.stringify(review).replaceAll('"OBJECT"', object);
    for (const path of ENDPOINTS) {
      const created = await served.client.post(path, put(createReview({ object: "OBJECT" })));
      expect(expectReview(created)["allowed"]).toBe(allowed);
      const updated = put(createReview({ operation: "UPDATE", object: "OBJECT", oldObject: "OBJECT" }));
      expect(expectReview(await served.client.post(path, updated))["allowed"]).toBe(true);
    }
    await expectGoodReview(served);
  });

  test.each([
    ["an unknown kind", { kind: { group: "apps", version: "v1", kind: "Deployment" } }],
    ["a kind of the same name in another group", { kind: { group: "x.io", version: "v1", kind: "VirtualMachine" } }],
    ["no kind at all", { kind: null }],
    ["a DELETE", { operation: "DELETE", object: null, oldObject: virtualMachine() }],
    ["a CONNECT", { operation: "CONNECT", object: { kind: "PodExecOptions" }, subResource: "exec" }],
    [
      "a subresource",
      {
        operation: "UPDATE",
        object: virtualMachine({ imageName: 7 }),
        oldObject: virtualMachine(),
        subResource: "status",
      },
    ],
  ])("%s is allowed without a patch", async (_, request) => {
    const served = await webhook();
    for (const path of ENDPOINTS) expectUntouched(await served.client.post(path, createReview(request)));
    await expectGoodReview(served);
  });
});

describe("a request that is no review", () => {
  test.each(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])(
    "%s is answered 405 with Allow: POST",
    async (method) => {
      const served = await webhook();
      for (const path of ENDPOINTS) {
        const answer = await served.client.ask({ method, path });
        expectText(answer, 405, `${path} takes POST only`);
        expect(answer.headers.allow).toBe("POST");
      }
      await expectGoodReview(served);
    },
  );

  test("HEAD is 405 without a body", async () => {
    const { client } = await webhook();
    const answer = await client.ask({ method: "HEAD", path: "/mutate" });
    expect([answer.status, answer.headers.allow, answer.text]).toEqual([405, "POST", ""]);
  });

  test.each(["/", "/mutate/", "/MUTATE", "/readyz", "/mutate/../validate"])("path %s is 404", async (path) => {
    const served = await webhook();
    expectText(
      await served.client.post(path, createReview()),
      404,
      "no such path; there is POST /mutate and POST /validate",
    );
    expect((await served.client.ask({ method: "GET", path })).status).toBe(404);
    await expectGoodReview(served);
  });
});

describe("an answer without a decision", () => {
  test("is 503 with Retry-After while the index is not synced, never a refusal", async () => {
    const { client, logged } = await webhook({ index: new MemoryImageIndex() });
    for (const path of ENDPOINTS) {
      const answer = await client.post(path, createReview());
      expectText(answer, 503, /^the index has no complete list of VirtualMachineImage yet$/m);
      expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
      expect(answer.text).not.toContain("allowed");
    }
    expect(logged.saying("review").map(({ decision }) => decision)).toEqual(["undecided", "undecided"]);
  });

  test("is followed by a decision once the index is synced", async () => {
    const index = new MemoryImageIndex();
    const { client } = await webhook({ index });
    expect((await client.post("/mutate", createReview())).status).toBe(503);
    for (const kind of IMAGE_KINDS) index.relist(kind).commit("1");
    expect(expectReview(await client.post("/mutate", createReview()))["allowed"]).toBe(false);
  });

  test("is 500 with the uid after a bug, which is logged once, and the server goes on", async () => {
    let broken = true;
    const good = exampleIndex();
    const index: ImageIndex = {
      namespaced: (namespace) => {
        if (broken) throw new TypeError("lookups are broken");
        return good.namespaced(namespace);
      },
      cluster: () => good.cluster(),
      osImages: () => good.osImages(),
      isSynced: () => true,
    };
    const served = await webhook({ index });
    for (const path of ENDPOINTS) {
      const answer = await served.client.post(path, createReview());
      expectText(answer, 500, `internal error in review ${UID}`);
    }
    const errors = served.logged.lines.filter(({ level }) => level === "error");
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ uid: UID, err: { message: "lookups are broken" } });
    broken = false;
    await expectGoodReview(served);
  });

  test("is 500 after a bug outside the decision, which is logged, and the server goes on", async () => {
    const served = await webhook();
    const warn = vi.spyOn(served.logged.log, "warn").mockImplementation(() => {
      throw new Error("the log is broken");
    });
    expectText(await served.client.post("/mutate", "{}"), 500, "internal error");
    expect(served.logged.saying("request failed")).toMatchObject([{ err: { message: "the log is broken" } }]);
    warn.mockRestore();
    await expectGoodReview(served);
  });
});
