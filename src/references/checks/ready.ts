import type { Image } from "../../images/image.ts";
import { type ResolvedContext, usedImages } from "../context.ts";
import { type FieldError, plain } from "../field-error.ts";
import type { ImageError } from "../image-error.ts";

/**
 * The image's Ready condition is True; readiness never decides which image a name means (R6). `waits`: what an image that
 * is not ready holds up.
 */
export function ready<C extends ResolvedContext>(
  imageError: ImageError<C>,
  waits: string,
): (context: C) => Iterable<FieldError> {
  return function* (context) {
    for (const { reference, image } of usedImages(context.lookups)) {
      if (image.readiness.is === "ready") continue;
      const why = `the image is not ready (${stateOf(image.readiness)}); ${waits} until it is`;
      yield imageError(context, { check: "ready", reference, image, why });
    }
  };
}

function stateOf({ condition, reason, message }: Extract<Image["readiness"], { is: "notReady" }>): string {
  const parts = [reason, message].filter((part) => part !== "").map(plain);
  return parts.length === 0 ? `its condition ${condition} is not True` : parts.join(": ");
}
