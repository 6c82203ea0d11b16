import fc from "fast-check";
import { expect, it } from "vitest";
import { at, type JsonObject } from "../../src/common/json.ts";
import { type Answer, answer, request } from "../support/admission.ts";
import { anyImages, anyMachine, anyPolicy } from "../support/arbitrary-machines.ts";
import { indexOf } from "../support/catalogue.ts";
import { disagreement, machineIn, referencesOf } from "../support/vm-operator-agreement.ts";

const RUNS = 1_500;

/** Paths that mutation may write: strings of references, and whole values (WHOLE) only where none is there. */
const WRITABLE =
  /^(\/spec\/template)?\/spec\/(imageName|image(\/(kind|name))?|(hardware\/)?cdrom\/\d+\/image\/(kind|name))$|^\/metadata\/annotations\/vm-image-webhook.dev~1pinned$/;
const WHOLE = /^(\/spec\/template)?(\/spec)?(\/image)?$|^\/metadata(\/annotations)?$/;

/** Paths of a patch that could lose fields that the webhook does not know. */
function lossyPaths(object: JsonObject, { decision }: Answer): readonly string[] {
  const patch = decision.is === "allowed" ? decision.patch : [];
  return patch
    .map(({ path }) => path)
    .filter((path) => {
      const before = at(object, path.slice(1).split("/"));
      const isAbsent = before === undefined || before === null;
      return WHOLE.test(path) ? !isAbsent : !WRITABLE.test(path);
    });
}

function auditOf({ decision }: Answer): unknown {
  return decision.is === "allowed" ? decision.audit : undefined;
}

/** The checks of references; an object may fail others. */
const REFERENCE_CHECKS = ["type", "exists", "kind", "agree", "immutable"];

it("M11: a patch applies to its input, keeps unknown fields, and is empty on a second run", () => {
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { facts, object }, policy) => {
      const index = indexOf(images);
      const asked = request(object, facts);
      const first = answer("mutate", asked, index, policy);
      fc.pre(first.decision.is === "allowed");
      expect(lossyPaths(asked.object ?? {}, first)).toEqual([]);
      const second = answer("mutate", request(first.object, facts), index, policy);
      expect(second.decision).toMatchObject({ is: "allowed", patch: [] });
      expect(auditOf(second), "audit annotations").toEqual(auditOf(first));
      expect(second.warnings.filter((warning) => !first.warnings.includes(warning))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it("/validate never refuses the references of an object that /mutate admitted with a resolved image", () => {
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { facts, object }, policy) => {
      const index = indexOf(images);
      const first = answer("mutate", request(object, facts), index, policy);
      fc.pre(first.decision.is === "allowed" && first.decision.images.length > 0);
      const { errors } = answer("validate", request(first.object, facts), index, policy);
      expect(errors.filter(({ check }) => REFERENCE_CHECKS.includes(check))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it("vm-operator admits each object that the webhook admits, and resolves it to the same image", () => {
  let compared = 0;
  fc.assert(
    fc.property(anyImages, anyMachine, anyPolicy, (images, { facts, object }, policy) => {
      const admitted = answer("mutate", request(object, facts), indexOf(images), policy);
      const meant = admitted.decision.is === "allowed" ? admitted.decision.images : [];
      fc.pre(meant.length > 0);
      // The webhook warns where no name of an image is unambiguous for vm-operator.
      fc.pre(!admitted.warnings.some((warning) => warning.includes("vm-operator will refuse it")));
      // /validate refuses a reference without a name.
      fc.pre(
        answer("validate", request(admitted.object, facts), indexOf(images), policy).errors.every(
          ({ check }) => check !== "required",
        ),
      );
      compared++;
      expect(disagreement(facts, admitted.object, { images, write: policy.write, meant })).toBeUndefined();
    }),
    { numRuns: 2 * RUNS },
  );
  expect(compared, "cases that met the invariant's condition").toBeGreaterThan(RUNS / 10);
});

it("M13, M19, M20: the original manifest applied again keeps the stored images after any change of the images", () => {
  fc.assert(
    fc.property(anyImages, anyImages, anyMachine, anyPolicy, (images, later, { facts, object }, policy) => {
      const created = answer("mutate", request(object, facts), indexOf(images), policy);
      fc.pre(created.decision.is === "allowed" && created.decision.images.length > 0);
      const oldObject = created.object;
      const stored = referencesOf(machineIn(facts, oldObject));
      for (const index of [indexOf(images), indexOf([])]) {
        const replaced = answer("mutate", request(object, { ...facts, oldObject }), index, policy);
        expect(replaced.decision.is, "replace").toBe("allowed");
        expect(referencesOf(machineIn(facts, replaced.object))).toEqual(stored);
        const again = answer("mutate", request(replaced.object, { ...facts, oldObject }), index, policy);
        expect(again.patched, "a second run").toEqual([]);
        expect(auditOf(again)).toEqual(auditOf(replaced));
      }
      // A template or a CD-ROM may take another image where the stored one does not exist.
      const applied = answer("mutate", request(object, { ...facts, oldObject }), indexOf(later), policy);
      if (applied.decision.is !== "allowed" || facts.kind !== "VirtualMachine") return;
      const { imageName, image } = referencesOf(applied.object);
      expect({ imageName, image }).toEqual({ imageName: stored.imageName, image: stored.image });
    }),
    { numRuns: RUNS },
  );
});
