import { access } from "../osimage/checks/access.ts";
import { checksum, emptyChecksum } from "../osimage/checks/checksum.ts";
import { displayName } from "../osimage/checks/display-name.ts";
import { owner } from "../osimage/checks/owner.ts";
import { property } from "../osimage/checks/property.ts";
import { source } from "../osimage/checks/source.ts";
import { agree } from "./checks/agree.ts";
import { bootType } from "./checks/boot-type.ts";
import { capabilities } from "./checks/capabilities.ts";
import { cdromDuplicate } from "./checks/cdrom-duplicate.ts";
import { cdromGuestId } from "./checks/cdrom-guest-id.ts";
import { cdromPoweredOn } from "./checks/cdrom-powered-on.ts";
import { cdromType } from "./checks/cdrom-type.ts";
import { exists } from "./checks/exists.ts";
import { firmware } from "./checks/firmware.ts";
import { immutable } from "./checks/immutable.ts";
import { kind } from "./checks/kind.ts";
import { publishCollision } from "./checks/publish-collision.ts";
import { ready } from "./checks/ready.ts";
import { required } from "./checks/required.ts";
import { terminating } from "./checks/terminating.ts";
import { type } from "./checks/type.ts";
import type { ReviewContext } from "./context.ts";
import { type CheckId, type Level, type Levels, levelsBy } from "./policy.ts";
import type { FieldProblem } from "./problem.ts";
import type { Endpoint } from "./subject.ts";

export interface CheckRow {
  readonly id: CheckId;
  /** What a failure does unless `--check` says otherwise. */
  readonly level: Level;
  /** `both`: met while mutating already, because no right patch exists then. */
  readonly endpoint: "both" | "validate";
  /** What it demands, for people. */
  readonly rule: string;
  readonly run: (context: ReviewContext) => Iterable<FieldProblem>;
}

/** THE table of checks; design section 6. */
export const CHECKS: readonly CheckRow[] = [
  {
    id: "exists",
    level: "deny",
    endpoint: "both",
    rule: "a reference names exactly one image visible to this namespace",
    run: exists,
  },
  {
    id: "kind",
    level: "deny",
    endpoint: "both",
    rule: "a kind is VirtualMachineImage or ClusterVirtualMachineImage",
    run: kind,
  },
  { id: "agree", level: "deny", endpoint: "both", rule: "imageName and image name the same image", run: agree },
  {
    id: "required",
    level: "deny",
    endpoint: "validate",
    rule: "a machine has an imageName, an image or a CD-ROM, unless a privileged caller creates it",
    run: required,
  },
  {
    id: "immutable",
    level: "deny",
    endpoint: "both",
    rule: "imageName and image of a machine do not change after its creation",
    run: immutable,
  },
  { id: "ready", level: "warn", endpoint: "validate", rule: "the image's Ready condition is True", run: ready },
  { id: "terminating", level: "warn", endpoint: "validate", rule: "the image is not being deleted", run: terminating },
  {
    id: "capabilities",
    level: "deny",
    endpoint: "validate",
    rule: "the image has what annotation vm-image-webhook.dev/required-capabilities asks for",
    run: capabilities,
  },
  {
    id: "cdrom-duplicate",
    level: "deny",
    endpoint: "validate",
    rule: "no two CD-ROMs hold the same image",
    run: cdromDuplicate,
  },
  {
    id: "cdrom-type",
    level: "deny",
    endpoint: "validate",
    rule: "a CD-ROM's image is of type ISO, where its type is known",
    run: cdromType,
  },
  {
    id: "cdrom-powered-on",
    level: "deny",
    endpoint: "validate",
    rule: "CD-ROMs are not added, removed or given another image while the machine is powered on",
    run: cdromPoweredOn,
  },
  {
    id: "cdrom-guest-id",
    level: "deny",
    endpoint: "validate",
    rule: "a machine with CD-ROMs has a guestID",
    run: cdromGuestId,
  },
  {
    id: "firmware",
    level: "deny",
    endpoint: "validate",
    rule: "secure boot goes with firmware efi, of the machine or of its image; firmware that only the image says, or that is unknown, warns",
    run: firmware,
  },
  {
    id: "boot-type",
    level: "warn",
    endpoint: "validate",
    rule: "an ISO image that a machine is to boot from is in a CD-ROM",
    run: bootType,
  },
  {
    id: "publish-collision",
    level: "warn",
    endpoint: "validate",
    rule: "the display names that a publish request creates are not in use and no VMI IDs; on CREATE",
    run: publishCollision,
  },
  {
    id: "access",
    level: "warn",
    endpoint: "validate",
    rule: "whoever names an OSImage owns it or is granted get or * by its access, where it says who may use it",
    run: access,
  },
  {
    id: "osimage-source",
    level: "deny",
    endpoint: "validate",
    rule: "an OSImage has what Metal3 and KubeVirt need to fetch it; what they ignore, or others may add, warns",
    run: source,
  },
  {
    id: "osimage-checksum",
    level: "deny",
    endpoint: "validate",
    rule: "a checksum of an OSImage can be one of its type, or is the URL of a file of checksums",
    run: checksum,
  },
  {
    id: "osimage-empty-checksum",
    level: "warn",
    endpoint: "validate",
    rule: "a checksum of an OSImage is not that of an empty file",
    run: emptyChecksum,
  },
  {
    id: "osimage-property",
    level: "warn",
    endpoint: "validate",
    rule: "a property of an OSImage with the prefix of Metal3 or KubeVirt is one that these know",
    run: property,
  },
  {
    id: "osimage-display-name",
    level: "warn",
    endpoint: "validate",
    rule: "no other OSImage has the display name of an OSImage, or that as its object name",
    run: displayName,
  },
  {
    id: "osimage-owner",
    level: "deny",
    endpoint: "validate",
    rule: "an OSImage is owned by a user or a team, not both, and entries of its access have verbs",
    run: owner,
  },
];

export const DEFAULT_LEVELS = levelsBy(CHECKS, ({ level }) => level);

export interface Findings {
  readonly denials: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

/** All problems of an object that its endpoint looks for, by what they do. */
export function runChecks(context: ReviewContext): Findings {
  const { endpoint } = context.subject;
  const denials: FieldProblem[] = endpoint === "validate" ? [...type(context)] : [];
  const warnings: FieldProblem[] = [];
  for (const { run, level } of activeChecks(context.policy.levels)[endpoint]) {
    for (const problem of run(context)) {
      (level === "deny" && problem.onlyWarns !== true ? denials : warnings).push(problem);
    }
  }
  return { denials, warnings };
}

type ActiveChecks = Readonly<Record<Endpoint, readonly Pick<CheckRow, "run" | "level">[]>>;

/** Those that are not off, by endpoint, with the level that they have here; levels are those of a policy, and few. */
function activeChecks(levels: Levels): ActiveChecks {
  const known = ACTIVE.get(levels);
  if (known !== undefined) return known;
  const validate = CHECKS.map((check) => ({ ...check, level: levels[check.id] })).filter(
    ({ level }) => level !== "off",
  );
  const made = { validate, mutate: validate.filter(({ endpoint }) => endpoint === "both") };
  ACTIVE.set(levels, made);
  return made;
}

const ACTIVE = new WeakMap<Levels, ActiveChecks>();
