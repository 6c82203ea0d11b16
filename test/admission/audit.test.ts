import { describe, expect, it } from "vitest";
import { auditAnnotations, MAX_AUDIT_VALUE } from "../../src/admission/audit.ts";
import type { Pin } from "../../src/references/pinned-annotation.ts";

const pins = (...entries: readonly [string, string, string][]): ReadonlyMap<string, Pin> =>
  new Map(entries.map(([field, requested, resolved]) => [field, { requested, resolved }]));

describe("auditAnnotations", () => {
  it("lists the requested and the resolved name of each field", () => {
    const made = pins(
      ["spec.imageName", "ubuntu-24.04", "vmi-a"],
      ["spec.hardware.cdrom[cd1].image.name", "cl-linux/live", "vmi-iso"],
    );
    expect(auditAnnotations(made)).toEqual({
      requested: "spec.imageName=ubuntu-24.04, spec.hardware.cdrom[cd1].image.name=cl-linux/live",
      resolved: "spec.imageName=vmi-a, spec.hardware.cdrom[cd1].image.name=vmi-iso",
    });
  });

  it("has no annotations where nothing was rewritten", () => {
    expect(auditAnnotations(new Map())).toEqual({});
  });

  it.each([
    ["a space", "Windows Server 2022", '"Windows Server 2022"'],
    ["a comma and a field", "x, spec.image.name=y", '"x, spec.image.name=y"'],
    ["a quote", 'x"y', '"x\\"y"'],
    ["a newline", "x\ny", '"x\\u000ay"'],
    ["no characters", "", '""'],
    ["letters of another script", "ubuntü", '"ubuntü"'],
  ])("quotes a name with %s, so it cannot look like two entries", (_, name, shown) => {
    expect(auditAnnotations(pins(["spec.imageName", name, "vmi-a"])).requested).toBe(`spec.imageName=${shown}`);
  });

  it("quotes a field with a CD-ROM name that looks like another entry", () => {
    const field = "spec.hardware.cdrom[a=b, spec.imageName].image.name";
    expect(auditAnnotations(pins([field, "live", "vmi-iso"])).requested).toBe(`"${field}"=live`);
  });

  it("leaves whole entries beyond the limit out, and counts them", () => {
    const many = pins(
      ...Array.from({ length: 200 }, (_, at): [string, string, string] => [`f${at}`, "n".repeat(90), "r"]),
    );
    const { requested = "", resolved = "" } = auditAnnotations(many);
    expect(requested.length).toBeLessThanOrEqual(MAX_AUDIT_VALUE);
    expect(requested.length).toBeGreaterThan(MAX_AUDIT_VALUE - 200);
    const [, left] = /, and (\d+) more$/.exec(requested) ?? [];
    expect(requested.split(", ")).toHaveLength(200 - Number(left) + 1);
    expect(resolved.split(", ")).toHaveLength(200);
  });

  it("never leaves the longest possible entry out", () => {
    const worst = "\u0000".repeat(5_000);
    const { requested = "" } = auditAnnotations(pins([worst, worst, "r"], ["g", "x", "y"]));
    expect(requested.length).toBeLessThanOrEqual(MAX_AUDIT_VALUE);
    expect(requested).toContain('\\u0000... (5000 characters)"="\\u0000');
    expect(requested).toMatch(/g=x$/);
  });
});
