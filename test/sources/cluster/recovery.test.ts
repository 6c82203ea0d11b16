import { expect, it } from "vitest";
import type { Wait } from "../../../src/kube/backoff.ts";
import { RECOVERY, type RecoveryCode, recoveryOf } from "../../../src/sources/cluster/recovery.ts";

it.each<[RecoveryCode, Wait]>([
  ["connection", "exponential"],
  ["expired", { min: 0, max: 2_000 }],
  ["forbidden", { min: 15_000, max: 60_000 }],
  ["absent", { min: 15_000, max: 30_000 }],
  ["watchForbidden", { min: 30_000, max: 30_000 }],
  ["overflow", { min: 30_000, max: 60_000 }],
])("after the error %s the reflector waits %o", (code, wait) => {
  expect(RECOVERY[code].wait).toEqual(wait);
});

it.each(["forbidden", "watchForbidden"] as const)(
  "%s counts as a server error five times after the first watch, and never before it",
  (code) => {
    expect(recoveryOf(code, 1, false)).toBe(RECOVERY[code]);
    expect(recoveryOf(code, 5, true)).toBe(RECOVERY.server);
    expect(recoveryOf(code, 6, true)).toBe(RECOVERY[code]);
  },
);

it("an error without tolerated failures has its own row at once", () => {
  expect(recoveryOf("expired", 1, true)).toBe(RECOVERY.expired);
});
