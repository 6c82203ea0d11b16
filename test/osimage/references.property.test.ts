import fc from "fast-check";
import { expect, it } from "vitest";
import type { Image } from "../../src/images/image.ts";
import { at, isJsonObject, type JsonObject, listAt } from "../../src/common/json.ts";
import { type Answer, answer, request } from "../support/admission.ts";
import { indexOf, osImage } from "../support/catalogue.ts";
import { OS_IMAGE, PLATFORM } from "../support/platform.ts";

const RUNS = 1_500;

/** Few names, so that they collide; one is an object name and a display name. */
const OBJECT_NAMES = ["noble", "jammy", "trixie", "vmi-1"];
const DISPLAY_NAMES = ["Ubuntu", "Debian", "jammy", "a/b", "__proto__"];

const anyImage = fc
  .record({
    name: fc.constantFrom(...OBJECT_NAMES),
    displayName: fc.option(fc.constantFrom(...DISPLAY_NAMES), { nil: undefined }),
    terminating: fc.constantFrom(false, false, true),
  })
  .map(({ name, displayName, terminating }) => osImage(name, displayName, { terminating }));
const anyImages = fc.uniqueArray(anyImage, { maxLength: 4, selector: ({ name }) => name });

const anyProperties = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...OBJECT_NAMES, ...DISPLAY_NAMES).map((name) => ({ [OS_IMAGE]: name, "a/b~c": "x" })),
  },
  fc.constantFrom<unknown>(undefined, null, {}, { [OS_IMAGE]: "" }, { [OS_IMAGE]: null }, { other: "y" }),
);
const anyNodeTypes = fc
  .uniqueArray(fc.record({ name: fc.constantFrom("small", "big", "huge"), properties: anyProperties }), {
    maxLength: 3,
    selector: ({ name }) => name,
  })
  .map((nodeTypes) => ({ clusterRef: { cluster: "metal" }, nodeTypes }));

/** A NodeProvider, or a NodeClaim or Machine, which have only the first of its references. */
const anyObject = fc
  .record({
    kind: fc.constantFrom("NodeProvider", "NodeClaim", "Machine"),
    properties: anyProperties,
    metal3: fc.option(anyNodeTypes, { nil: undefined }),
    kubeVirt: fc.option(anyNodeTypes, { nil: undefined }),
    metadata: fc.constantFrom<object | undefined>(undefined, {}, { annotations: null }, { annotations: { a: "b" } }),
  })
  .map(({ kind, metadata, ...places }) => {
    const spec = kind === "NodeProvider" ? places : { properties: places.properties };
    return { kind, object: JSON.parse(JSON.stringify({ metadata: { name: "x", ...metadata }, spec })) as JsonObject };
  });

/** The image name of each reference, by the name of its node type. */
function namesIn(object: unknown): Readonly<Record<string, unknown>> {
  const types = ["metal3", "kubeVirt"].flatMap((provider) =>
    listAt(object, ["spec", provider, "nodeTypes"]).map((type): [string, unknown] => [
      `${provider} ${String(at(type, ["name"]))}`,
      at(type, ["properties", OS_IMAGE]),
    ]),
  );
  return Object.fromEntries([["own", at(object, ["spec", "properties", OS_IMAGE])], ...types]);
}

interface Sent {
  readonly kind: string;
  readonly object: JsonObject;
  readonly oldObject?: JsonObject;
}

function ask(endpoint: "mutate" | "validate", { object, ...facts }: Sent, images: readonly Image[]): Answer {
  return answer(endpoint, request(object, { ...PLATFORM, ...facts }), indexOf(images));
}

/** The rule, written a second time: an object name, else the display name of exactly one image. */
function meaning(name: unknown, images: readonly Image[]): unknown {
  if (typeof name !== "string" || name === "") return name;
  if (images.some((image) => image.name === name)) return name;
  const [image, ...others] = images.filter((each) => each.displayName === name && !each.terminating);
  return image === undefined || others.length > 0 ? "refused" : image.name;
}

const WRITABLE = /\/properties\/vcluster\.com~1os-image$|^\/metadata\/annotations(\/vm-image-webhook\.dev~1pinned)?$/;

it("M22: an admitted object names each image by its object name, and nothing else changes", () => {
  fc.assert(
    fc.property(anyObject, anyImages, ({ kind, object }, images) => {
      const made = ask("mutate", { kind, object }, images);
      const wanted = Object.entries(namesIn(object)).map(([place, name]) => [place, meaning(name, images)]);
      const isRefused = wanted.some(([, name]) => name === "refused");
      expect(made.decision.is).toBe(isRefused ? "refused" : "allowed");
      if (isRefused) return;
      expect(namesIn(made.object)).toEqual(Object.fromEntries(wanted));
      expect(made.patched.filter((path) => !WRITABLE.test(path))).toEqual([]);
      expect(ask("mutate", { kind, object: made.object }, images).patched).toEqual([]);
      expect(ask("validate", { kind, object: made.object }, images).errors).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

it("M22: the original manifest applied again keeps the pinned names after any change of the images", () => {
  fc.assert(
    fc.property(anyObject, anyImages, anyImages, fc.boolean(), ({ kind, object }, images, later, keepsAnnotation) => {
      const stored = ask("mutate", { kind, object }, images);
      if (stored.decision.is !== "allowed") return;
      const oldObject = stored.object;
      const annotations = keepsAnnotation ? at(stored.object, ["metadata", "annotations"]) : undefined;
      const metadata = {
        ...(at(object, ["metadata"]) as object),
        ...(isJsonObject(annotations) ? { annotations } : {}),
      };
      const applied = ask("mutate", { kind, object: { ...object, metadata }, oldObject }, later);
      expect(applied.errors).toEqual([]);
      expect(namesIn(applied.object)).toEqual(namesIn(stored.object));
      expect(ask("validate", { kind, object: applied.object, oldObject }, later)).toMatchObject({
        errors: [],
        warnings: [],
      });
    }),
    { numRuns: RUNS },
  );
});
