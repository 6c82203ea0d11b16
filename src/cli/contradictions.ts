import type { FlagName } from "./flags.ts";

/** A flag that was given: on the command line, or by its environment variable. */
export interface GivenFlag {
  /** As it is typed: `--images`, or the name of the variable. */
  readonly from: string;
  readonly texts: readonly string[];
}

export type FlagSources = Readonly<Partial<Record<FlagName, GivenFlag>>>;

/** Two flags of which one makes the other meaningless. */
interface Contradiction {
  readonly flag: FlagName;
  readonly against: FlagName;
  readonly why: string;
  /** Which of the two to leave out. */
  readonly leaveOut: "flag" | "either";
}

/** With `--cert-mode cluster` these flags are for the certificate, too. */
const CERTIFICATE_IN_CLUSTER: readonly FlagName[] = ["kubeconfig", "context", "osimage"];

const CONTRADICTIONS: readonly Contradiction[] = [
  {
    flag: "kubeconfig",
    against: "images",
    why: "images come from a cluster or from a folder",
    leaveOut: "either",
  },
  { flag: "context", against: "images", why: "images come from a cluster or from a folder", leaveOut: "either" },
  { flag: "osimage", against: "images", why: "OSImages of a folder are always read", leaveOut: "flag" },
];

/** Flags of a CA in the cluster. */
const CLUSTER_MODE_FLAGS: readonly FlagName[] = ["ca-secret", "ca-lifetime", "cert-lifetime"];

/** Says which of the given flags of a command contradict each other, and what to do: a line each. */
export function contradictions(names: readonly FlagName[], given: FlagSources): readonly string[] {
  const hasClusterMode = given["cert-mode"]?.texts.at(-1) === "cluster";
  const pairs = CONTRADICTIONS.flatMap(({ flag, against, why, leaveOut }) => {
    const [one, other] = [given[flag], given[against]];
    if (!isSet(one) || !isSet(other)) return [];
    if (hasClusterMode && CERTIFICATE_IN_CLUSTER.includes(flag)) return [];
    const remedy = leaveOut === "flag" ? without(one) : `${without(one)}, or ${without(other)}`;
    return [`${one.from} with ${other.from}: ${why}; ${remedy}`];
  });
  const ofClusterMode = CLUSTER_MODE_FLAGS.flatMap((flag) => {
    const one = given[flag];
    if (!isSet(one) || hasClusterMode || !names.includes("cert-mode")) return [];
    return [`${one.from} without --cert-mode cluster: no other mode makes a CA; add that flag, or ${without(one)}`];
  });
  return [...pairs, ...ofClusterMode];
}

/** A flag that is on or off may be given as off, and a path as empty. */
function isSet(flag: GivenFlag | undefined): flag is GivenFlag {
  return flag !== undefined && !["false", ""].includes(flag.texts.at(-1) ?? "");
}

function without({ from }: GivenFlag): string {
  return from.startsWith("--") ? `leave out ${from}` : `unset ${from}`;
}
