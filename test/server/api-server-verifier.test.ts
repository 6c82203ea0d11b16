import { describe, expect, test } from "vitest";
import type { Json } from "../support/admission-review.ts";
import { AuditEvent } from "../support/api-server-audit.ts";
import {
  type Call,
  CallFailure,
  type HttpAnswer,
  InternalFailure,
  type Verdict,
  verdictOn,
} from "../support/api-server-verifier.ts";
import { WarningHeaders } from "../support/api-server-warnings.ts";

/** The cases of apiserver pkg/admission/plugin/webhook/testing/testcase.go that are about an answer: the oracle's own test. */
const UID = "the-uid";
const base64 = (patch: unknown): string => Buffer.from(JSON.stringify(patch)).toString("base64");
const PATCH = base64([{ op: "add", path: "/b", value: 2 }]);

interface Row {
  readonly title: string;
  readonly response?: Json | null;
  readonly review?: Json;
  readonly call?: Partial<Call>;
  readonly http?: Partial<HttpAnswer>;
  /** What v1 says: a verdict, or the words of a failure. */
  readonly v1: Partial<Verdict> | string;
  /** What v1beta1 says, where that is something else. */
  readonly v1beta1?: Partial<Verdict> | string;
}

const ADMITTED = { is: "admitted", object: { a: 1 }, changed: false } as const;
const PATCHED = { is: "admitted", object: { a: 1, b: 2 }, changed: true } as const;
const DENIED = { is: "denied", code: 400, status: "Failure" } as const;
const BY = 'admission webhook "m.example" denied the request';

const ROWS: readonly Row[] = [
  { title: "a status of 207", http: { status: 207 }, v1: "failed to call webhook" },
  { title: "a status of 206", http: { status: 206 }, v1: ADMITTED },
  { title: "a status of 503", http: { status: 503 }, v1: "failed to call webhook" },
  { title: "a Content-Type of text", http: { contentType: "text/plain; charset=utf-8" }, v1: ADMITTED },
  { title: "no Content-Type", http: { contentType: "" }, v1: ADMITTED },
  { title: "a Content-Type that is none", http: { contentType: "; charset=utf-8" }, v1: "mime" },
  { title: "an empty body", http: { text: "" }, v1: "0-length response" },
  { title: "a body that is no JSON", http: { text: "allowed" }, v1: "couldn't decode" },
  { title: "no response", response: null, v1: "webhook response was absent" },
  { title: "another uid", response: { uid: "x" }, v1: "expected response.uid", v1beta1: ADMITTED },
  { title: "Uid for uid", response: { uid: undefined, Uid: UID }, v1: "expected response.uid", v1beta1: ADMITTED },
  { title: "another kind", review: { kind: "Status" }, v1: "expected webhook response of", v1beta1: ADMITTED },
  { title: "no kind", review: { kind: undefined }, v1: "expected webhook response of", v1beta1: ADMITTED },
  {
    title: "another version",
    review: { apiVersion: "admission.k8s.io/v2" },
    v1: "expected webhook response of",
    v1beta1: ADMITTED,
  },
  { title: "allowed", v1: ADMITTED },
  { title: "a patch", response: { patch: PATCH, patchType: "JSONPatch" }, v1: PATCHED },
  { title: "a patch without its type", response: { patch: PATCH }, v1: "but not response.patchType", v1beta1: PATCHED },
  { title: "a type without patch", response: { patchType: "JSONPatch" }, v1: "not response.patch", v1beta1: ADMITTED },
  {
    title: 'a type ""',
    response: { patch: PATCH, patchType: "" },
    v1: 'invalid response.patchType of ""',
    v1beta1: PATCHED,
  },
  { title: "a type Merge", response: { patch: PATCH, patchType: "Merge" }, v1: "unsupported patch", v1beta1: PATCHED },
  {
    title: "a patch of a validating webhook",
    response: { patch: PATCH },
    call: { mutating: false },
    v1: "may not return response.patch",
    v1beta1: ADMITTED,
  },
  {
    title: "a patch type of a validating webhook",
    response: { patchType: "JSONPatch" },
    call: { mutating: false },
    v1: "may not return response.patchType",
    v1beta1: ADMITTED,
  },
  { title: "a patch that is no base64", response: { patch: "{}", patchType: "JSONPatch" }, v1: "couldn't decode" },
  {
    title: "a patch that does not parse",
    response: { patch: base64({ b: 2 }), patchType: "JSONPatch" },
    v1: "undecodable patch",
  },
  { title: "a patch of nothing", response: { patch: base64([]), patchType: "JSONPatch" }, v1: ADMITTED },
  {
    title: "a patch that does not apply",
    response: { patch: base64([{ op: "replace", path: "/x", value: 1 }]), patchType: "JSONPatch" },
    v1: "OPERATION_PATH_UNRESOLVABLE",
  },
  {
    title: "a patch into a parent that is missing",
    response: { patch: base64([{ op: "add", path: "/x/y", value: 1 }]), patchType: "JSONPatch" },
    v1: "OPERATION_PATH",
  },
  {
    title: "a patch of a DELETE",
    response: { patch: PATCH, patchType: "JSONPatch" },
    call: { object: undefined },
    v1: "attempted to modify the object",
  },
  {
    title: "a refusal with its status",
    response: { allowed: false, status: { status: "Failure", code: 422, message: "no" } },
    v1: { is: "denied", code: 422, status: "Failure", message: `${BY}: no` },
  },
  {
    title: "a refusal with a reason only, and a code of success",
    response: { allowed: false, status: { status: "Success", code: 200, reason: "Invalid" } },
    v1: { ...DENIED, message: `${BY}: Invalid` },
  },
  {
    title: "a refusal in result, which the API server does not read",
    response: { allowed: false, result: { message: "no" } },
    v1: { ...DENIED, message: `${BY} without explanation` },
  },
  { title: "no allowed", response: { allowed: undefined }, v1: { ...DENIED } },
  { title: "warnings that are no texts", response: { warnings: [7] }, v1: "couldn't decode" },
  { title: "an audit annotation that is no text", response: { auditAnnotations: { a: 1 } }, v1: "couldn't decode" },
];

