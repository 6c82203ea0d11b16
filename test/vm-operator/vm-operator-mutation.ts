import {
  type Row,
  MUTATOR,
  RESOLVE_NAME,
  RESOLVE_ON_CREATE,
  KIND_ON_CREATE,
  KIND_ON_UPDATE,
  NAME_FROM_CDROM,
  VMI,
  CVMI,
  PRIVILEGED,
  SKIP,
  OVF,
  STORED,
  ref,
  cd,
  withCdroms,
  stored,
  from,
  denied,
  admitted,
  differs,
  README,
  NO_IMAGE,
  OTHER_RESOURCE,
  SUPPORTED_KINDS,
  of,
} from "./vm-operator-row.ts";

/** upstream.md, section b: which name means which image. */
const NAMES: readonly Row[] = [
  ...of(RESOLVE_NAME, [
    {
      says: "a vmi- name is an object name of the namespace",
      spec: { imageName: "vmi-ovf" },
      there: admitted("dev/vmi-ovf"),
    },
    { says: "else of the cluster", spec: { imageName: "vmi-c" }, there: admitted("cluster/vmi-c") },
    {
      says: "the namespace wins over the cluster, with no ambiguity error",
      spec: { imageName: "vmi-t" },
      there: admitted("dev/vmi-t"),
    },
    { says: "else nothing", spec: { imageName: "vmi-gone" }, there: NO_IMAGE("vmi-gone") },
    { says: "another namespace's images do not count", spec: { imageName: "vmi-o" }, there: NO_IMAGE("vmi-o") },
    {
      says: "a vmi- name is never tried as a display name",
      spec: { imageName: "vmi-golden" },
      there: NO_IMAGE("vmi-golden"),
      here: differs.namespaceFirst(differs.admitted(README.displayNameLikeId, "dev/vmi-v")),
    },
    { says: "the prefix is case-sensitive", spec: { imageName: "VMI-ovf" }, there: NO_IMAGE("VMI-ovf") },
    {
      says: "any other name is a display name of the namespace",
      spec: { imageName: "ubuntu" },
      there: admitted("dev/vmi-ovf"),
    },
    { says: "or of the cluster", spec: { imageName: "rocky" }, there: admitted("cluster/vmi-c") },
    { says: "a display name matches case-sensitively", spec: { imageName: "Ubuntu" }, there: NO_IMAGE("Ubuntu") },
    { says: "there is no trimming", spec: { imageName: "ubuntu " }, there: NO_IMAGE("ubuntu ") },
    { says: "there are no wildcards", spec: { imageName: "ubunt*" }, there: NO_IMAGE("ubunt*") },
    {
      says: "several in the namespace, before the cluster is read",
      spec: { imageName: "photon" },
      there: denied('multiple VM images exist for "photon" in namespace scope'),
    },
    {
      says: "several in the cluster, even if the namespace has exactly one",
      spec: { imageName: "alma" },
      there: denied('multiple VM images exist for "alma" in cluster scope'),
      here: differs.namespaceFirst(differs.admitted(README.bothScopes, "dev/vmi-a")),
    },
    {
      says: "one in each",
      spec: { imageName: "debian" },
      there: denied('multiple VM images exist for "debian" in namespace and cluster scope'),
      here: differs.namespaceFirst(differs.admitted(README.bothScopes, "dev/vmi-e")),
    },
    {
      says: "the same ID in both scopes makes its display name ambiguous (PR 1741)",
      spec: { imageName: "twin" },
      there: denied('multiple VM images exist for "twin" in namespace and cluster scope'),
      here: differs.namespaceFirst(differs.admitted(README.twins, "dev/vmi-t")),
    },
    { says: "none at all", spec: { imageName: "windows" }, there: NO_IMAGE("windows") },
    { says: "an image that is not ready counts", spec: { imageName: "mint" }, there: admitted("dev/vmi-n") },
    {
      says: "it counts for an ambiguity, too",
      spec: { imageName: "suse" },
      there: denied('multiple VM images exist for "suse" in namespace scope'),
    },
    {
      says: "an image that is being deleted counts",
      spec: { imageName: "doomed" },
      there: admitted("dev/vmi-x"),
      here: differs.namespaceFirst(differs.refused(README.terminating)),
    },
    {
      says: "it counts for an ambiguity, too (deletion)",
      spec: { imageName: "fedora" },
      there: denied('multiple VM images exist for "fedora" in namespace scope'),
      here: differs.namespaceFirst(differs.admitted(README.terminating, "dev/vmi-y")),
    },
    {
      says: "an image of the wrong type counts, and needs neither CD-ROM nor guestID",
      spec: { imageName: "installer" },
      there: admitted("dev/vmi-i"),
      here: differs.warned(README.isoWithoutCdrom),
    },
    {
      says: "an object name without the prefix is not found",
      spec: { imageName: "old-item" },
      there: NO_IMAGE("old-item"),
      here: differs.namespaceFirst(differs.admitted(README.objectName, "dev/old-item")),
    },
    {
      says: "a library cannot be named (issue 214)",
      spec: { imageName: "cl-a/ubuntu" },
      there: NO_IMAGE("cl-a/ubuntu"),
      here: differs.namespaceFirst(differs.admitted(README.libraryName, "dev/vmi-ovf")),
    },
  ]),
];

