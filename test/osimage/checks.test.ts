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

/** What `/validate` says to an OSImage of these properties: refusals, then warnings. */
function said(properties: object, facts: RequestFacts = {}): readonly string[] {
  return saidTo({ spec: { properties } }, facts);
}

function saidTo(object: object, facts: Parameters<typeof asked>[3] = {}): readonly string[] {
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
  /** Patterns of all that is said, in order. */
  readonly says: readonly RegExp[];
}

const SOURCE_ROWS: readonly Row[] = [
  { check: "osimage-source", title: "no properties", properties: {}, says: [] },
  {
    check: "osimage-source",
    title: "Metal3",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256 }),
    says: [],
  },
  {
    check: "osimage-source",
    title: "http, a port, upper-case",
    properties: m({ "image-url": "HTTP://10.0.0.1:8080/a%20b.img", "image-checksum": SHA256 }),
    says: [],
  },
  {
    check: "osimage-source",
    title: "an OCI artifact, which needs no checksum",
    properties: m({ "image-url": "oci://registry.example.com/os/noble:1" }),
    says: [],
  },
  {
    check: "osimage-source",
    title: "a URL without a checksum",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": "" }),
    says: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: Required value: Metal3 provisions nothing/,
    ],
  },
  {
    check: "osimage-source",
    title: "a checksum without a URL",
    properties: m({ "image-checksum": SHA256 }),
    says: [/^deny spec\.properties\[metal3\.vcluster\.com\/image-url\]: Required value: .* write the URL/],
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
    title: `the URL ${JSON.stringify(url)}`,
    properties: m({ "image-url": url, "image-checksum": SHA256 }),
    says: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-url\]: Invalid value: ".*": must be an absolute http, https or oci URL/,
    ],
  })),
  ...["docker://quay.io/disks/ubuntu:22.04", IMAGE_URL, "http://h/x"].map((url): Row => ({
    check: "osimage-source",
    title: `KubeVirt, ${url}`,
    properties: { ...TYPE, ...k({ "image-url": url, "root-disk-size": "20Gi" }) },
    says: [],
  })),
  ...["quay.io/disks/ubuntu", "oci://quay.io/x", "docker://", "s3://bucket/x"].map((url): Row => ({
    check: "osimage-source",
    title: `KubeVirt, the URL ${url}`,
    properties: { ...TYPE, ...k({ "image-url": url, "root-disk-size": "20Gi" }) },
    says: [/^deny spec\.properties\[kubevirt\.vcluster\.com\/image-url\]: Invalid value: .* http, https or docker URL/],
  })),
  ...["noble", "os-images/noble", "a.b-c"].map((dataSource): Row => ({
    check: "osimage-source",
    title: `the DataSource ${dataSource}`,
    properties: { ...TYPE, ...k({ "image-datasource": dataSource, "root-disk-size": "20Gi" }) },
    says: [],
  })),
  ...["a/b/c", "/a", "a/", "Noble", "a b", "-a", "a_b"].map((dataSource): Row => ({
    check: "osimage-source",
    title: `the DataSource ${JSON.stringify(dataSource)}`,
    properties: { ...TYPE, ...k({ "image-datasource": dataSource, "root-disk-size": "20Gi" }) },
    says: [
      /^deny spec\.properties\[kubevirt\.vcluster\.com\/image-datasource\]: Invalid value: .* NAME or NAMESPACE\/NAME/,
    ],
  })),
  ...["20Gi", "1.5Ti", "20G", "21474836480", "2e10", "500M"].map((size): Row => ({
    check: "osimage-source",
    title: `the size ${size}`,
    properties: { ...TYPE, ...k({ "image-datasource": "noble", "root-disk-size": size }) },
    says: [],
  })),
  ...["20GB", "0", "0Gi", "-1Gi", "20 Gi", "Gi", "twenty", "1.2.3"].map((size): Row => ({
    check: "osimage-source",
    title: `the size ${JSON.stringify(size)}`,
    properties: { ...TYPE, ...k({ "image-datasource": "noble", "root-disk-size": size }) },
    says: [/^deny spec\.properties\[kubevirt\.vcluster\.com\/root-disk-size\]: Invalid value: .* quantity above 0/],
  })),
  {
    check: "osimage-source",
    title: "both sources of KubeVirt",
    properties: { ...TYPE, ...k({ "image-url": IMAGE_URL, "image-datasource": "noble", "root-disk-size": "20Gi" }) },
    says: [/^warn spec\.properties\[kubevirt\.vcluster\.com\/image-url\]: .* is discarded/],
  },
  {
    check: "osimage-source",
    title: "no size, no type: others may say them",
    properties: k({ "image-url": IMAGE_URL }),
    says: [
      /^warn spec\.properties\[kubevirt\.vcluster\.com\/root-disk-size\]: KubeVirt provisions nothing/,
      /^warn spec\.properties\[machines\.vcluster\.com\/os-image-type\]: is not kubevirt/,
    ],
  },
  ...[{ "image-url": "docker://quay.io/x" }, {}].map((source): Row => ({
    check: "osimage-source",
    title: `a checksum that is of no download: ${JSON.stringify(source)}`,
    properties: { ...TYPE, ...k({ ...source, "image-checksum": `sha256:${SHA256}`, "root-disk-size": "20Gi" }) },
    says: [/^warn spec\.properties\[kubevirt\.vcluster\.com\/image-checksum\]: .* is ignored/],
  })),
];

