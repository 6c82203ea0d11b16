import type { OsImageContext } from "../context.ts";
import { type FieldError, quote } from "../../references/field-error.ts";
import {
  DIGEST_LENGTHS,
  type DigestType,
  emptyDigest,
  isDigestType,
  isHttpUrl,
  METAL3_DIGESTS,
  whyNoDigest,
} from "../checksum.ts";
import { KUBEVIRT, METAL3 } from "../known-properties.ts";
import { osImageOf, type OsImageObject, propertyField } from "../reviewed-image.ts";

const CHECK = "osimage-checksum";

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
    yield { check: CHECK, reason: "FieldValueNotSupported", field, value: type, why };
  }
  if (text !== undefined) yield* metal3Checksum(text, types.length === 0 ? METAL3_DIGESTS : types);
}

/** ironic-python-agent compares digests, and the scheme of a URL, in lower case. */
function* metal3Checksum(text: string, types: readonly DigestType[]): Iterable<FieldError> {
  if (isHttpUrl(text)) {
    const scheme = text.slice(0, text.indexOf(":"));
    if (scheme === scheme.toLowerCase()) return;
    const why = `Metal3 takes this for a digest, because its scheme is not in lower case; write ${scheme.toLowerCase()}`;
    yield { ...invalid(METAL3.checksum, text, why), onlyWarns: true };
    return;
  }
  const why = whyNoDigest(text, types);
  if (why !== undefined) {
    yield invalid(METAL3.checksum, text, `${why}; write a hex digest, or the http or https URL of a file of checksums`);
  } else if (text !== text.toLowerCase()) {
    const lower = "Metal3 compares it with digits in lower case, so that no image passes; write it in lower case";
    yield { ...invalid(METAL3.checksum, text, lower), onlyWarns: true };
  }
}

/** `sha256:DIGEST`. CDI ignores case and outer blanks of both parts, and fails for any other algorithm. */
function* kubevirt({ properties }: OsImageObject): Iterable<FieldError> {
  const text = properties.get(KUBEVIRT.checksum);
  if (text === undefined) return;
  const colon = text.indexOf(":");
  const type = asCdiReads(text.slice(0, Math.max(0, colon)));
  const digest = asCdiReads(text.slice(colon + 1));
  if (type === "" || digest === "") {
    yield invalid(KUBEVIRT.checksum, text, "has no algorithm in front; write it as in sha256:DIGEST");
  } else if (!isDigestType(type)) {
    const known = Object.keys(DIGEST_LENGTHS).join(", ");
    yield invalid(KUBEVIRT.checksum, text, `KubeVirt does not know the algorithm ${quote(type)}; use one of ${known}`);
  } else {
    const why = whyNoDigest(digest, [type]);
    if (why !== undefined) yield invalid(KUBEVIRT.checksum, text, `${why}; write the digest of the image`);
  }
}

function asCdiReads(part: string): string {
  return part.trim().toLowerCase();
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
  return { check: CHECK, reason: "FieldValueInvalid", field: propertyField(key), value, why };
}
