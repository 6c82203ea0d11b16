import { expect, test } from "vitest";
import { yamlDocuments } from "../../src/files/yaml.ts";
import { scalarText } from "../../src/pin/scalar-text.ts";

test.each(["vmi-0a0044d7c690bcbea", "24.04", "1e3", "on", "null", "0x1f", "2001-01-01", "a.b-c"])(
  "the object name %j is text in every style that it can have",
  (name) => {
    for (const style of ["plain", "singleQuoted", "doubleQuoted"] as const) {
      const [document] = yamlDocuments(`name: ${scalarText(name, style) ?? ""}`);
      expect(document?.value).toEqual({ name });
    }
    expect(scalarText(name, "block")).toBeUndefined();
  },
);

test("quotes are added only where a name would be no text", () => {
  expect(scalarText("vmi-0a0044d7c690bcbea", "plain")).toBe("vmi-0a0044d7c690bcbea");
  expect(scalarText("24.04", "plain")).toBe('"24.04"');
});
