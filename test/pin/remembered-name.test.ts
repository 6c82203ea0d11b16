import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commentFor, rememberedName } from "../../src/pin/remembered-name.ts";

const NAME = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc.string({
    unit: fc.constantFrom("a", " ", "#", '"', "\\", "\t", "\n", "\u2028", "\u0085", "\u00a0", "é"),
    minLength: 1,
  }),
);

describe("the comment of a pinned name", () => {
  test.each([
    ["ubuntu-24.04", "# vm-image: ubuntu-24.04"],
    ["cl-linux/photon-5", "# vm-image: cl-linux/photon-5"],
    ["Ubuntu Jammy (22.04 LTS)", "# vm-image: Ubuntu Jammy (22.04 LTS)"],
    ["C# tools", "# vm-image: C# tools"],
    ["build #5", '# vm-image: "build #5"'],
    ['"x"', String.raw`# vm-image: "\"x\""`],
    [" x ", '# vm-image: " x "'],
    ["x\u2028y", String.raw`# vm-image: "x\u2028y"`],
  ])("of %j is %j", (name, comment) => {
    expect(commentFor(name)).toBe(comment);
  });

  test("stands before a comment that is there, and replaces a remembered name alone", () => {
    expect(commentFor("b", "# base image")).toBe("# vm-image: b # base image");
    expect(commentFor("b", "# vm-image: a # base image ")).toBe("# vm-image: b # base image ");
    expect(commentFor("b", "# vm-image: a   # vm-image: c")).toBe("# vm-image: b   # vm-image: c");
  });

  test("any name is read back, on one printable line, with any comment behind it", () => {
    fc.assert(
      fc.property(NAME, fc.constantFrom("", "# other", "#", "# vm-image: x"), (name, other) => {
        const comment = commentFor(name, other);
        expect(rememberedName(comment)).toBe(name.isWellFormed() ? name : rememberedName(commentFor(name)));
        expect(comment).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);
        expect(other.startsWith("# vm-image") || comment.endsWith(other)).toBe(true);
      }),
    );
  });

  test.each(["# ubuntu-24.04", "# vm-images: x", "# see vm-image: x", "#", "# vm-image:", '# vm-image: "x'])(
    "nothing is remembered by %j",
    (comment) => {
      expect(rememberedName(comment)).toBeUndefined();
    },
  );
});
