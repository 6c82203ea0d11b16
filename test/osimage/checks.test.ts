import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { VM_IMAGE_KINDS } from "../../src/images/image.ts";

import { errorMessage } from "../../src/references/field-error.ts";
import type { Answer, RequestFacts } from "../support/admission.ts";
import { osImage } from "../support/catalogue.ts";
import { asked } from "../support/platform.ts";

const MD5 = "0123456789abcdef0123456789abcdef";
const SHA1 = MD5 + MD5.slice(0, 8);
const SHA256 = MD5.repeat(2);
const SHA512 = MD5.repeat(4);
const URL_OF_SUMS = "https://images.example.com/SHA256SUMS";
const IMAGE_URL = "https://images.example.com/noble.img";

const m = (facts: object): object => prefixed("metal3.vcluster.com/", facts);
const k = (facts: object): object => prefixed("kubevirt.vcluster.com/", facts);
const TYPE = { "machines.vcluster.com/os-image-type": "kubevirt" };

function prefixed(prefix: string, facts: object): object {
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [prefix + key, value as unknown]));
}

/** Refusals, then warnings, of `/validate` for an OSImage with these properties. */
function messagesOf(properties: object, facts: RequestFacts = {}): readonly string[] {
  return messagesFor({ spec: { properties } }, facts);
}

function messagesFor(object: object, facts: Parameters<typeof asked>[3] = {}): readonly string[] {
  const { errors, warnings } = asked("validate", "OSImage", { metadata: { name: "noble" }, ...object }, facts);
  return [
    ...errors.map((problem) => `deny ${problem.field}: ${errorMessage(problem)}`),
    ...warnings.map((text) => `warn ${text}`),
  ];
}

interface Row {
  readonly check: string;
  readonly title: string;
  readonly properties: object;
  /** Patterns of all refusals and warnings, in order. */
  readonly messages: readonly RegExp[];
}