const CHECKSUM_ROWS: readonly Row[] = [
  ...[MD5, SHA256, SHA512, URL_OF_SUMS].map((checksum): Row => ({
    check: "osimage-checksum",
    title: `${checksum.length} characters, without a type`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": checksum }),
    says: [],
  })),
  ...Object.entries({ md5: MD5, sha256: SHA256, sha512: SHA512 }).map(([type, checksum]): Row => ({
    check: "osimage-checksum",
    title: type,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": checksum, "image-checksum-type": type }),
    says: [],
  })),
  {
    check: "osimage-checksum",
    title: "a URL of sums with a type",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": URL_OF_SUMS, "image-checksum-type": "sha256" }),
    says: [],
  },
  {
    check: "osimage-checksum",
    title: "of another type than it says",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": MD5, "image-checksum-type": "sha256" }),
    says: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: Invalid value: ".*": has 32 hex digits; sha256 has 64; write a hex digest/,
    ],
  },
  {
    check: "osimage-checksum",
    title: "one digit short of any",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256.slice(1) }),
    says: [/: has 63 hex digits; md5 has 32, sha256 has 64, sha512 has 128;/],
  },
  {
    check: "osimage-checksum",
    title: "sha1, which Metal3 does not take",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA1, "image-checksum-type": "sha1" }),
    says: [
      /^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum-type\]: Unsupported value: "sha1": supported values: "md5", "sha256", "sha512"$/,
      /has 40 hex digits/,
    ],
  },
  ...["SHA256", "auto", "toString"].map((type): Row => ({
    check: "osimage-checksum",
    title: `the type ${type}`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256, "image-checksum-type": type }),
    says: [/^deny spec\.properties\[metal3\.vcluster\.com\/image-checksum-type\]: Unsupported value/],
  })),
  ...[`sha256:${SHA256}`, `${SHA256} `, "g".repeat(64), "ftp://host/SUMS"].map((checksum): Row => ({
    check: "osimage-checksum",
    title: `for Metal3 ${JSON.stringify(checksum.slice(0, 12))}`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": checksum }),
    says: [/has characters that are no hex digits; write a hex digest, or the http or https URL/],
  })),
  ...[`sha256:${SHA256}`, `md5:${MD5}`, `sha1:${SHA1}`, `sha512:${SHA512}`, ` SHA256 : ${SHA256.toUpperCase()}\n`].map(
    (checksum): Row => ({
      check: "osimage-checksum",
      title: `for KubeVirt ${checksum.slice(0, 12)}`,
      properties: { ...TYPE, ...k({ "image-url": IMAGE_URL, "image-checksum": checksum, "root-disk-size": "20Gi" }) },
      says: [],
    }),
  ),
  ...[SHA256, `:${SHA256}`, "sha256:", `sha256:${MD5}`].map((checksum): Row => ({
    check: "osimage-checksum",
    title: `for KubeVirt ${JSON.stringify(checksum.slice(0, 12))} of ${checksum.length}`,
    properties: { ...TYPE, ...k({ "image-url": IMAGE_URL, "image-checksum": checksum, "root-disk-size": "20Gi" }) },
    says: [/^deny spec\.properties\[kubevirt\.vcluster\.com\/image-checksum\]: Invalid value/],
  })),
  ...["blake3", "sha384", "toString"].map((algorithm): Row => ({
    check: "osimage-checksum",
    title: `for KubeVirt the algorithm ${algorithm}`,
    properties: {
      ...TYPE,
      ...k({ "image-url": IMAGE_URL, "image-checksum": `${algorithm}:${SHA256}`, "root-disk-size": "20Gi" }),
    },
    says: [/: KubeVirt does not know the algorithm "\w+"; use one of md5, sha1, sha256, sha512$/],
  })),
  {
    check: "osimage-checksum",
    title: "in upper case for Metal3, which compares lower case",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": SHA256.toUpperCase() }),
    says: [/^warn spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: .*; write it in lower case$/],
  },
  {
    check: "osimage-checksum",
    title: "a URL of sums with its scheme in upper case",
    properties: m({ "image-url": IMAGE_URL, "image-checksum": "HTTPS://images.example.com/SHA256SUMS" }),
    says: [/^warn spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: .*; write https$/],
  },
];

