import type { OsImageContext } from "../context.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import { type DigestType, emptyDigest, isDigestType, isHttpUrl, METAL3_DIGESTS, whyNoDigest } from "../checksum.ts";
import { KUBEVIRT, METAL3 } from "../known-properties.ts";
import { osImageOf, type OsImageObject, propertyField } from "../reviewed-image.ts";

/** A checksum can be one: of a known type, with as many hex digits as that has. */
export function* checksum(context: OsImageContext): Iterable<FieldError> {
  const image = osImageOf(context);
  if (image === undefined) return;
  if (image.hasChangedProperty(METAL3.checksum, METAL3.checksumType)) yield* metal3(image);
  if (image.hasChangedProperty(KUBEVIRT.checksum)) yield* kubevirt(image);
}

/** A hex digest, or the URL of a file of sums (Metal3, BareMetalHost spec.image.checksum). */
function* metal3({ properties }: OsImageObject): Iterable<FieldError> {
  const [text, type] = [properties.get(METAL3.checksum), properties.get(METAL3.checksumType)];
  const types: readonly DigestType[] = METAL3_DIGESTS.filter((each) => type === undefined || each === type);
  if (type !== undefined && types.length === 0) {
    const why = `supported values: ${METAL3_DIGESTS.map(quote).join(", ")}`;
    const field = propertyField(METAL3.checksumType);
    yield { check: "osimage-checksum", reason: "FieldValueNotSupported", field, value: type, why };
  }
  if (text === undefined || isHttpUrl(text)) return;
  const why = whyNoDigest(text, types.length === 0 ? METAL3_DIGESTS : types);
  if (why !== undefined) {
    yield invalid(METAL3.checksum, text, `${why}; write a hex digest, or the http or https URL of a file of checksums`);
  }
}

/** `sha256:DIGEST`, which the importer of KubeVirt gets unchanged. A digest of an unknown type is not checked. */
function* kubevirt({ properties }: OsImageObject): Iterable<FieldError> {
  const text = properties.get(KUBEVIRT.checksum);
  if (text === undefined) return;
  const colon = text.indexOf(":");
  const [type, digest] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  if (type === "" || digest === "") {
    yield invalid(KUBEVIRT.checksum, text, "has no algorithm in front; write it as in sha256:DIGEST");
  } else if (isDigestType(type)) {
    const why = whyNoDigest(digest, [type]);
    if (why !== undefined) yield invalid(KUBEVIRT.checksum, text, `${why}; write the digest of the image`);
  }
}

/** Only the sample in the platform's documentation has the checksum of an empty file. */
export function* emptyChecksum(context: OsImageContext): Iterable<FieldError> {
  const image = osImageOf(context);
  for (const key of [METAL3.checksum, KUBEVIRT.checksum]) {
    const text = image?.properties.get(key);
    if (text === undefined || image?.hasChangedProperty(key) !== true) continue;
    const type = emptyDigest(text.slice(text.indexOf(":") + 1));
    if (type === undefined) continue;
    const why = `is the ${type} of an empty file, so that no image passes; write that of the image`;
    yield { check: "osimage-empty-checksum", reason: "FieldValueInvalid", field: propertyField(key), value: text, why };
  }
}

function invalid(key: string, value: string, why: string): FieldError {
  return { check: "osimage-checksum", reason: "FieldValueInvalid", field: propertyField(key), value, why };
}