const SOURCE_ROWS: readonly Row[] = [
  { check: "osimage-source", title: "no properties are admitted", properties: {}, messages: [] },
  {
    check: "osimage-source",
    title: "a URL and a checksum of Metal3 are admitted",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256 }),
    messages: [],
  },
  {
    check: "osimage-source",
    title: "a URL with an upper-case scheme, a port and an escape is admitted",
    properties: m({ "image-url": "HTTP://10.0.0.1:8080/a%20b.img", "image-checksum": SHA256 }),
    messages: [],
  },
  {
    check: "osimage-source",
    title: "an OCI artifact of Metal3 is admitted without a checksum",
    properties: m({ "image-url": "oci://registry.example.com/os/noble:1" }),
    messages: [],
  },
  {
    check: "osimage-source",
    title: "a URL of Metal3 without a checksum is refused",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": "" }),
    messages: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: Required value: Metal3 provisions nothing/,
    ],
  },
  {
    check: "osimage-source",
    title: "a checksum of Metal3 without a URL is refused",
    properties: m({ "image-checksum": SHA256 }),
    messages: [/^deny spec\.properties\[metal3\.vcluster\.com\/image-url\]: Required value: .* write the URL/],
  },
  ...[
    "noble.img",
    "//host/noble.img",
    "ftp://host/x",
    "https://",
    "https:host/x",
    "https:///x",
    " https://host/x",
    "https://ho st/x",
    "docker://host/x",
  ].map((url): Row => ({
    check: "osimage-source",
    title: `the URL ${JSON.stringify(url)} of Metal3 is refused`,
    properties: m({ "image-url": url, "image-checksum": SHA256 }),
    messages: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-url\]: Invalid value: ".*": must be an absolute http, https or oci URL/,
    ],
  })),
  ...["docker://quay.io/disks/ubuntu:22.04", IMAGE_URL, "http://h/x"].map((url): Row => ({
    check: "osimage-source",
    title: `the URL ${url} of KubeVirt is admitted`,
    properties: { ...TYPE, ...k({ "image-url": url, "root-disk-size": "20Gi" }) },
    messages: [],
  })),
  ...["quay.io/disks/ubuntu", "oci://quay.io/x", "docker://", "s3://bucket/x"].map((url): Row => ({
    check: "osimage-source",
    title: `the URL ${url} of KubeVirt is refused`,
    properties: { ...TYPE, ...k({ "image-url": url, "root-disk-size": "20Gi" }) },
    messages: [
      /^deny spec\.properties\[kubevirt\.vcluster\.com\/image-url\]: Invalid value: .* http, https or docker URL/,
    ],
  })),
  ...["noble", "os-images/noble", "a.b-c"].map((dataSource): Row => ({
    check: "osimage-source",
    title: `the DataSource ${dataSource} is admitted`,
    properties: { ...TYPE, ...k({ "image-datasource": dataSource, "root-disk-size": "20Gi" }) },
    messages: [],
  })),
  ...["a/b/c", "/a", "a/", "Noble", "a b", "-a", "a_b"].map((dataSource): Row => ({
    check: "osimage-source",
    title: `the DataSource ${JSON.stringify(dataSource)} is refused`,
    properties: { ...TYPE, ...k({ "image-datasource": dataSource, "root-disk-size": "20Gi" }) },
    messages: [
      /^deny spec\.properties\[kubevirt\.vcluster\.com\/image-datasource\]: Invalid value: .* NAME or NAMESPACE\/NAME/,
    ],
  })),
  ...["20Gi", "1.5Ti", "20G", "21474836480", "2e10", "500M"].map((size): Row => ({
    check: "osimage-source",
    title: `the size ${size} is admitted`,
    properties: { ...TYPE, ...k({ "image-datasource": "noble", "root-disk-size": size }) },
    messages: [],
  })),
  ...["20GB", "0", "0Gi", "-1Gi", "20 Gi", "Gi", "twenty", "1.2.3"].map((size): Row => ({
    check: "osimage-source",
    title: `the size ${JSON.stringify(size)} is refused`,
    properties: { ...TYPE, ...k({ "image-datasource": "noble", "root-disk-size": size }) },
    messages: [/^deny spec\.properties\[kubevirt\.vcluster\.com\/root-disk-size\]: Invalid value: .* quantity above 0/],
  })),
  {
    check: "osimage-source",
    title: "a URL beside a DataSource warns",
    properties: { ...TYPE, ...k({ "image-url": IMAGE_URL, "image-datasource": "noble", "root-disk-size": "20Gi" }) },
    messages: [/^warn spec\.properties\[kubevirt\.vcluster\.com\/image-url\]: .* is discarded/],
  },
  {
    check: "osimage-source",
    title: "a URL of KubeVirt without size and type warns of both, because other objects may set them",
    properties: k({ "image-url": IMAGE_URL }),
    messages: [
      /^warn spec\.properties\[kubevirt\.vcluster\.com\/root-disk-size\]: KubeVirt provisions nothing/,
      /^warn spec\.properties\[machines\.vcluster\.com\/os-image-type\]: is not kubevirt/,
    ],
  },
  ...[{ "image-url": "docker://quay.io/x" }, {}].map((source): Row => ({
    check: "osimage-source",
    title: `a checksum of KubeVirt without an http download warns: ${JSON.stringify(source)}`,
    properties: { ...TYPE, ...k({ ...source, "image-checksum": `sha256:${SHA256}`, "root-disk-size": "20Gi" }) },
    messages: [/^warn spec\.properties\[kubevirt\.vcluster\.com\/image-checksum\]: .* is ignored/],
  })),
];