const OTHER_ROWS: readonly Row[] = [
  ...["md5", "sha256", "sha512"].map((type): Row => ({
    check: "osimage-empty-checksum",
    title: `${type} of an empty file, in any letter case`,
    properties: m({ "image-url": IMAGE_URL, "image-checksum": createHash(type).digest("hex").toUpperCase() }),
    says: [
      /write it in lower case$/,
      new RegExp(
        `^warn spec\\.properties\\[metal3\\.vcluster\\.com/image-checksum\\]: .*: is the ${type} of an empty file`,
      ),
    ],
  })),
  {
    check: "osimage-empty-checksum",
    title: "for KubeVirt",
    properties: {
      ...TYPE,
      ...k({
        "image-url": IMAGE_URL,
        "root-disk-size": "20Gi",
        "image-checksum": `sha256:${createHash("sha256").digest("hex")}`,
      }),
    },
    says: [/^warn spec\.properties\[kubevirt\.vcluster\.com\/image-checksum\]: .*: is the sha256 of an empty file/],
  },
  {
    check: "osimage-property",
    title: "a typing mistake",
    properties: m({ "image-ulr": IMAGE_URL }),
    says: [
      /^warn spec\.properties\[metal3\.vcluster\.com\/image-ulr\]: .* did you mean "metal3\.vcluster\.com\/image-url"\?$/,
    ],
  },
  {
    check: "osimage-property",
    title: "a property of the other provider",
    properties: m({ "image-datasource": "noble" }),
    says: [/^warn spec\.properties\[metal3\.vcluster\.com\/image-datasource\]: /],
  },
  {
    check: "osimage-property",
    title: "keys of other prefixes",
    properties: {
      "nico.vcluster.com/os-image-id": "1",
      "example.com/image-ulr": "x",
      plain: "y",
      "vcluster.com/user-data": "z",
    },
    says: [],
  },
  {
    check: "osimage-property",
    title: "a key without a value",
    properties: m({ "image-ulr": "" }),
    says: [],
  },
  {
    check: "osimage-property",
    title: "a key that is too long to be compared",
    properties: m({ ["x".repeat(300)]: "y" }),
    says: [/so that it may be ignored$/],
  },
];

describe("the properties of an OSImage", () => {
  it.each([...SOURCE_ROWS, ...CHECKSUM_ROWS, ...OTHER_ROWS])("$check: $title", ({ properties, says }) => {
    const told = said(properties);
    expect(told).toEqual(says.map((pattern) => expect.stringMatching(pattern) as string));
  });

  it("are told of all at once", () => {
    const properties = { ...m({ "image-url": "x", "image-checksum": "y" }), ...k({ "root-disk-size": "z" }) };
    expect(said(properties)).toHaveLength(3);
  });

  it("of many that are unknown, not all are compared", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`image-ulr${n}`, "x"]));
    const { decision } = asked("validate", "OSImage", { spec: { properties: m(many) } });
    const told = decision.is === "undecided" ? [] : decision.findings.warnings;
    expect(told).toHaveLength(100);
    expect(told.filter(({ why }) => why.includes("did you mean"))).toHaveLength(20);
  });
});

