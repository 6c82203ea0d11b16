/**
 * The part of vm-operator's mutating webhook that runs after ours, as a test oracle: transcribed from
 * webhooks/virtualmachine/mutation/virtualmachine_mutator.go and pkg/util/vmopv1/vm.go (commit 506dc5d), with its
 * order of functions and its messages.
 */
import type { Image, ImageKind } from "../../src/images/image.ts";
import { at, isJsonObject, listAt, textAt } from "../../src/json.ts";

/** A machine as vm-operator's webhook sees it: converted to the newest version. */
export interface HubMachine {
  readonly imageName: string;
  readonly image: { readonly kind: string; readonly name: string } | undefined;
  readonly cdroms: readonly { readonly connected: boolean; readonly kind: string; readonly name: string }[];
}

export type Outcome =
  { readonly is: "denied"; readonly message: string } | { readonly is: "admitted"; readonly machine: HubMachine };

/** Conversion on CREATE: v1alpha1 and v1alpha2 bring no image, CD-ROMs moved below hardware in v1alpha5. */
export function toHub(version: string, object: unknown): HubMachine {
  const hasImage = !["v1alpha1", "v1alpha2"].includes(version) && isJsonObject(at(object, ["spec", "image"]));
  const cdroms = ["v1alpha3", "v1alpha4"].includes(version)
    ? listAt(object, ["spec", "cdrom"])
    : ["v1alpha5", "v1alpha6"].includes(version)
      ? listAt(object, ["spec", "hardware", "cdrom"])
      : [];
  return {
    imageName: textAt(object, ["spec", "imageName"]),
    image: hasImage
      ? { kind: textAt(object, ["spec", "image", "kind"]), name: textAt(object, ["spec", "image", "name"]) }
      : undefined,
    cdroms: cdroms.map((cdrom) => ({
      connected: at(cdrom, ["connected"]) !== false,
      kind: textAt(cdrom, ["image", "kind"]) || "VirtualMachineImage",
      name: textAt(cdrom, ["image", "name"]),
    })),
  };
}

export function mutateOnCreate(machine: HubMachine, images: readonly Image[], namespace: string): Outcome {
  return resolveImageNameOnCreate(setImageNameFromCdrom(machine), images, namespace);
}

function setImageNameFromCdrom(machine: HubMachine): HubMachine {
  const [first] = machine.cdroms;
  if (machine.imageName !== "" || first === undefined) return machine;
  return { ...machine, imageName: (machine.cdroms.find(({ connected }) => connected) ?? first).name };
}

function resolveImageNameOnCreate(machine: HubMachine, images: readonly Image[], namespace: string): Outcome {
  const { imageName, image } = machine;
  if (imageName === "") return { is: "admitted", machine };
  const resolved = resolveImageName(imageName, images, namespace);
  if (typeof resolved === "string") return { is: "denied", message: resolved };
  if (image === undefined) return { is: "admitted", machine: { ...machine, image: resolved } };
  if (image.kind === resolved.kind && image.name === resolved.name) return { is: "admitted", machine };
  const message = `spec.imageName: Invalid value: "${imageName}": must refer to the same resource as spec.image`;
  return { is: "denied", message };
}

function resolveImageName(
  name: string,
  images: readonly Image[],
  namespace: string,
): { readonly kind: ImageKind; readonly name: string } | string {
  const namespaced = images.filter((image) => image.kind === "VirtualMachineImage" && image.namespace === namespace);
  const cluster = images.filter((image) => image.kind === "ClusterVirtualMachineImage");
  if (name.startsWith("vmi-")) {
    const image = [...namespaced, ...cluster].find((each) => each.name === name);
    return image ?? `no VM image exists for "${name}" in namespace or cluster scope`;
  }
  const inNamespace = namespaced.filter((image) => image.displayName === name);
  const inCluster = cluster.filter((image) => image.displayName === name);
  if (inNamespace.length > 1) return `multiple VM images exist for "${name}" in namespace scope`;
  if (inCluster.length > 1) return `multiple VM images exist for "${name}" in cluster scope`;
  if (inNamespace.length + inCluster.length > 1) {
    return `multiple VM images exist for "${name}" in namespace and cluster scope`;
  }
  return inNamespace[0] ?? inCluster[0] ?? `no VM image exists for "${name}" in namespace or cluster scope`;
}