const CHECKSUM_ROWS: readonly Row[] = [
  ...[MD5, SHA256, SHA512, URL_OF_SUMS].map((checksum): Row => ({
    check: "osimage-checksum",
    title: `a checksum of ${checksum.length} characters without a type is admitted`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": checksum }),
    messages: [],
  })),
  ...Object.entries({ md5: MD5, sha256: SHA256, sha512: SHA512 }).map(([type, checksum]): Row => ({
    check: "osimage-checksum",
    title: `a checksum of type ${type} is admitted`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": checksum, "image-checksum-type": type }),
    messages: [],
  })),
  {
    check: "osimage-checksum",
    title: "a URL of checksums with a type is admitted",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": URL_OF_SUMS, "image-checksum-type": "sha256" }),
    messages: [],
  },
  {
    check: "osimage-checksum",
    title: "a checksum with the length of another type is refused",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": MD5, "image-checksum-type": "sha256" }),
    messages: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: Invalid value: ".*": has 32 hex digits; sha256 has 64; write a hex digest/,
    ],
  },
  {
    check: "osimage-checksum",
    title: "a checksum with the length of no type is refused",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256.slice(1) }),
    messages: [/: has 63 hex digits; md5 has 32, sha256 has 64, sha512 has 128;/],
  },
  {
    check: "osimage-checksum",
    title: "the type sha1, which Metal3 does not support, is refused",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA1, "image-checksum-type": "sha1" }),
    messages: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum-type\]: Unsupported value: "sha1": supported values: "md5", "sha256", "sha512"$/,
      /has 40 hex digits/,
    ],
  },
  ...["SHA256", "auto", "toString"].map((type): Row => ({
    check: "osimage-checksum",
    title: `the type ${type} is refused`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256, "image-checksum-type": type }),
    messages: [/^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum-type\]: Unsupported value/],
  })),
  ...[`sha256:${SHA256}`, `${SHA256} `, "g".repeat(64), "ftp://host/SUMS"].map((checksum): Row => ({
    check: "osimage-checksum",
    title: `a checksum of Metal3 that starts with ${JSON.stringify(checksum.slice(0, 12))} is refused`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": checksum }),
    messages: [/has characters that are no hex digits; write a hex digest, or the http or https URL/],
  })),
  ...[`sha256:${SHA256}`, `md5:${MD5}`, `sha1:${SHA1}`, `sha512:${SHA512}`, ` SHA256 : ${SHA256.toUpperCase()}\n`].map(
    (checksum): Row => ({
      check: "osimage-checksum",
      title: `a checksum of KubeVirt that starts with ${checksum.slice(0, 12)} is admitted`,
      properties: { ...TYPE, ...k({ "image-url": IMAGE_URL, "image-checksum": checksum, "root-disk-size": "20Gi" }) },
      messages: [],
    }),
  ),
  ...[SHA256, `:${SHA256}`, "sha256:", `sha256:${MD5}`].map((checksum): Row => ({
    check: "osimage-checksum",
    title: `a checksum of KubeVirt that starts with ${JSON.stringify(checksum.slice(0, 12))}, of ${checksum.length} characters, is refused`,
    properties: { ...TYPE, ...k({ "image-url": IMAGE_URL, "image-checksum": checksum, "root-disk-size": "20Gi" }) },
    messages: [/^deny spec\.properties\[kubevirt\.vcluster\.com\/image-checksum\]: Invalid value/],
  })),
  ...["blake3", "sha384", "toString"].map((algorithm): Row => ({
    check: "osimage-checksum",
    title: `the algorithm ${algorithm} is refused for KubeVirt`,
    properties: {
      ...TYPE,
      ...k({ "image-url": IMAGE_URL, "image-checksum": `${algorithm}:${SHA256}`, "root-disk-size": "20Gi" }),
    },
    messages: [/: KubeVirt does not know the algorithm "\w+"; use one of md5, sha1, sha256, sha512$/],
  })),
  {
    check: "osimage-checksum",
    title: "a checksum in upper case warns for Metal3, which compares lower case",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256.toUpperCase() }),
    messages: [/^warn spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: .*; write it in lower case$/],
  },
  {
    check: "osimage-checksum",
    title: "a URL of checksums with its scheme in upper case warns",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": "HTTPS://images.example.com/SHA256SUMS" }),
    messages: [/^warn spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: .*; write https$/],
  },
];

