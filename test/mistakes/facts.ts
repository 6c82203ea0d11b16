import {
  BUILD_AGENT,
  DEBIAN,
  EDGE_GATEWAY,
  LEGACY_ERP,
  LIVE_ISO,
  RESCUE_ISO,
  ROCKY,
  UBUNTU,
  WINDOWS,
} from "./images.ts";
import type { ImageRef, Mistake } from "./mistake.ts";

const SECURE_BOOT = { efiSecureBoot: "Enabled" };
const CAPABILITIES = "vm-image-webhook.dev/required-capabilities";

const ONLY_IMAGE_SAYS_EFI =
  `spec.bootOptions.efiSecureBoot: only image "${UBUNTU.name}" says firmware efi, and vm-operator refuses secure boot ` +
  "without it in the VM; write spec.bootOptions.firmware: efi";

function cdrom(name: string, { kind, name: image }: ImageRef): object {
  return { name, image: { kind, name: image } };
}

/** The image is there, and is not what the machine needs. */
export const FACT_MISTAKES: readonly Mistake[] = [
  {
    title: "an ISO image to boot from, without a CD-ROM",
    applied: { spec: { imageName: "rescue-disk" } },
    outcome: "warned",
    messages: [
      'spec.imageName: "vmi-7a94e05c2d1f6b380": rescue-disk: the image is of type ISO, and no CD-ROM holds it to boot from; set spec.guestID, such as ubuntu64Guest, and add to spec.hardware.cdrom {name: cdrom1, image: {name: vmi-7a94e05c2d1f6b380}}',
    ],
    remedied: [{ boots: RESCUE_ISO, cdroms: [RESCUE_ISO] }],
  },
  {
    title: "an image that is no ISO in a CD-ROM",
    applied: {
      spec: {
        imageName: "ubuntu-24.04",
        guestID: "ubuntu64Guest",
        hardware: { cdrom: [cdrom("cdrom1", ROCKY)] },
      },
    },
    outcome: "refused",
    messages: [
      'spec.hardware.cdrom[0].image.name: Invalid value: "vmi-5cb0d0fbeb78ad7a5": rocky-9.5: the image is of type OVF, and a CD-ROM needs one of type ISO; choose an ISO image (kubectl get vmi,cvmi -n dev -l image.vmoperator.vmware.com/type=ISO lists them)',
    ],
    remedied: [{ typed: "rescue-disk", boots: UBUNTU, cdroms: [RESCUE_ISO] }],
  },
  {
    title: "a CD-ROM without a guest ID",
    applied: { spec: { imageName: "ubuntu-24.04", hardware: { cdrom: [cdrom("cdrom1", LIVE_ISO)] } } },
    outcome: "refused",
    messages: [
      "spec.guestID: Required value: a VM with CD-ROMs needs the vSphere ID of its guest operating system, such as ubuntu64Guest",
    ],
    remedied: [{ boots: UBUNTU, cdroms: [LIVE_ISO] }],
  },
  {
    title: "the same ISO image in two CD-ROMs",
    applied: {
      spec: {
        imageName: "ubuntu-24.04",
        guestID: "ubuntu64Guest",
        hardware: { cdrom: [cdrom("cdrom1", LIVE_ISO), cdrom("cdrom2", { ...LIVE_ISO, name: "ubuntu-24.04-live" })] },
      },
    },
    outcome: "refused",
    messages: [
      'spec.hardware.cdrom[1].image.name: Duplicate value: "vmi-cae970d7cebbffc03": spec.hardware.cdrom[0].image.name holds this image already; choose another one (kubectl get vmi,cvmi -n dev -l image.vmoperator.vmware.com/type=ISO lists them), or leave one of the two CD-ROMs out',
    ],
    remedied: [
      { typed: "rescue-disk", boots: UBUNTU, cdroms: [LIVE_ISO, RESCUE_ISO] },
      { boots: UBUNTU, cdroms: [LIVE_ISO] },
      { boots: UBUNTU, cdroms: [LIVE_ISO] },
    ],
  },
  {
    title: "a typo in a CD-ROM",
    applied: {
      spec: {
        imageName: "ubuntu-24.04",
        guestID: "ubuntu64Guest",
        hardware: { cdrom: [cdrom("cdrom1", { ...LIVE_ISO, name: "ubuntu-24.04-life" })] },
      },
    },
    outcome: "refused",
    messages: [
      'spec.hardware.cdrom[0].image.name: Not found: "ubuntu-24.04-life": no ClusterVirtualMachineImage has this display name or object name; did you mean "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: UBUNTU, cdroms: [LIVE_ISO] }],
  },
  {
    title: "an image that is not ready",
    applied: { spec: { imageName: "debian-13" } },
    outcome: "warned",
    messages: [
      'spec.imageName: "vmi-859800d0616bdde5a": debian-13: the image is not ready (VirtualMachineImageNotSynced: Failed to sync to the latest content version from provider); the VM waits until it is',
    ],
    remedied: [{ boots: DEBIAN }],
  },
  {
    title: "an image that is being deleted",
    applied: { spec: { imageName: BUILD_AGENT.name } },
    outcome: "warned",
    messages: [
      'spec.imageName: "vmi-5e21c8b60fd934a70": build-agent: the image is being deleted; choose another one (kubectl get vmi,cvmi -n dev lists them)',
    ],
    remedied: [{ typed: "ubuntu-24.04", boots: UBUNTU }],
  },
  {
    title: "the display name of an image that is being deleted",
    applied: { spec: { imageName: "build-agent" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "build-agent": no image in namespace "dev" or the cluster has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
    remedied: [{ typed: "ubuntu-24.04", boots: UBUNTU }],
  },
  {
    title: "a capability that the image does not have",
    applied: { metadata: { annotations: { [CAPABILITIES]: "nvidia-gpu" } }, spec: { imageName: "ubuntu-24.04" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "vmi-0a0044d7c690bcbea": ubuntu-24.04: the image lacks "nvidia-gpu" of annotation vm-image-webhook.dev/required-capabilities (it has "cloud-init"); choose another image (kubectl get vmi,cvmi -n dev -l capability.image.vmoperator.vmware.com/nvidia-gpu lists those that have all), or change the annotation',
    ],
    remedied: [{ typed: "windows-2025", boots: WINDOWS }, { boots: UBUNTU }],
  },
  {
    title: "secure boot for an image with BIOS",
    applied: { spec: { imageName: "legacy-erp", bootOptions: SECURE_BOOT } },
    outcome: "refused",
    messages: [
      'spec.bootOptions.efiSecureBoot: Forbidden: secure boot needs firmware efi, and image "vmi-3b58d92f07c6ae140" has "bios"; choose an image for efi (kubectl get vmi,cvmi -n dev -o custom-columns=NAME:.status.name,FIRMWARE:.status.firmware lists them), write spec.bootOptions.firmware: efi if it boots so, or leave secure boot out',
    ],
    remedied: [
      { typed: "ubuntu-24.04", boots: UBUNTU, warnings: [ONLY_IMAGE_SAYS_EFI] },
      { boots: LEGACY_ERP },
      { boots: LEGACY_ERP },
    ],
  },
  {
    title: "secure boot with firmware BIOS",
    applied: { spec: { imageName: "ubuntu-24.04", bootOptions: { ...SECURE_BOOT, firmware: "bios" } } },
    outcome: "refused",
    messages: [
      'spec.bootOptions.efiSecureBoot: Forbidden: secure boot needs firmware efi, and spec.bootOptions.firmware is "bios"; write efi there, or leave secure boot out',
    ],
    remedied: [{ boots: UBUNTU }, { boots: UBUNTU }],
  },
  {
    title: "secure boot without firmware, for an image with EFI",
    applied: { spec: { imageName: "ubuntu-24.04", bootOptions: SECURE_BOOT } },
    outcome: "warned",
    messages: [
      'spec.bootOptions.efiSecureBoot: only image "vmi-0a0044d7c690bcbea" says firmware efi, and vm-operator refuses secure boot without it in the VM; write spec.bootOptions.firmware: efi',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "secure boot for an image whose firmware is not known",
    applied: { spec: { imageName: "edge-gateway", bootOptions: SECURE_BOOT } },
    outcome: "warned",
    messages: [
      'spec.bootOptions.efiSecureBoot: the firmware of image "vmi-4f0d7a93b1e25c860" is not known, and secure boot needs efi; write spec.bootOptions.firmware: efi',
    ],
    remedied: [{ boots: EDGE_GATEWAY }],
  },
];
