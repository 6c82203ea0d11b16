import { describe, expect, it } from "vitest";
import { answer, request } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

const IMAGES = [
  vmi("vmi-01", "ubuntu-24.04", { library: "cl-linux" }),
  vmi("vmi-02", "photon-5", { library: "cl-linux" }),
  vmi("vmi-03", "photon-5", { library: "cl-dev" }),
  vmi("vmi-04", "Rocky Linux 9"),
  cvmi("vmi-05", "debian-12", { library: "cl-linux" }),
  cvmi("vmi-06", "windows-2022", { library: "cl-win" }),
  cvmi("vmi-07", "windows-2022", { library: "cl-win" }),
  vmi("vmi-08"),
];
const INDEX = indexOf(IMAGES);

/** The names in the remedy of the refusal of this `imageName`, in order. */
function suggestedFor(imageName: string): readonly string[] {
  const [error] = answer("mutate", request({ spec: { imageName } }), INDEX).errors;
  const [, remedy = ""] = error?.remedy?.split("did you mean ") ?? [];
  return [...remedy.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, name]) => JSON.parse(`"${name}"`) as string);
}

describe("R7: a suggestion works when it is typed literally", () => {
  it.each([
    ["cl-linx/photon-5", ["cl-linux/photon-5", "cl-dev/photon-5"]],
    ["cl-linux/photon-6", ["cl-linux/photon-5", "cl-dev/photon-5"]],
    ["Linux Library/photon-5", ["cl-dev/photon-5", "cl-linux/photon-5"]],
    ["photon", ["cl-linux/photon-5", "cl-dev/photon-5"]],
    ["ubuntu", ["ubuntu-24.04"]],
    ["24.04", ["ubuntu-24.04"]],
    ["ROCKY LINUX 9", ["Rocky Linux 9"]],
    ["Rocky\u00a0Linux 9", ["Rocky Linux 9"]],
    ["Ubuntu Server 24.04 LTS", ["ubuntu-24.04"]],
    ["windows", ["vmi-06", "vmi-07"]],
    ["debian-12 ", ["debian-12"]],
  ])("%j", (imageName, expected) => {
    const suggested = suggestedFor(imageName);
    expect([...suggested].sort()).toEqual([...expected].sort());
    for (const name of suggested) {
      expect(answer("mutate", request({ spec: { imageName: name } }), INDEX).decision, name).toMatchObject({
        is: "allowed",
        images: [expect.stringMatching(/^vmi-/)],
      });
    }
  });
});

describe("exists: what is hard to see is named", () => {
  it.each([
    ["ubuntu-24.04 ", "the name has a trailing space"],
    [" ubuntu-24.04", "the name has a leading space"],
    [" ubuntu-24.04\t", "the name has spaces around it"],
    ["ubuntu\u201124.04", 'the name has U+2011 in place of "-"'],
    ["Rocky\u00a0Linux 9", 'the name has U+00A0 in place of " "'],
    ["ubuntu\u200b-24.04", "the name has the invisible character U+200B"],
  ])("%j", (imageName, text) => {
    const [error] = answer("mutate", request({ spec: { imageName } }), INDEX).errors;
    expect(error?.why).toContain(text);
  });

  it("a name of plain characters is not commented on", () => {
    const [error] = answer("mutate", request({ spec: { imageName: "ubuntu-2404" } }), INDEX).errors;
    expect(error?.why).not.toContain("the name has");
  });
});