describe("the display name of an OSImage", () => {
  it("osimage-display-name: another image has it", () => {
    expect(saidTo({ spec: { displayName: "Twin" } })).toEqual([
      'warn spec.displayName: "Twin": OSImage twin-a has this display name, so that it is ambiguous; choose another one',
    ]);
  });

  it("osimage-display-name: another image has it as its object name", () => {
    expect(saidTo({ spec: { displayName: "jammy" } })).toEqual([
      expect.stringContaining("another OSImage has it as its object name"),
    ]);
  });

  it.each([
    ["its own, which the index has already", "Ubuntu 24.04"],
    ["its own object name", "noble"],
    ["new", "Debian 13"],
    ["in another letter case", "TWIN"],
    ["empty", ""],
  ])("may be %s", (_, displayName) => {
    expect(saidTo({ spec: { displayName } })).toEqual([]);
  });

  it("may be that of an image that is being deleted", () => {
    const images = [osImage("old", "Debian", { terminating: true })];
    expect(saidTo({ spec: { displayName: "Debian" } }, { images })).toEqual([]);
  });

  it("is not judged again where it does not change", () => {
    const spec = { displayName: "Twin" };
    expect(saidTo({ spec }, { oldObject: { spec: { ...spec, description: "old" } } })).toEqual([]);
    expect(saidTo({ spec }, { oldObject: { spec: { displayName: "Other" } } })).toHaveLength(1);
  });

  it("is no decision without a list of OSImages, unless nobody asks", () => {
    const special = { images: [], synced: VM_IMAGE_KINDS };
    const decided = (levels = DEFAULT_LEVELS): unknown =>
      asked("validate", "OSImage", { spec: { displayName: "x" } }, { ...special, levels }).decision.is;
    expect(decided()).toBe("undecided");
    expect(decided({ ...DEFAULT_LEVELS, "osimage-display-name": "off" })).toBe("allowed");
  });
});

describe("owner and access of an OSImage", () => {
  it("osimage-owner: a user and a team", () => {
    expect(saidTo({ spec: { owner: { user: "a", team: "b" } } })).toEqual([
      "deny spec.owner: Invalid value: {...}: names a user and a team; keep one of the two, and let the other in by spec.access",
    ]);
  });

  it("osimage-owner: entries without verbs", () => {
    const access = [{ verbs: ["get"], users: ["*"] }, { users: ["a"] }, { verbs: [], teams: ["b"] }];
    expect(saidTo({ spec: { access } })).toEqual([
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
  ])("%j is well", (spec) => {
    expect(saidTo({ spec })).toEqual([]);
  });
});

describe("values of a wrong type", () => {
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

  it("what is wrong since before blocks nothing and warns of nothing", () => {
    expect(saidTo({ spec: { ...BAD, description: "new" } }, { oldObject: { spec: BAD } })).toEqual([]);
  });

  it("what changes is judged", () => {
    const properties = { ...BAD.properties, ...m({ "image-checksum": "1234" }) };
    expect(saidTo({ spec: { ...BAD, properties } }, { oldObject: { spec: BAD } })).toEqual([
      expect.stringContaining("image-url]: Invalid value"),
      expect.stringContaining("image-checksum-type]: Unsupported value"),
      expect.stringContaining("image-checksum]: Invalid value"),
    ]);
  });

  it("mutation has nothing to say about an OSImage", () => {
    expect(asked("mutate", "OSImage", { spec: BAD })).toMatchObject({ errors: [], warnings: [], patched: [] });
  });
});

describe("other kinds", () => {
  it("are not judged as OSImages", () => {
    const spec = { properties: m({ "image-url": "x", "image-ulr": "y" }), owner: { user: "a", team: "b" } };
    expect(asked("validate", "NodeClaim", { spec })).toMatchObject({ errors: [], warnings: [] });
  });

  it("OSImages are judged in both groups", () => {
    const answers = ["storage.loft.sh", "management.loft.sh"].map((group): Answer =>
      asked("validate", "OSImage", { spec: { owner: { user: "a", team: "b" } } }, { group }),
    );
    for (const { errors } of answers) expect(errors).toHaveLength(1);
  });
});
