import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/images/decode/decode-image.ts";
import type { OsImage } from "../../../src/images/image.ts";

function decoded(object: object, group = "storage.loft.sh"): OsImage {
  const result = decodeImage({
    apiVersion: `${group}/v1`,
    kind: "OSImage",
    metadata: { name: "noble", uid: "u1", resourceVersion: "7" },
    ...object,
  });
  if (result.is !== "image" || result.image.kind !== "OSImage") throw new Error(JSON.stringify(result));
  return result.image;
}

describe("an OSImage", () => {
  it.each(["storage.loft.sh", "management.loft.sh"])("of group %s has no namespace, library or type", (group) => {
    const object = {
      metadata: { name: "noble", namespace: "dev", uid: "u1", resourceVersion: "7" },
      spec: { displayName: "Ubuntu Noble" },
      status: { name: "other", type: "ISO", firmware: "efi" },
    };
    expect(decoded(object, group)).toEqual({
      kind: "OSImage",
      namespace: undefined,
      name: "noble",
      resourceVersion: "7",
      uid: "u1",
      displayName: "Ubuntu Noble",
      readiness: { is: "ready" },
      access: undefined,
      terminating: false,
    });
  });

  it("of another group is another kind: TKG has a kind of the same name", () => {
    const object = { apiVersion: "run.tanzu.vmware.com/v1alpha3", kind: "OSImage", metadata: { name: "a" } };
    expect(decodeImage(object)).toEqual({ is: "otherKind" });
  });

  it("needs quotes around a display name that looks like a number", () => {
    const object = {
      apiVersion: "storage.loft.sh/v1",
      kind: "OSImage",
      metadata: { name: "a" },
      spec: { displayName: 24.04 },
    };
    expect(decodeImage(object)).toMatchObject({ is: "malformed", field: "spec.displayName" });
  });

  it("is terminating from its deletionTimestamp on", () => {
    const metadata = { name: "noble", deletionTimestamp: "2026-01-15T10:00:00Z" };
    expect(decoded({ metadata }).terminating).toBe(true);
  });
});

describe("the readiness", () => {
  it.each(["Pending", "Uploading", "Failed"])(
    "of an upload in phase %s is not ready, with phase and message",
    (phase) => {
      const conditions = [{ type: "Other" }, { type: "Uploaded", status: "False", message: "part 3 is missing" }];
      expect(decoded({ status: { phase, conditions } }).readiness).toEqual({
        is: "notReady",
        condition: "Uploaded",
        reason: phase,
        message: "part 3 is missing",
      });
    },
  );

  it("of a finished upload, and of an image without an upload, is ready", () => {
    expect(decoded({ status: { phase: "Ready" } }).readiness).toEqual({ is: "ready" });
    expect(decoded({ status: {} }).readiness).toEqual({ is: "ready" });
  });
});

describe("who may use it", () => {
  it.each<[string, object, object | undefined]>([
    ["every user, without owner and access", {}, undefined],
    ["every user, with empty owner and access", { owner: {}, access: [] }, undefined],
    ["its owner", { owner: { user: "admin" } }, { users: ["admin"], teams: [] }],
    ["its owning team", { owner: { team: "infra" } }, { users: [], teams: ["infra"] }],
    [
      "the users and teams of entries with get or *",
      {
        access: [
          { verbs: ["get"], users: ["a"], teams: ["x"] },
          { verbs: ["update", "*"], users: ["b"] },
          { verbs: ["update"], users: ["c"], teams: ["y"] },
        ],
      },
      { users: ["a", "b"], teams: ["x"] },
    ],
    ["no user, if no entry has get or *", { access: [{ verbs: ["update"], users: ["c"] }] }, { users: [], teams: [] }],
    [
      "the users of well-formed entries",
      { owner: "admin", access: [7, { verbs: "get", users: ["a"] }, { verbs: ["get"], users: ["b", 7], teams: "x" }] },
      { users: ["b"], teams: [] },
    ],
  ])("is %s", (_, spec, access) => {
    expect(decoded({ spec }).access).toEqual(access);
  });
});