/** upstream.md, section b: CREATE. */
const CREATION: readonly Row[] = [
  ...["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5"].map((version): Row => ({
    says: `imageName of ${version} fills spec.image`,
    source: RESOLVE_ON_CREATE,
    spec: { imageName: "ubuntu" },
    facts: { version },
    there: admitted("dev/vmi-ovf"),
  })),
  ...of(RESOLVE_ON_CREATE, [
    { says: "spec.image alone is taken as it is", spec: { image: OVF }, there: admitted("dev/vmi-ovf") },
    {
      says: "unverified",
      spec: { image: ref("vmi-gone") },
      there: admitted("dev/vmi-gone"),
      here: differs.refused(README.imageMissing),
    },
    {
      says: "imageName and spec.image may name the same image",
      spec: { imageName: "ubuntu", image: OVF },
      there: admitted("dev/vmi-ovf"),
    },
    {
      says: "but not another one",
      spec: { imageName: "ubuntu", image: ref("vmi-c", CVMI) },
      there: OTHER_RESOURCE("ubuntu"),
    },
    {
      says: "nor another kind of it",
      spec: { imageName: "vmi-ovf", image: ref("vmi-ovf", CVMI) },
      there: OTHER_RESOURCE("vmi-ovf"),
    },
    {
      says: "nor the other of two equal object names",
      spec: { imageName: "vmi-t", image: ref("vmi-t", CVMI) },
      there: OTHER_RESOURCE("vmi-t"),
      here: differs.admitted(README.twins, "dev/vmi-t"),
    },
    {
      says: "nor an empty kind",
      spec: { imageName: "ubuntu", image: { name: "vmi-ovf" } },
      there: OTHER_RESOURCE("ubuntu"),
      here: differs.admitted(README.imageWithoutKind, "dev/vmi-ovf"),
    },
    {
      says: "imageName is resolved beside a spec.image, too",
      spec: { imageName: "windows", image: OVF },
      there: NO_IMAGE("windows"),
    },
    {
      says: "and must not be ambiguous",
      spec: { imageName: "photon", image: ref("vmi-p") },
      there: denied('multiple VM images exist for "photon" in namespace scope'),
      here: differs.admitted(README.ambiguousBesideImage, "dev/vmi-p"),
    },
  ]),
  ...of(`${MUTATOR} Mutate`, [
    {
      says: "privileged callers are not exempt from mutation",
      spec: { imageName: "windows" },
      facts: PRIVILEGED,
      there: NO_IMAGE("windows"),
    },
    {
      says: "nor does an annotation skip it",
      metadata: SKIP,
      spec: { imageName: "windows" },
      facts: PRIVILEGED,
      there: NO_IMAGE("windows"),
      here: differs.left(README.skipValidation),
    },
  ]),
  ...of(KIND_ON_CREATE, [
    {
      says: "a CD-ROM without a kind is of the namespace",
      spec: withCdroms(cd(1, "vmi-i", "")),
      there: admitted("dev/vmi-i", "dev/vmi-i"),
    },
    {
      says: "with no lookup",
      spec: withCdroms(cd(1, "vmi-k", "")),
      there: admitted("cluster/vmi-k", "dev/vmi-k"),
      here: differs.admitted(README.cdromWithoutKind, "cluster/vmi-k", "cluster/vmi-k"),
    },
  ]),
  ...of(NAME_FROM_CDROM, [
    {
      says: "the first connected CD-ROM says what boots",
      spec: withCdroms(cd(1, "vmi-i", VMI, false), cd(2, "vmi-j", VMI, true), cd(3, "vmi-k", CVMI, true)),
      there: admitted("dev/vmi-j", "dev/vmi-i", "dev/vmi-j", "cluster/vmi-k"),
    },
    {
      says: "else the first",
      spec: withCdroms(cd(1, "vmi-i", VMI, false), cd(2, "vmi-j", VMI, false)),
      there: admitted("dev/vmi-i", "dev/vmi-i", "dev/vmi-j"),
    },
    {
      says: "where v1alpha4 has CD-ROMs, too",
      spec: { guestID: "ubuntu64Guest", cdrom: [cd(1, "vmi-k", CVMI)] },
      facts: { version: "v1alpha4" },
      there: admitted("cluster/vmi-k", "cluster/vmi-k"),
    },
    {
      says: "an imageName goes before",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-i")) },
      there: admitted("dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      says: "a CD-ROM's kind is ignored: the namespaced image of the same ID boots",
      spec: withCdroms(cd(1, "vmi-s", CVMI)),
      there: admitted("dev/vmi-s", "cluster/vmi-s"),
    },
    {
      says: "spec.image is not looked at, so that another image beside a CD-ROM contradicts it",
      spec: { image: OVF, ...withCdroms(cd(1, "vmi-i")) },
      there: OTHER_RESOURCE("vmi-i"),
      here: differs.admitted(README.imageAndCdroms, "dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      says: "the same image does not",
      spec: { image: ref("vmi-i"), ...withCdroms(cd(1, "vmi-i")) },
      there: admitted("dev/vmi-i", "dev/vmi-i"),
    },
    {
      says: "a CD-ROM's name that is no vmi- name is resolved as a display name, and stays",
      spec: withCdroms(cd(1, "installer", "")),
      there: admitted("dev/vmi-i", "dev/installer"),
      here: differs.admitted(README.cdromDisplayName, "dev/vmi-i", "dev/vmi-i"),
    },
    {
      says: "whatever its kind",
      spec: withCdroms(cd(1, "installer")),
      there: admitted("dev/vmi-i", "dev/installer"),
      here: differs.refused(README.cdromMissing),
    },
    {
      says: "a CD-ROM that names nothing names nothing to boot from either",
      spec: withCdroms(cd(1, "vmi-gone")),
      there: NO_IMAGE("vmi-gone"),
    },
  ]),
];

/** upstream.md, section b: UPDATE. */
const MUTATION_OF_UPDATES: readonly Row[] = [
  ...of(`${MUTATOR} Mutate`, [
    {
      says: "imageName and image are not touched, even if the image is gone",
      spec: { imageName: "vmi-gone", image: ref("vmi-gone"), className: "large" },
      facts: from({ imageName: "vmi-gone", image: ref("vmi-gone") }),
      there: admitted("dev/vmi-gone"),
    },
  ]),
  ...of("pkg/builder/mutating_webhook.go Handle", [
    {
      says: "an object that is being deleted is allowed untouched",
      metadata: { deletionTimestamp: "2026-08-01T00:00:00Z" },
      spec: { imageName: "windows" },
      facts: from(STORED, { deletionTimestamp: "2026-08-01T00:00:00Z" }),
      there: admitted("none"),
    },
    {
      says: "DELETE is allowed",
      spec: STORED,
      facts: { ...from(STORED), operation: "DELETE" },
      there: admitted(),
      isBeyondOracle: true,
    },
  ]),
  ...of(KIND_ON_UPDATE, [
    {
      says: "a CD-ROM's kind that was the default becomes it again",
      spec: stored(cd(1, "vmi-i", "")),
      facts: from(stored(cd(1, "vmi-i"))),
      there: admitted("dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      says: "by the image's name, not by the CD-ROM's",
      spec: stored(cd(2, "vmi-i", "")),
      facts: from(stored(cd(1, "vmi-i"))),
      there: admitted("dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      says: "one that was not stays empty",
      spec: stored(cd(1, "vmi-k", "")),
      facts: from(stored(cd(1, "vmi-k", CVMI))),
      there: denied(`spec.hardware.cdrom[0].image.kind: Unsupported value: "": ${SUPPORTED_KINDS}`),
      here: differs.admitted(README.respelled, "dev/vmi-ovf", "cluster/vmi-k"),
    },
    {
      says: "and so does that of a new CD-ROM",
      spec: stored(cd(1, "vmi-i", "")),
      facts: from({ ...STORED, guestID: "ubuntu64Guest" }),
      there: denied(`spec.hardware.cdrom[0].image.kind: Unsupported value: "": ${SUPPORTED_KINDS}`),
      here: differs.admitted(README.cdromWithoutKind, "dev/vmi-ovf", "dev/vmi-i"),
    },
  ]),
];

/** Section b. */
export const MUTATION_ROWS: readonly Row[] = [...NAMES, ...CREATION, ...MUTATION_OF_UPDATES];
