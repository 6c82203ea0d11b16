import { VM_IMAGE_KINDS } from "../images/image.ts";
import { kubectlGet } from "../references/list-command.ts";
import type { AdmissionTarget } from "../references/target.ts";

/** Labels that vm-operator copies from an image's status (pkg/util/image SyncStatusToLabels). */
export const ISO_LABEL = "image.vmoperator.vmware.com/type=ISO";
const CAPABILITY_LABEL_PREFIX = "capability.image.vmoperator.vmware.com/";

/** The command that shows the images which a machine of this namespace can name; of these, those with all labels. */
export function listCommand({ namespace }: AdmissionTarget, labels: readonly string[] = []): string {
  const selector = labels.length === 0 ? "" : ` -l ${labels.join(",")}`;
  return kubectlGet(VM_IMAGE_KINDS, namespace) + selector;
}

/** The command that shows the firmware of the same images; no label has it. */
export function firmwareCommand(target: AdmissionTarget): string {
  return `${listCommand(target)} -o custom-columns=NAME:.status.name,FIRMWARE:.status.firmware`;
}

export function capabilityLabel(capability: string): string {
  return CAPABILITY_LABEL_PREFIX + capability;
}
