import { ALMA, FEDORAS, LIVE_ISO, PHOTON_OF_CL_LINUX, PHOTON_OF_CL_TEAM, ROCKY, UBUNTU } from "./images.ts";
import type { Mistake } from "./mistake.ts";

/** A suggestion does not know what the machine needs. */
const LIVE_ISO_WITHOUT_CDROM =
  `spec.imageName: "${LIVE_ISO.name}": ubuntu-24.04-live: the image is of type ISO, and no CD-ROM holds it ` +
  "to boot from; set spec.guestID, such as ubuntu64Guest, and add to spec.hardware.cdrom " +
  `{name: cdrom1, image: {name: ${LIVE_ISO.name}}}`;

/** A name that no image has, or several. */
export const NAME_MISTAKES: readonly Mistake[] = [
  {
    title: "a typo",
    applied: { spec: { imageName: "ubuntu-2404" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "ubuntu-2404": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea)?',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "two letters swapped",
    applied: { spec: { imageName: "rokcy-9.5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "rokcy-9.5": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "another letter case",
    applied: { spec: { imageName: "Ubuntu-24.04" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "Ubuntu-24.04": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea) or "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: UBUNTU }, { boots: LIVE_ISO, warnings: [LIVE_ISO_WITHOUT_CDROM] }],
  },
  {
    title: "a space after the name",
    applied: { spec: { imageName: "ubuntu-24.04 " } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "ubuntu-24.04 ": no image in namespace "dev" or the cluster has this display name or object name; the name has a trailing space; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea) or "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: UBUNTU }, { boots: LIVE_ISO, warnings: [LIVE_ISO_WITHOUT_CDROM] }],
  },
  {
    title: "a space before the name",
    applied: { spec: { imageName: " rocky-9.5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: " rocky-9.5": no image in namespace "dev" or the cluster has this display name or object name; the name has a leading space; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a no-break space within the name, from a web page",
    applied: { spec: { imageName: "Alma\u00a0Linux 9" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "Alma\u00a0Linux 9": no image in namespace "dev" or the cluster has this display name or object name; the name has U+00A0 in place of " "; did you mean "Alma Linux 9" (vmi-1c7be0f3a5d942e60)?',
    ],
    remedied: [{ boots: ALMA }],
  },
  {
    title: "an invisible character, from a chat",
    applied: { spec: { imageName: "ubuntu-24.04\u200b" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "ubuntu-24.04\\u200b": no image in namespace "dev" or the cluster has this display name or object name; the name has the invisible character U+200B; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea) or "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: UBUNTU }, { boots: LIVE_ISO, warnings: [LIVE_ISO_WITHOUT_CDROM] }],
  },
  {
    title: "a hyphen of a word processor",
    applied: { spec: { imageName: "ubuntu\u201124.04" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "ubuntu\u201124.04": no image in namespace "dev" or the cluster has this display name or object name; the name has U+2011 in place of "-"; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea) or "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: UBUNTU }, { boots: LIVE_ISO, warnings: [LIVE_ISO_WITHOUT_CDROM] }],
  },
  {
    title: "an underscore for a hyphen",
    applied: { spec: { imageName: "ubuntu_24.04" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "ubuntu_24.04": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea)?',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "only the beginning of the name",
    applied: { spec: { imageName: "rocky" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "rocky": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "the name that the distribution has",
    applied: { spec: { imageName: "Ubuntu Server 24.04 LTS" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "Ubuntu Server 24.04 LTS": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea) or "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: UBUNTU }, { boots: LIVE_ISO, warnings: [LIVE_ISO_WITHOUT_CDROM] }],
  },
  {
    title: "a URL",
    applied: { spec: { imageName: "https://images.example.com/rocky-9.5.ova" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "https://images.example.com/rocky-9.5.ova": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a file name",
    applied: { spec: { imageName: "rocky-9.5.ova" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "rocky-9.5.ova": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a container image",
    applied: { spec: { imageName: "docker.io/library/rocky:9.5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "docker.io/library/rocky:9.5": no image in namespace "dev" or the cluster has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
    remedied: [{ typed: "rocky-9.5", boots: ROCKY }],
  },
  {
    title: "a value that a template left empty",
    applied: { spec: { imageName: "{{ .Values.image }}" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "{{ .Values.image }}": no image in namespace "dev" or the cluster has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
    remedied: [{ typed: "rocky-9.5", boots: ROCKY }],
  },
  {
    title: "an image that is in another namespace only",
    applied: { spec: { imageName: "payroll" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "payroll": no image in namespace "dev" or the cluster has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
    remedied: [{ typed: "rocky-9.5", boots: ROCKY }],
  },
  {
    title: "a name of another namespace's image, where a similar one may be used",
    applied: { namespace: "other", spec: { imageName: "ubuntu-24.04" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "ubuntu-24.04": no image in namespace "other" or the cluster has this display name or object name; did you mean "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: LIVE_ISO, warnings: [LIVE_ISO_WITHOUT_CDROM] }],
  },
  {
    title: "the namespace before the name",
    applied: { spec: { imageName: "dev/ubuntu-24.04" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "dev/ubuntu-24.04": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea) or "ubuntu-24.04-live" (vmi-cae970d7cebbffc03)?',
    ],
    remedied: [{ boots: UBUNTU }, { boots: LIVE_ISO, warnings: [LIVE_ISO_WITHOUT_CDROM] }],
  },
  {
    title: "a name that resembles none",
    applied: { spec: { imageName: "solaris" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "solaris": no image in namespace "dev" or the cluster has this display name or object name; kubectl get vmi,cvmi -n dev lists what can be written',
    ],
    remedied: [{ typed: "vmi-5cb0d0fbeb78ad7a5", boots: ROCKY }],
  },
  {
    title: "a VMI ID with one wrong character",
    applied: { spec: { imageName: "vmi-0a0044d7c690bcbeb" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "vmi-0a0044d7c690bcbeb": no image in namespace "dev" or the cluster has this display name or object name; did you mean "ubuntu-24.04" (vmi-0a0044d7c690bcbea)?',
    ],
    remedied: [{ boots: UBUNTU }],
  },
  {
    title: "a VMI ID in upper case",
    applied: { spec: { imageName: "VMI-5CB0D0FBEB78AD7A5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "VMI-5CB0D0FBEB78AD7A5": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "a display name that two libraries have",
    applied: { spec: { imageName: "photon-5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "photon-5": ambiguous: 2 images in namespace "dev" have this display name: vmi-38cba0e73c6ba3792 (cl-linux), vmi-2173ee292a3fca160 (cl-team); use one of these IDs, or LIBRARY/NAME',
    ],
    remedied: [
      { boots: PHOTON_OF_CL_LINUX },
      { boots: PHOTON_OF_CL_TEAM },
      { boots: PHOTON_OF_CL_LINUX },
      { boots: PHOTON_OF_CL_TEAM },
    ],
  },
  {
    title: "a display name that one library has twice",
    applied: { spec: { imageName: "fedora-42" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Invalid value: "fedora-42": ambiguous: 2 images in the cluster have this display name: vmi-81f6b2d4c03e95a70 (cl-shared), vmi-9c05d7e1f82a4b630 (cl-shared); use one of these IDs',
    ],
    remedied: [{ boots: FEDORAS[0] }, { boots: FEDORAS[1] }],
  },
  {
    title: "a typo in the library",
    applied: { spec: { imageName: "cl-linx/photon-5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "cl-linx/photon-5": no image in namespace "dev" or the cluster has this display name or object name; did you mean "cl-linux/photon-5" (vmi-38cba0e73c6ba3792) or "cl-team/photon-5" (vmi-2173ee292a3fca160)?',
    ],
    remedied: [{ boots: PHOTON_OF_CL_LINUX }, { boots: PHOTON_OF_CL_TEAM }],
  },
  {
    title: "a library that does not have the image",
    applied: { spec: { imageName: "cl-linux/rocky-9.5" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "cl-linux/rocky-9.5": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
  {
    title: "no image at all",
    applied: { spec: {} },
    outcome: "refused",
    messages: [
      "spec.imageName: Required value: the VM has nothing to boot from; write the display name or VMI ID of an image (kubectl get vmi,cvmi -n dev lists them)",
    ],
    remedied: [{ typed: "ubuntu-24.04", boots: UBUNTU }],
  },
  {
    title: "a typo of an administrator",
    by: "admin",
    applied: { spec: { imageName: "rocky-95" } },
    outcome: "refused",
    messages: [
      'spec.imageName: Not found: "rocky-95": no image in namespace "dev" or the cluster has this display name or object name; did you mean "rocky-9.5" (vmi-5cb0d0fbeb78ad7a5)?',
    ],
    remedied: [{ boots: ROCKY }],
  },
];
