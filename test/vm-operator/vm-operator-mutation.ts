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

/** Which image a name means. */
const NAMES: readonly Row[] = [
  ...of(RESOLVE_NAME, [
    {
      title: "a vmi- name is an object name of the namespace",
      spec: { imageName: "vmi-ovf" },
      upstream: admitted("dev/vmi-ovf"),
    },
    {
      title: "a vmi- name that the namespace lacks is an object name of the cluster",
      spec: { imageName: "vmi-c" },
      upstream: admitted("cluster/vmi-c"),
    },
    {
      title: "a vmi- name that both scopes have is the image of the namespace, with no ambiguity error",
      spec: { imageName: "vmi-t" },
      upstream: admitted("dev/vmi-t"),
    },
    {
      title: "a vmi- name that neither scope has is denied",
      spec: { imageName: "vmi-gone" },
      upstream: NO_IMAGE("vmi-gone"),
    },
    { title: "a vmi- name of another namespace is denied", spec: { imageName: "vmi-o" }, upstream: NO_IMAGE("vmi-o") },
    {
      title: "a vmi- name is never tried as a display name",
      spec: { imageName: "vmi-golden" },
      upstream: NO_IMAGE("vmi-golden"),
      difference: differs.namespaceFirst(differs.admitted(README.displayNameLikeId, "dev/vmi-v")),
    },
    { title: "the prefix vmi- is case-sensitive", spec: { imageName: "VMI-ovf" }, upstream: NO_IMAGE("VMI-ovf") },
    {
      title: "any other name is a display name of the namespace",
      spec: { imageName: "ubuntu" },
      upstream: admitted("dev/vmi-ovf"),
    },
    {
      title: "any other name is a display name of the cluster",
      spec: { imageName: "rocky" },
      upstream: admitted("cluster/vmi-c"),
    },
    { title: "a display name matches case-sensitively", spec: { imageName: "Ubuntu" }, upstream: NO_IMAGE("Ubuntu") },
    { title: "a display name is not trimmed", spec: { imageName: "ubuntu " }, upstream: NO_IMAGE("ubuntu ") },
    { title: "a display name has no wildcards", spec: { imageName: "ubunt*" }, upstream: NO_IMAGE("ubunt*") },
    {
      title: "a display name of several images of the namespace is denied before the cluster is read",
      spec: { imageName: "photon" },
      upstream: denied('multiple VM images exist for "photon" in namespace scope'),
    },
    {
      title: "a display name of several images of the cluster is denied, even if the namespace has exactly one",
      spec: { imageName: "alma" },
      upstream: denied('multiple VM images exist for "alma" in cluster scope'),
      difference: differs.namespaceFirst(differs.admitted(README.bothScopes, "dev/vmi-a")),
    },
    {
      title: "a display name of one image in each scope is denied",
      spec: { imageName: "debian" },
      upstream: denied('multiple VM images exist for "debian" in namespace and cluster scope'),
      difference: differs.namespaceFirst(differs.admitted(README.bothScopes, "dev/vmi-e")),
    },
    {
      title: "the same ID in both scopes makes its display name ambiguous (PR 1741)",
      spec: { imageName: "twin" },
      upstream: denied('multiple VM images exist for "twin" in namespace and cluster scope'),
      difference: differs.namespaceFirst(differs.admitted(README.twins, "dev/vmi-t")),
    },
    {
      title: "a display name that no image has is denied",
      spec: { imageName: "windows" },
      upstream: NO_IMAGE("windows"),
    },
    {
      title: "an image that is not ready is found by its display name",
      spec: { imageName: "mint" },
      upstream: admitted("dev/vmi-n"),
    },
    {
      title: "an image that is not ready makes a display name ambiguous",
      spec: { imageName: "suse" },
      upstream: denied('multiple VM images exist for "suse" in namespace scope'),
    },
    {
      title: "an image that is being deleted is found by its display name",
      spec: { imageName: "doomed" },
      upstream: admitted("dev/vmi-x"),
      difference: differs.namespaceFirst(differs.refused(README.terminating)),
    },
    {
      title: "an image that is being deleted makes a display name ambiguous",
      spec: { imageName: "fedora" },
      upstream: denied('multiple VM images exist for "fedora" in namespace scope'),
      difference: differs.namespaceFirst(differs.admitted(README.terminating, "dev/vmi-y")),
    },
    {
      title: "an ISO image boots with neither CD-ROM nor guestID",
      spec: { imageName: "installer" },
      upstream: admitted("dev/vmi-i"),
      difference: differs.warned(README.isoWithoutCdrom),
    },
    {
      title: "an object name without the prefix vmi- is not found",
      spec: { imageName: "old-item" },
      upstream: NO_IMAGE("old-item"),
      difference: differs.namespaceFirst(differs.admitted(README.objectName, "dev/old-item")),
    },
    {
      title: "LIBRARY/NAME is not found (issue 214)",
      spec: { imageName: "cl-a/ubuntu" },
      upstream: NO_IMAGE("cl-a/ubuntu"),
      difference: differs.namespaceFirst(differs.admitted(README.libraryName, "dev/vmi-ovf")),
    },
  ]),
];