const OTHER_ROWS: readonly Row[] = [
  ...["md5", "sha256", "sha512"].map((type): Row => ({
    check: "osimage-empty-checksum",
    title: `the ${type} of an empty file warns in any letter case`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": createHash(type).digest("hex").toUpperCase() }),
    messages: [
      /write it in lower case$/,
      new RegExp(
        `^warn spec\\.properties\\[metal3\\.vcluster\\.com/image-checksum\\]: .*: is the ${type} of an empty file`,
      ),
    ],
  })),
  {
    check: "osimage-empty-checksum",
    title: "the sha256 of an empty file warns for KubeVirt",
    properties: {
      ...TYPE,
      ...k({
        "image-url": IMAGE_URL,
        "root-disk-size": "20Gi",
        "image-checksum": `sha256:${createHash("sha256").digest("hex")}`,
      }),
    },
    messages: [/^warn spec\.properties\[kubevirt\.vcluster\.com\/image-checksum\]: .*: is the sha256 of an empty file/],
  },
  {
    check: "osimage-property",
    title: "a misspelled key warns with a suggestion",
    properties: m({ "image-ulr": IMAGE_URL }),
    messages: [
      /^warn spec\.properties\[metal3\.vcluster\.com\/image-ulr\]: .* did you mean "metal3\.vcluster\.com\/image-url"\?$/,
    ],
  },
  {
    check: "osimage-property",
    title: "a key of the other provider warns",
    properties: m({ "image-datasource": "noble" }),
    messages: [/^warn spec\.properties\[metal3\.vcluster\.com\/image-datasource\]: /],
  },
  {
    check: "osimage-property",
    title: "keys with other prefixes are admitted",
    properties: {
      "nico.vcluster.com/os-image-id": "1",
      "example.com/image-ulr": "x",
      plain: "y",
      "vcluster.com/user-data": "z",
    },
    messages: [],
  },
  {
    check: "osimage-property",
    title: "an unknown key without a value is admitted",
    properties: m({ "image-ulr": "" }),
    messages: [],
  },
  {
    check: "osimage-property",
    title: "a key that is too long for a suggestion warns",
    properties: m({ ["x".repeat(300)]: "y" }),
    messages: [/so that it may be ignored$/],
  },
];

describe("the properties of an OSImage", () => {
  it.each([...SOURCE_ROWS, ...CHECKSUM_ROWS, ...OTHER_ROWS])("$check: $title", ({ properties, messages }) => {
    const reported = messagesOf(properties);
    expect(reported).toEqual(messages.map((pattern) => expect.stringMatching(pattern) as string));
  });

  it("are reported with all errors at once", () => {
    const properties = { ...m({ "image-url": "x", "image-checksum": "y" }), ...k({ "root-disk-size": "z" }) };
    expect(messagesOf(properties)).toHaveLength(3);
  });

  it("warn for each of many unknown keys, the first twenty with a suggestion", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`image-ulr${n}`, "x"]));
    const { decision } = asked("validate", "OSImage", { spec: { properties: m(many) } });
    const reported = decision.is === "undecided" ? [] : decision.findings.warnings;
    expect(reported).toHaveLength(100);
    expect(reported.filter(({ why }) => why.includes("did you mean"))).toHaveLength(20);
  });
});

describe("the display name of an OSImage", () => {
  it("osimage-display-name: the display name of another image warns", () => {
    expect(messagesFor({ spec: { displayName: "Twin" } })).toEqual([
      'warn spec.displayName: "Twin": OSImage twin-a has this display name, so that it is ambiguous; choose another one',
    ]);
  });

  it("osimage-display-name: the object name of another image warns", () => {
    expect(messagesFor({ spec: { displayName: "jammy" } })).toEqual([
      expect.stringContaining("another OSImage has it as its object name"),
    ]);
  });

  it.each([
    ["its own display name, which the index already has", "Ubuntu 24.04"],
    ["its own object name", "noble"],
    ["a new name", "Debian 13"],
    ["the name of another image in another letter case", "TWIN"],
    ["an empty name", ""],
  ])("may be %s", (_, displayName) => {
    expect(messagesFor({ spec: { displayName } })).toEqual([]);
  });

  it("may be the display name of an image that is being deleted", () => {
    const images = [osImage("old", "Debian", { terminating: true })];
    expect(messagesFor({ spec: { displayName: "Debian" } }, { images })).toEqual([]);
  });

  it("is not checked again where it does not change", () => {
    const spec = { displayName: "Twin" };
    expect(messagesFor({ spec }, { oldObject: { spec: { ...spec, description: "old" } } })).toEqual([]);
    expect(messagesFor({ spec }, { oldObject: { spec: { displayName: "Other" } } })).toHaveLength(1);
  });

  it("is undecided without a complete list of OSImages, unless the check is off", () => {
    const special = { images: [], synced: VM_IMAGE_KINDS };
    const decided = (levels = DEFAULT_LEVELS): unknown =>
      asked("validate", "OSImage", { spec: { displayName: "x" } }, { ...special, levels }).decision.is;
    expect(decided()).toBe("undecided");
    expect(decided({ ...DEFAULT_LEVELS, "osimage-display-name": "off" })).toBe("allowed");
  });
});