/** Failures that failurePolicy does not forgive. */
const INTERNAL = /UNRESOLVABLE|CANNOT_ADD|OPERATION_PATH|attempted to modify/;

describe("the port of the API server's verifier", () => {
  describe.each(["v1", "v1beta1"] as const)("in %s", (version) => {
    test.each(ROWS)("$title", (row) => {
      const ask = (): Verdict => verdictOn(answerOf(row, version), { ...callOf(version), ...row.call });
      const says = version === "v1" ? row.v1 : (row.v1beta1 ?? row.v1);
      if (typeof says !== "string") {
        expect(ask()).toMatchObject(says);
        return;
      }
      expect(ask).toThrow(says);
      expect(ask).toThrow(INTERNAL.test(says) ? InternalFailure : CallFailure);
    });
  });

  test("an audit annotation that is given twice keeps its first value", () => {
    const audit = new AuditEvent();
    for (const value of ["one", "one", "two"]) audit.add("m.example/requested", value);
    expect(Object.fromEntries(audit.annotations)).toEqual({ "m.example/requested": "one" });
    expect(audit.complaints).toHaveLength(1);
  });

  test.each([
    "requested",
    "m.example/a/b",
    "M.example/a",
    "m.example/",
    `m.example/${"a".repeat(64)}`,
    "m.example/a b",
  ])("an audit annotation %s is dropped", (key) => {
    const audit = new AuditEvent();
    audit.add(key, "x");
    expect(audit.annotations.size).toBe(0);
  });

  test("warnings are cut, once they are too many together", () => {
    const headers = new WarningHeaders();
    for (let each = 0; each < 10; each++) headers.add(`${each}`.repeat(500));
    expect(headers.shown.slice(0, 8).every((text) => text.length === 256)).toBe(true);
    for (let each = 10; each < 40; each++) headers.add(`${each}`.repeat(250));
    expect(headers.shown).toHaveLength(16);
  });
});

function answerOf({ response = {}, review, http }: Row, version: string): HttpAnswer {
  const text = JSON.stringify({
    apiVersion: `admission.k8s.io/${version}`,
    kind: "AdmissionReview",
    response: response === null ? undefined : { uid: UID, allowed: true, ...response },
    ...review,
  });
  return { status: 200, contentType: "application/json", text, ...http };
}

function callOf(version: Call["version"]): Call {
  const request = { warnings: new WarningHeaders(), audit: new AuditEvent() };
  return { webhook: "m.example", mutating: true, version, uid: UID, object: { a: 1 }, ...request };
}
