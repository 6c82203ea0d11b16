import { expect, it } from "vitest";
import { vmiId } from "../../src/images/vmi-id.ts";

// The vectors of vm-operator pkg/util/hash_test.go and docs/concepts/images/vm-image.md.
it.each([
  ["", "vmi-da39a3ee5e6b4b0d3"],
  ["a", "vmi-86f7e437faa5a7fce"],
  ["-b", "vmi-e9d71f5ee7c92d6dc"],
  ["c-", "vmi-84a516841ba77a5b4"],
  ["e1968c25-dd84-4506-8dc7-9beacb6b688e", "vmi-0a0044d7c690bcbea"],
])("the VMI ID of item %j is %s", (item, id) => {
  expect(vmiId(item)).toBe(id);
});

it("the VMI ID of an item in capitals is another one", () => {
  expect(vmiId("A")).not.toBe(vmiId("a"));
});
