import { LEGACY_ERP, PHOTON_OF_CL_LINUX, PHOTON_OF_CL_TEAM, ROCKY, UBUNTU } from "./images.ts";
import type { Mistake } from "./mistake.ts";

const kind = "VirtualMachineReplicaSet";

const ONLY_IMAGE_SAYS_EFI =
  `spec.template.spec.bootOptions.efiSecureBoot: only image "${UBUNTU.name}" says firmware efi, and vm-operator ` +
  "refuses secure boot without it in the VM; write spec.template.spec.bootOptions.firmware: efi";

/** The template of a ReplicaSet. */
export const TEMPLATE_MISTAKES: readonly Mistake[] = [
  {
    title: "a typo in a template",
    applied: { kind, spec: { imageName: "ubuntu-2404" } },
    outcome: "refused",
    messages: [
      'spec.template.spec.imageName: Not found: "ubuntu-2404": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea)?',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "an ambiguous name in a template",
    applied: { kind, spec: { imageName: "photon-5" } },
    outcome: "refused",
    messages: [
      'spec.template.spec.imageName: Invalid value: "photon-5": ambiguous: 2 images in namespace "dev" have this display name: vmi-38cba0e73c6ba3792 (cl-linux), vmi-2173ee292a3fca160 (cl-team); use one of these IDs, or LIBRARY/NAME',
    ],
    remedied: [
      { boots: PHOTON_OF_CL_LINUX },
      { boots: PHOTON_OF_CL_TEAM },
      { boots: PHOTON_OF_CL_LINUX },
      { boots: PHOTON_OF_CL_TEAM },
    ],
  },
  {
    title: "imageName and image of different images in a template",
    applied: { kind, spec: { imageName: "ubuntu-24.04", image: ROCKY } },
    outcome: "refused",
    messages: [
      'spec.template.spec.imageName: Invalid value: "ubuntu-24.04": spec.template.spec.image names another image, "vmi-5cb0d0fbeb78ad7a5" (rocky-9.5); write that here or leave one of the two out',
    ],
    remedied: [{ boots: ROCKY }, { boots: ROCKY }, { boots: ROCKY }, { boots: UBUNTU }],
  },
  {
    title: "no image in a template",
    applied: { kind, spec: {} },
    outcome: "refused",
    messages: [
      "spec.template.spec.imageName: Required value: the VM has nothing to boot from; write the display name or VMI ID of an image (kubectl get vmi,cvmi -n dev lists them)",
    ],
    remedied: [{ typed: "ubuntu-24.04", boots: UBUNTU }],
  },
  {
    title: "secure boot in a template for an image with BIOS",
    applied: { kind, spec: { imageName: "legacy-erp", bootOptions: { efiSecureBoot: "Enabled" } } },
    outcome: "refused",
    messages: [
      'spec.template.spec.bootOptions.efiSecureBoot: Forbidden: secure boot needs firmware efi, and image "vmi-3b58d92f07c6ae140" has "bios"; choose an image for efi (kubectl get vmi,cvmi -n dev -o custom-columns=NAME:.status.name,FIRMWARE:.status.firmware lists them), write spec.template.spec.bootOptions.firmware: efi if it boots so, or leave secure boot out',
    ],
    remedied: [
      { typed: "ubuntu-24.04", boots: UBUNTU, warnings: [ONLY_IMAGE_SAYS_EFI] },
      { boots: LEGACY_ERP },
      { boots: LEGACY_ERP },
    ],
  },
  {
    title: "a typo when a template gets another image",
    before: { kind, spec: { imageName: "ubuntu-24.04" } },
    applied: { kind, spec: { imageName: "rocky-95" } },
    outcome: "refused",
    messages: [
      'spec.template.spec.imageName: Not found: "rocky-95": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "another imageName beside an image that stays, in a template",
    before: { kind, spec: { imageName: "ubuntu-24.04", image: UBUNTU } },
    applied: { kind, spec: { imageName: "ubuntu-24.04", image: ROCKY } },
    outcome: "refused",
    messages: [
      'spec.template.spec.imageName: Invalid value: "ubuntu-24.04": spec.template.spec.image names another image, "vmi-5cb0d0fbeb78ad7a5" (rocky-9.5); write that here or leave one of the two out',
    ],
    remedied: [{ boots: ROCKY }, { boots: ROCKY }, { boots: ROCKY }, { boots: UBUNTU }],
  },
];