describe("owner and access of an OSImage", () => {
  it("osimage-owner: an owner with a user and a team is refused", () => {
    expect(messagesFor({ spec: { owner: { user: "a", team: "b" } } })).toEqual([
      "deny spec.owner: Invalid value: {...}: names a user and a team; keep one of the two, and let the other in by spec.access",
    ]);
  });

  it("osimage-owner: access entries without verbs are refused", () => {
    const access = [{ verbs: ["get"], users: ["*"] }, { users: ["a"] }, { verbs: [], teams: ["b"] }];
    expect(messagesFor({ spec: { access } })).toEqual([
      expect.stringMatching(/^deny spec\.access\[1\]\.verbs: Required value: /),
      expect.stringMatching(/^deny spec\.access\[2\]\.verbs: Required value: /),
    ]);
  });

  it.each([
    { owner: { user: "a" } },
    { owner: { team: "b" } },
    { owner: { user: "a", team: "" } },
    { owner: {} },
    { access: [] },
    {},
  ])("%j is admitted", (spec) => {
    expect(messagesFor({ spec })).toEqual([]);
  });
});

describe("type: a value of a wrong type is refused, and admitted where it is unchanged", () => {
  it.each([
    [{ properties: [] }, "spec.properties", "an object"],
    [{ properties: m({ "image-url": 7 }) }, "spec.properties[metal3.vcluster.com/image-url]", "a string"],
    [
      { properties: m({ "image-url": IMAGE_URL, "image-checksum": 7 }) },
      "spec.properties[metal3.vcluster.com/image-checksum]",
      "a string",
    ],
    [
      { properties: { ...TYPE, ...k({ "image-datasource": "noble", "root-disk-size": 20 }) } },
      "spec.properties[kubevirt.vcluster.com/root-disk-size]",
      "a string",
    ],
    [{ owner: "a" }, "spec.owner", "an object"],
    [{ access: {} }, "spec.access", "a list"],
    [{ access: ["a"] }, "spec.access[0]", "an object"],
    [{ displayName: 24.04 }, "spec.displayName", "a string"],
  ])("%j", (spec, field, expected) => {
    const { errors } = asked("validate", "OSImage", { spec });
    expect(errors, "nothing is also said to be missing").toMatchObject([
      { check: "type", field, why: `must be ${expected}` },
    ]);
    expect(asked("validate", "OSImage", { spec }, { oldObject: { spec } }).errors).toEqual([]);
  });
});

describe("on UPDATE", () => {
  const BAD = {
    owner: { user: "a", team: "b" },
    access: [{}],
    displayName: "Twin",
    properties: m({ "image-url": "x", "image-checksum": "123", "image-checksum-type": "crc", "image-ulr": "y" }),
  };

  it("an unchanged error neither refuses nor warns", () => {
    expect(messagesFor({ spec: { ...BAD, description: "new" } }, { oldObject: { spec: BAD } })).toEqual([]);
  });

  it("a changed property is checked together with its related properties", () => {
    const properties = { ...BAD.properties, ...m({ "image-checksum": "1234" }) };
    expect(messagesFor({ spec: { ...BAD, properties } }, { oldObject: { spec: BAD } })).toEqual([
      expect.stringContaining("image-url]: Invalid value"),
      expect.stringContaining("image-checksum-type]: Unsupported value"),
      expect.stringContaining("image-checksum]: Invalid value"),
    ]);
  });

  it("/mutate allows an OSImage unchanged", () => {
    expect(asked("mutate", "OSImage", { spec: BAD })).toMatchObject({ errors: [], warnings: [], patched: [] });
  });
});

describe("kinds and groups", () => {
  it("a NodeClaim is not checked as an OSImage", () => {
    const spec = { properties: m({ "image-url": "x", "image-ulr": "y" }), owner: { user: "a", team: "b" } };
    expect(asked("validate", "NodeClaim", { spec })).toMatchObject({ errors: [], warnings: [] });
  });

  it("an OSImage is checked in both groups", () => {
    const answers = ["storage.loft.sh", "management.loft.sh"].map((group): Answer =>
      asked("validate", "OSImage", { spec: { owner: { user: "a", team: "b" } } }, { group }),
    );
    for (const { errors } of answers) expect(errors).toHaveLength(1);
  });
});
