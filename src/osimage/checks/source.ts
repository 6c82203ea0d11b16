import type { OsImageContext } from "../context.ts";
import type { FieldError } from "../../references/field-error.ts";
import { schemeOf } from "../checksum.ts";
import { KUBEVIRT, KUBEVIRT_TYPE, METAL3 } from "../known-properties.ts";
import { osImageOf, type OsImageObject, propertyField } from "../reviewed-image.ts";

const METAL3_SCHEMES = ["http", "https", "oci"];
const KUBEVIRT_SCHEMES = ["http", "https", "docker"];
/** `name` or `namespace/name` of a Kubernetes object. */
const DATA_SOURCE = /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\/)?[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;
/** k8s.io/apimachinery pkg/api/resource Quantity, of something above nothing. */
const QUANTITY = /^\+?(?=[\d.]*[1-9])(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const CHECK = "osimage-source" as const;

/** An image has the properties by which Metal3 and KubeVirt fetch it (vCluster Platform, os-images.mdx). */
export function* source(context: OsImageContext): Iterable<FieldError> {
  const image = osImageOf(context);
  if (image === undefined) return;
  if (image.hasChangedProperty(METAL3.url, METAL3.checksum)) yield* metal3(image);
  if (image.hasChangedProperty(...Object.values(KUBEVIRT))) yield* kubevirt(image);
}

function* metal3({ properties, hasProperty }: OsImageObject): Iterable<FieldError> {
  const [url, checksum] = [properties.get(METAL3.url), properties.get(METAL3.checksum)];
  const scheme = url === undefined ? undefined : schemeOf(url);
  // The digest of an OCI artifact is part of the artifact.
  if (url !== undefined && scheme !== "oci" && !hasProperty(METAL3.checksum)) {
    yield required(
      METAL3.checksum,
      `Metal3 provisions nothing without it; write the checksum of what ${METAL3.url} names`,
    );
  }
  if (!hasProperty(METAL3.url) && checksum !== undefined) {
    yield required(METAL3.url, `${METAL3.checksum} is the checksum of nothing; write the URL of the image`);
  }
  if (url !== undefined && !METAL3_SCHEMES.includes(scheme ?? "")) {
    yield invalid(
      METAL3.url,
      url,
      "must be an absolute http, https or oci URL, such as https://images.example.com/noble.img",
    );
  }
}

function* kubevirt(image: OsImageObject): Iterable<FieldError> {
  const { properties } = image;
  const [url, dataSource, size] = [KUBEVIRT.url, KUBEVIRT.dataSource, KUBEVIRT.rootDiskSize].map((key) =>
    properties.get(key),
  );
  if (url !== undefined && !KUBEVIRT_SCHEMES.includes(schemeOf(url) ?? "")) {
    yield invalid(
      KUBEVIRT.url,
      url,
      "must be an absolute http, https or docker URL, such as docker://quay.io/disks/ubuntu:22.04",
    );
  }
  if (dataSource !== undefined && !DATA_SOURCE.test(dataSource)) {
    yield invalid(KUBEVIRT.dataSource, dataSource, "must be the NAME or NAMESPACE/NAME of a DataSource");
  }
  if (size !== undefined && !QUANTITY.test(size)) {
    yield invalid(KUBEVIRT.rootDiskSize, size, "must be a quantity above 0, such as 20Gi");
  }
  yield* withoutEffect(properties);
  yield* missingBesideSource(image);
}

/** What KubeVirt's provider ignores. */
function* withoutEffect(properties: OsImageObject["properties"]): Iterable<FieldError> {
  const [url, dataSource, checksum] = [KUBEVIRT.url, KUBEVIRT.dataSource, KUBEVIRT.checksum].map((key) =>
    properties.get(key),
  );
  if (url !== undefined && dataSource !== undefined) {
    yield warning(
      KUBEVIRT.url,
      url,
      `is discarded, with its checksum, because ${KUBEVIRT.dataSource} wins; remove one of the two`,
    );
  } else if (checksum !== undefined && (url === undefined || schemeOf(url) === "docker")) {
    yield warning(KUBEVIRT.checksum, checksum, "is ignored: it is for an http or https image-url only; remove it");
  }
}

/** A node type or a claim may say it instead. */
function* missingBesideSource({ properties, hasProperty }: OsImageObject): Iterable<FieldError> {
  if (!properties.has(KUBEVIRT.url) && !properties.has(KUBEVIRT.dataSource)) return;
  if (!hasProperty(KUBEVIRT.rootDiskSize)) {
    const why =
      "KubeVirt provisions nothing without it; write a quantity such as 20Gi, unless node types or claims say it";
    yield { ...required(KUBEVIRT.rootDiskSize, why), onlyWarns: true };
  }
  const type = properties.get(KUBEVIRT.type);
  const isMalformed = type === undefined && hasProperty(KUBEVIRT.type);
  if (type !== KUBEVIRT_TYPE && !isMalformed) {
    const why = `is not ${KUBEVIRT_TYPE}, so that the platform does not offer the image for KubeVirt; write ${KUBEVIRT_TYPE}`;
    yield warning(KUBEVIRT.type, type, why);
  }
}

function required(key: string, why: string): FieldError {
  return { check: CHECK, reason: "FieldValueRequired", field: propertyField(key), why };
}

function invalid(key: string, value: string | undefined, why: string): FieldError {
  return {
    check: CHECK,
    reason: "FieldValueInvalid",
    field: propertyField(key),
    ...(value === undefined ? {} : { value }),
    why,
  };
}

function warning(key: string, value: string | undefined, why: string): FieldError {
  return { ...invalid(key, value, why), onlyWarns: true };
}
