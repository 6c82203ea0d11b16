import type { Image } from "../../images/image.ts";
import type { CheckFacts } from "../check.ts";
import { type ResolvedContext, usedImages } from "../context.ts";
import { type FieldError, plain } from "../field-error.ts";
import type { MakeImageError } from "../image-error.ts";

export const READY = {
  id: "ready",
  level: "warn",
  mutate: "never",
  rule: "the image's Ready condition is True",
} as const satisfies CheckFacts;

/**
 * The image's Ready condition is True; readiness never decides which image a name means (R6). `consequence`: what
 * happens until it is ready.
 */
export function ready<C extends ResolvedContext>(
  imageError: MakeImageError<C>,
  consequence: string,
): (context: C) => Iterable<FieldError> {
  return function* (context) {
    for (const { reference, image } of usedImages(context.lookups)) {
      if (image.readiness.is === "ready") continue;
      const why = `the image is not ready (${stateOf(image.readiness)}); ${consequence} until it is`;
      yield imageError(context, { check: "ready", reference, image, why });
    }
  };
}

function stateOf({ condition, reason, message }: Extract<Image["readiness"], { is: "notReady" }>): string {
  const parts = [reason, message].filter((part) => part !== "").map(plain);
  return parts.length === 0 ? `its condition ${condition} is not True` : parts.join(": ");
}
