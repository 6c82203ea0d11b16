import { describe, expect, it } from "vitest";
import { MAX_CAUSES, refusalStatus } from "../../src/admission/status.ts";
import type { FieldError } from "../../src/references/field-error.ts";
import { request } from "../support/admission.ts";

const WITHOUT_REMEDY: FieldError = {
  check: "exists",
  reason: "FieldValueNotFound",
  field: "spec.imageName",
  value: "ubuntu-2404",
  why: "no image has this name",
};
const PROBLEM: FieldError = { ...WITHOUT_REMEDY, remedy: "did you mean another?" };
const OTHER_IMAGE: FieldError = {
  check: "immutable",
  reason: "FieldValueInvalid",
  field: "spec.imageName",
  value: "rocky",
  why: "a VM keeps its image",
  namesOtherImage: true,
};
const ON_UPDATE = { oldObject: { spec: {} } };

describe("refusalStatus", () => {
  it("is Invalid (422) on CREATE, with reason, field and message of each cause", () => {
    expect(refusalStatus(request({ spec: {} }), [PROBLEM, { ...PROBLEM, field: "spec.image.name" }])).toEqual({
      status: "Failure",
      code: 422,
      reason: "Invalid",
      message:
        'spec.imageName: Not found: "ubuntu-2404": no image has this name; did you mean another?, ' +
        'spec.image.name: Not found: "ubuntu-2404": no image has this name; the same remedy as for spec.imageName',
      details: {
        group: "vmoperator.vmware.com",
        kind: "VirtualMachine",
        name: "web",
        causes: [
          {
            reason: "FieldValueNotFound",
            field: "spec.imageName",
            message: 'Not found: "ubuntu-2404": no image has this name; did you mean another?',
          },
          {
            reason: "FieldValueNotFound",
            field: "spec.image.name",
            message: 'Not found: "ubuntu-2404": no image has this name; the same remedy as for spec.imageName',
          },
        ],
      },
    });
  });

  it("lists at most MAX_CAUSES errors, and counts the others in a cause of its own", () => {
    const of = (count: number) => refusalStatus(request({ spec: {} }), Array<FieldError>(count).fill(WITHOUT_REMEDY));
    const each = 'Not found: "ubuntu-2404": no image has this name';
    const { causes } = of(MAX_CAUSES).details;
    expect(causes.map(({ message }) => message)).toEqual(Array(MAX_CAUSES).fill(each));
    expect(of(MAX_CAUSES + 1).details.causes).toEqual([
      ...causes,
      { ...causes[0], message: "1 more problem is not listed here" },
    ]);
    const { details, message } = of(20_000);
    expect(details.causes).toHaveLength(MAX_CAUSES + 1);
    expect(message).toMatch(/this name, spec.imageName: 19950 more problems are not listed here$/);
  });

  it("is Forbidden on UPDATE where an unlisted error does not name exactly one other image", () => {
    const status = refusalStatus(request({}, ON_UPDATE), [...Array<FieldError>(MAX_CAUSES).fill(OTHER_IMAGE), PROBLEM]);
    expect(status).toMatchObject({ code: 403 });
  });

  it("is Forbidden (403) on UPDATE, so that a typo with kubectl apply --force does not re-create the machine", () => {
    expect(refusalStatus(request({}, ON_UPDATE), [PROBLEM])).toMatchObject({ code: 403, reason: "Forbidden" });
    const unclear = { ...OTHER_IMAGE, namesOtherImage: false };
    expect(refusalStatus(request({}, ON_UPDATE), [unclear])).toMatchObject({ code: 403 });
    expect(refusalStatus(request({}, ON_UPDATE), [OTHER_IMAGE, unclear])).toMatchObject({ code: 403 });
  });

  it("is Invalid (422) on UPDATE where the new value names exactly one other image", () => {
    expect(refusalStatus(request({}, ON_UPDATE), [OTHER_IMAGE])).toMatchObject({ code: 422, reason: "Invalid" });
  });

  it.each(["is immutable", "immutable field", "Is Immutable"])(
    "hides %j in a name from Flux, which would re-create the object",
    (words) => {
      const status = refusalStatus(request({}, ON_UPDATE), [{ ...PROBLEM, value: `this ${words}` }]);
      expect(JSON.stringify(status).toLowerCase()).not.toContain(words.toLowerCase());
    },
  );

  it.each([
    ["the request's", {}, { metadata: { name: "object" } }, "web"],
    ["the object's", { name: undefined }, { metadata: { name: "object", generateName: "web-" } }, "object"],
    ["its generateName", { name: undefined }, { metadata: { generateName: "web-" } }, "web-"],
  ])("names the object by %s name", (_, facts, object, name) => {
    expect(refusalStatus(request(object, facts), [PROBLEM]).details.name).toBe(name);
  });
});
