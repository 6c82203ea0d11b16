import { type Image, type ImageKind, VM_IMAGE_KINDS } from "../images/image.ts";
import type { CheckRow } from "../references/check.ts";
import { EXISTS, exists } from "../references/checks/exists.ts";
import { READY, ready } from "../references/checks/ready.ts";
import { TERMINATING, terminating } from "../references/checks/terminating.ts";
import { quote } from "../references/field-error.ts";
import { isAdmittedAsSent } from "./admitted-as-sent.ts";
import { agree } from "./checks/agree.ts";
import { bootType } from "./checks/boot-type.ts";
import { asksForCapabilities, capabilities } from "./checks/capabilities.ts";
import { cdromDuplicate } from "./checks/cdrom-duplicate.ts";
import { cdromGuestId } from "./checks/cdrom-guest-id.ts";
import { cdromPoweredOn } from "./checks/cdrom-powered-on.ts";
import { cdromType } from "./checks/cdrom-type.ts";
import { conversion } from "./checks/conversion.ts";
import { firmware, wantsSecureBoot } from "./checks/firmware.ts";
import { immutable } from "./checks/immutable.ts";
import { kind } from "./checks/kind.ts";
import { publishCollision } from "./checks/publish-collision.ts";
import { required } from "./checks/required.ts";
import type { MachineContext } from "./context.ts";
import { machineImageError } from "./machine-image-error.ts";

/** The check table of vm-operator's objects. */
export const VM_CHECKS: readonly CheckRow<MachineContext>[] = [
  {
    ...EXISTS,
    run: exists({ placeOf, noImage, isUsable: () => true, isAdmittedAsSent }),
  },
  {
    id: "kind",
    level: "deny",
    mutate: "before",
    rule: "a kind is VirtualMachineImage or ClusterVirtualMachineImage",
    run: kind,
  },
  { id: "agree", level: "deny", mutate: "before", rule: "imageName and image name the same image", run: agree },
  {
    id: "required",
    level: "deny",
    mutate: "never",
    rule: "a machine has an imageName, an image or a CD-ROM, unless a privileged caller creates it",
    run: required,
  },
  {
    id: "immutable",
    level: "deny",
    mutate: "before",
    rule: "imageName and image of a machine do not change after its creation",
    run: immutable,
  },
  {
    id: "conversion",
    level: "deny",
    mutate: "only",
    rule: "the conversion annotation of a v1alpha1 or v1alpha2 machine boots the image that is written; on CREATE",
    run: conversion,
  },
  {
    ...READY,
    run: ready<MachineContext>(machineImageError, "the VM waits"),
  },
  {
    ...TERMINATING,
    run: terminating<MachineContext>(machineImageError),
  },
  {
    id: "capabilities",
    level: "deny",
    mutate: "after",
    rule: "the image has what annotation vm-image-webhook.dev/required-capabilities asks for",
    appliesTo: asksForCapabilities,
    run: capabilities,
  },
  {
    id: "cdrom-duplicate",
    level: "deny",
    mutate: "after",
    rule: "no two CD-ROMs hold the same image",
    appliesTo: hasCdroms,
    run: cdromDuplicate,
  },
  {
    id: "cdrom-type",
    level: "deny",
    mutate: "after",
    rule: "a CD-ROM's image is of type ISO, where its type is known",
    appliesTo: hasCdroms,
    run: cdromType,
  },
  {
    id: "cdrom-powered-on",
    level: "deny",
    mutate: "after",
    rule: "CD-ROMs are not added, removed or given another image while the machine is powered on",
    appliesTo: (context) => hasCdroms(context) || context.oldBoot?.hasCdroms === true,
    run: cdromPoweredOn,
  },
  {
    id: "cdrom-guest-id",
    level: "deny",
    mutate: "afterOnUpdate",
    rule: "a machine with CD-ROMs has a guestID",
    appliesTo: hasCdroms,
    run: cdromGuestId,
  },
  {
    id: "firmware",
    level: "deny",
    mutate: "afterOnUpdate",
    rule: "secure boot goes with firmware efi, of the machine or of its image; firmware that only the image says, or that is unknown, warns",
    appliesTo: wantsSecureBoot,
    run: firmware,
  },
  {
    id: "boot-type",
    level: "warn",
    mutate: "never",
    rule: "an ISO image that a machine is to boot from is in a CD-ROM",
    run: bootType,
  },
  {
    id: "publish-collision",
    level: "warn",
    mutate: "never",
    rule: "the display names that a publish request creates are not in use and no VMI IDs; on CREATE",
    run: publishCollision,
  },
];

function hasCdroms({ cdroms }: MachineContext): boolean {
  return cdroms.length > 0;
}

/** `images in namespace "dev" and the cluster` */
function placeOf(candidates: readonly Image[], namespace: string | undefined): string {
  const places = { VirtualMachineImage: namespaceText(namespace), ClusterVirtualMachineImage: "the cluster" };
  const kinds = VM_IMAGE_KINDS.filter((each) => candidates.some((image) => image.kind === each));
  return `images in ${[...new Set(kinds.map((each) => places[each]))].join(" and ")}`;
}

function noImage(imageKind: ImageKind | undefined, namespace: string | undefined): string {
  if (imageKind === "VirtualMachineImage") return `no VirtualMachineImage in ${namespaceText(namespace)}`;
  if (imageKind !== undefined) return `no ${imageKind}`;
  return `no image in ${namespace === undefined ? "" : `namespace ${quote(namespace)} or `}the cluster`;
}

function namespaceText(namespace: string | undefined): string {
  return namespace === undefined ? "the cluster" : `namespace ${quote(namespace)}`;
}
