/** The properties that say where an image comes from (vCluster Platform, os-images.mdx). */
export const METAL3 = {
  url: "metal3.vcluster.com/image-url",
  checksum: "metal3.vcluster.com/image-checksum",
  checksumType: "metal3.vcluster.com/image-checksum-type",
} as const;

export const KUBEVIRT = {
  type: "machines.vcluster.com/os-image-type",
  url: "kubevirt.vcluster.com/image-url",
  dataSource: "kubevirt.vcluster.com/image-datasource",
  checksum: "kubevirt.vcluster.com/image-checksum",
  rootDiskSize: "kubevirt.vcluster.com/root-disk-size",
} as const;

/** Of KUBEVIRT.type. */
export const KUBEVIRT_TYPE = "kubevirt";

/**
 * The table of properties that a provider is documented to read (metal3.mdx and kubevirt.mdx of version 4.10), by the
 * prefix of their keys. Keys with another prefix are not checked: they are another provider's, or a person's own.
 */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "metal3.vcluster.com/": [
    "image-url",
    "image-checksum",
    "image-checksum-type",
    "network-cidr",
    "network-ip-range",
    "dns-servers",
    "network-data",
    "server-name",
  ],
  "kubevirt.vcluster.com/": [
    "image-url",
    "image-checksum",
    "image-datasource",
    "image-datavolume-template",
    "root-disk-size",
    "root-disk-template",
    "vm-template",
    "merge-virtual-machine-template",
    "network-cidr",
    "network-interface",
    "network-ip-range",
    "network-nameservers",
    "network-data",
    "network-attachment-definition",
    "interface-binding",
    "interface-template",
    "multus-default",
    "capacity-type",
  ],
};

/** The known properties of the provider whose prefix this key has; undefined for a key of none. */
export function knownBeside(key: string): readonly string[] | undefined {
  const prefix = Object.keys(KNOWN).find((each) => key.startsWith(each));
  return prefix === undefined ? undefined : KNOWN[prefix]?.map((name) => prefix + name);
}