/** Mutation on CREATE. */
const CREATION: readonly Row[] = [
  ...["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5"].map((version): Row => ({
    title: `imageName of ${version} fills spec.image`,
    source: RESOLVE_ON_CREATE,
    spec: { imageName: "ubuntu" },
    facts: { version },
    upstream: admitted("dev/vmi-ovf"),
  })),
  ...of(RESOLVE_ON_CREATE, [
    { title: "spec.image alone is kept as sent", spec: { image: OVF }, upstream: admitted("dev/vmi-ovf") },
    {
      title: "spec.image alone may name a missing image",
      spec: { image: ref("vmi-gone") },
      upstream: admitted("dev/vmi-gone"),
      difference: differs.refused(README.imageMissing),
    },
    {
      title: "imageName and spec.image may name the same image",
      spec: { imageName: "ubuntu", image: OVF },
      upstream: admitted("dev/vmi-ovf"),
    },
    {
      title: "imageName and spec.image of different images are denied",
      spec: { imageName: "ubuntu", image: ref("vmi-c", CVMI) },
      upstream: OTHER_RESOURCE("ubuntu"),
    },
    {
      title: "imageName beside spec.image of another kind is denied",
      spec: { imageName: "vmi-ovf", image: ref("vmi-ovf", CVMI) },
      upstream: OTHER_RESOURCE("vmi-ovf"),
    },
    {
      title: "imageName beside the cluster kind is denied where both scopes have the object name",
      spec: { imageName: "vmi-t", image: ref("vmi-t", CVMI) },
      upstream: OTHER_RESOURCE("vmi-t"),
      difference: differs.admitted(README.twins, "dev/vmi-t"),
    },
    {
      title: "imageName beside a spec.image without a kind is denied",
      spec: { imageName: "ubuntu", image: { name: "vmi-ovf" } },
      upstream: OTHER_RESOURCE("ubuntu"),
      difference: differs.admitted(README.imageWithoutKind, "dev/vmi-ovf"),
    },
    {
      title: "an unknown imageName beside spec.image is denied",
      spec: { imageName: "windows", image: OVF },
      upstream: NO_IMAGE("windows"),
    },
    {
      title: "an ambiguous imageName beside spec.image is denied",
      spec: { imageName: "photon", image: ref("vmi-p") },
      upstream: denied('multiple VM images exist for "photon" in namespace scope'),
      difference: differs.admitted(README.ambiguousBesideImage, "dev/vmi-p"),
    },
  ]),
  ...of(`${MUTATOR} Mutate`, [
    {
      title: "an unknown imageName of a privileged caller is denied",
      spec: { imageName: "windows" },
      facts: PRIVILEGED,
      upstream: NO_IMAGE("windows"),
    },
    {
      title: "an unknown imageName is denied, although an annotation skips validation",
      metadata: SKIP,
      spec: { imageName: "windows" },
      facts: PRIVILEGED,
      upstream: NO_IMAGE("windows"),
      difference: differs.left(README.skipValidation),
    },
  ]),
  ...of(KIND_ON_CREATE, [
    {
      title: "a CD-ROM without a kind gets the namespaced kind",
      spec: withCdroms(cd(1, "vmi-i", "")),
      upstream: admitted("dev/vmi-i", "dev/vmi-i"),
    },
    {
      title: "a CD-ROM without a kind gets the namespaced kind, even if only the cluster has the image",
      spec: withCdroms(cd(1, "vmi-k", "")),
      upstream: admitted("cluster/vmi-k", "dev/vmi-k"),
      difference: differs.admitted(README.cdromWithoutKind, "cluster/vmi-k", "cluster/vmi-k"),
    },
  ]),
  ...of(NAME_FROM_CDROM, [
    {
      title: "the first connected CD-ROM decides the boot image",
      spec: withCdroms(cd(1, "vmi-i", VMI, false), cd(2, "vmi-j", VMI, true), cd(3, "vmi-k", CVMI, true)),
      upstream: admitted("dev/vmi-j", "dev/vmi-i", "dev/vmi-j", "cluster/vmi-k"),
    },
    {
      title: "the first CD-ROM decides the boot image where none is connected",
      spec: withCdroms(cd(1, "vmi-i", VMI, false), cd(2, "vmi-j", VMI, false)),
      upstream: admitted("dev/vmi-i", "dev/vmi-i", "dev/vmi-j"),
    },
    {
      title: "a CD-ROM decides the boot image in v1alpha4, too",
      spec: { guestID: "ubuntu64Guest", cdrom: [cd(1, "vmi-k", CVMI)] },
      facts: { version: "v1alpha4" },
      upstream: admitted("cluster/vmi-k", "cluster/vmi-k"),
    },
    {
      title: "imageName takes precedence over CD-ROMs",
      spec: { imageName: "ubuntu", ...withCdroms(cd(1, "vmi-i")) },
      upstream: admitted("dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      title: "the kind of a CD-ROM is ignored: the namespaced image with the same VMI ID boots",
      spec: withCdroms(cd(1, "vmi-s", CVMI)),
      upstream: admitted("dev/vmi-s", "cluster/vmi-s"),
    },
    {
      title: "spec.image of another image than the CD-ROM is denied",
      spec: { image: OVF, ...withCdroms(cd(1, "vmi-i")) },
      upstream: OTHER_RESOURCE("vmi-i"),
      difference: differs.admitted(README.imageAndCdroms, "dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      title: "spec.image of the same image as the CD-ROM is admitted",
      spec: { image: ref("vmi-i"), ...withCdroms(cd(1, "vmi-i")) },
      upstream: admitted("dev/vmi-i", "dev/vmi-i"),
    },
    {
      title:
        "a CD-ROM's name without the prefix vmi- decides the boot image as a display name, and stays in the CD-ROM",
      spec: withCdroms(cd(1, "installer", "")),
      upstream: admitted("dev/vmi-i", "dev/installer"),
      difference: differs.admitted(README.cdromDisplayName, "dev/vmi-i", "dev/vmi-i"),
    },
    {
      title: "a CD-ROM's display name beside a kind decides the boot image, too",
      spec: withCdroms(cd(1, "installer")),
      upstream: admitted("dev/vmi-i", "dev/installer"),
      difference: differs.refused(README.cdromMissing),
    },
    {
      title: "a CD-ROM with an unknown VMI ID is denied where it decides the boot image",
      spec: withCdroms(cd(1, "vmi-gone")),
      upstream: NO_IMAGE("vmi-gone"),
    },
  ]),
];

/** Mutation on UPDATE. */
const MUTATION_OF_UPDATES: readonly Row[] = [
  ...of(`${MUTATOR} Mutate`, [
    {
      title: "an update keeps imageName and image, even if the image is deleted",
      spec: { imageName: "vmi-gone", image: ref("vmi-gone"), className: "large" },
      facts: from({ imageName: "vmi-gone", image: ref("vmi-gone") }),
      upstream: admitted("dev/vmi-gone"),
    },
  ]),
  ...of("pkg/builder/mutating_webhook.go Handle", [
    {
      title: "an object that is being deleted is admitted unchanged",
      metadata: { deletionTimestamp: "2026-08-01T00:00:00Z" },
      spec: { imageName: "windows" },
      facts: from(STORED, { deletionTimestamp: "2026-08-01T00:00:00Z" }),
      upstream: admitted("none"),
    },
    {
      title: "DELETE is admitted",
      spec: STORED,
      facts: { ...from(STORED), operation: "DELETE" },
      upstream: admitted(),
      isBeyondOracle: true,
    },
  ]),
  ...of(KIND_ON_UPDATE, [
    {
      title: "a CD-ROM's namespaced kind is restored on update",
      spec: stored(cd(1, "vmi-i", "")),
      facts: from(stored(cd(1, "vmi-i"))),
      upstream: admitted("dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      title: "a CD-ROM's namespaced kind is restored by the name of the image, not by that of the CD-ROM",
      spec: stored(cd(2, "vmi-i", "")),
      facts: from(stored(cd(1, "vmi-i"))),
      upstream: admitted("dev/vmi-ovf", "dev/vmi-i"),
    },
    {
      title: "a CD-ROM's cluster kind is not restored on update",
      spec: stored(cd(1, "vmi-k", "")),
      facts: from(stored(cd(1, "vmi-k", CVMI))),
      upstream: denied(`spec.hardware.cdrom[0].image.kind: Unsupported value: "": ${SUPPORTED_KINDS}`),
      difference: differs.admitted(README.respelled, "dev/vmi-ovf", "cluster/vmi-k"),
    },
    {
      title: "a new CD-ROM of an update gets no kind",
      spec: stored(cd(1, "vmi-i", "")),
      facts: from({ ...STORED, guestID: "ubuntu64Guest" }),
      upstream: denied(`spec.hardware.cdrom[0].image.kind: Unsupported value: "": ${SUPPORTED_KINDS}`),
      difference: differs.admitted(README.cdromWithoutKind, "dev/vmi-ovf", "dev/vmi-i"),
    },
  ]),
];

/** vm-operator's mutation of machines. */
export const MUTATION_ROWS: readonly Row[] = [...NAMES, ...CREATION, ...MUTATION_OF_UPDATES];
