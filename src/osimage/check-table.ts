import type { CheckRow } from "../references/check.ts";
import { EXISTS, exists } from "../references/checks/exists.ts";
import { READY, ready } from "../references/checks/ready.ts";
import { TERMINATING, terminating } from "../references/checks/terminating.ts";
import type { FieldError } from "../references/field-error.ts";
import { imageError, type ImageProblem } from "../references/image-error.ts";
import { mayUse } from "./access.ts";
import { access } from "./checks/access.ts";
import { checksum, emptyChecksum } from "./checks/checksum.ts";
import { displayName } from "./checks/display-name.ts";
import { owner } from "./checks/owner.ts";
import { property } from "./checks/property.ts";
import { source } from "./checks/source.ts";
import type { OsImageContext } from "./context.ts";

/** The check table of vCluster Platform's objects. */
export const OS_IMAGE_CHECKS: readonly CheckRow<OsImageContext>[] = [
  {
    ...EXISTS,
    run: exists<OsImageContext>({
      placeOf: () => "OSImages",
      noImage: () => "no OSImage",
      isUsable: mayUse,
      isAdmittedAsSent: () => false,
    }),
  },
  {
    ...READY,
    run: ready(errorOf, "nothing can be provisioned with it"),
  },
  {
    ...TERMINATING,
    run: terminating(errorOf),
  },
  {
    id: "access",
    level: "warn",
    mutate: "never",
    rule: "a caller that names an OSImage owns it or is granted get or * by its access, where the image says who may use it",
    run: access,
  },
  {
    id: "osimage-source",
    level: "deny",
    mutate: "never",
    rule: "an OSImage has what Metal3 and KubeVirt need to fetch it; what they ignore, or others may add, warns",
    run: source,
  },
  {
    id: "osimage-checksum",
    level: "deny",
    mutate: "never",
    rule: "a checksum of an OSImage can be one of its type, or is the URL of a file of checksums",
    run: checksum,
  },
  {
    id: "osimage-empty-checksum",
    level: "warn",
    mutate: "never",
    rule: "a checksum of an OSImage is not that of an empty file",
    run: emptyChecksum,
  },
  {
    id: "osimage-property",
    level: "warn",
    mutate: "never",
    rule: "a property of an OSImage with the prefix of Metal3 or KubeVirt is one that these know",
    run: property,
  },
  {
    id: "osimage-display-name",
    level: "warn",
    mutate: "never",
    rule: "no other OSImage has the display name of an OSImage, or that as its object name",
    run: displayName,
  },
  {
    id: "osimage-owner",
    level: "deny",
    mutate: "never",
    rule: "an OSImage is owned by a user or a team, not both, and entries of its access have verbs",
    run: owner,
  },
];

function errorOf(_: OsImageContext, fault: ImageProblem): FieldError {
  return imageError(fault);
}
