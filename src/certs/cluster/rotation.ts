import { type Lifetimes, RENEWAL_SHARE } from "./lifetimes.ts";
import type { SigningCa } from "./signing-ca.ts";

const MINUTE = 60_000;

/**
 * An API server watches its webhook configurations, and has a new `caBundle` within about a second. Five minutes are
 * far more than that, and more than the skew of synchronized clocks. The wait costs nothing.
 */
const MAX_SETTLE_TIME = 5 * MINUTE;
/**
 * The share of a CA's lifetime for its settle time. It matters for short lifetimes, as in tests: the old CA must not
 * expire first.
 */
const SETTLE_SHARE = 1 / 12;

/** The facts that decide what the Secret should hold. */
export interface Situation {
  /** The valid CAs of the Secret. */
  readonly stored: readonly SigningCa[];
  /** The CAs that the Secret had when it was last read. */
  readonly known: readonly SigningCa[];
  /** The CA of the serving certificate in use. */
  readonly inUse: SigningCa | undefined;
  /** Whether `caBundle` of every existing configuration has this CA; undefined if they cannot be read. */
  readonly isTrusted: (ca: SigningCa) => boolean | undefined;
  readonly now: Date;
  readonly lifetimes: Lifetimes;
  /** From 0 up to 0.1. It keeps the renewals of replicas apart. */
  readonly jitter: number;
}

/** The wanted content of the Secret. */
export interface Plan {
  /** Oldest first. */
  readonly cas: readonly SigningCa[];
  /** Whether to add a new CA, as the newest. */
  readonly needsNew: boolean;
  /** Why CAs are restored from memory: the Secret lost all, or lacks the one in use. Undefined if none is restored. */
  readonly restored: "lost" | "replaced" | undefined;
}

/**
 * The rotation, as a pure function: publish a new CA beside the old one, sign with the new one after a settle time, and
 * drop the old one when it has expired. By then all its certificates have expired. All replicas make the same plan from
 * the same Secret.
 */
export function planOf(situation: Situation): Plan {
  const { cas, restored } = merged(situation);
  const { now, lifetimes } = situation;
  const published = cas.map((ca) => publication(ca, situation));
  const kept = published.filter((ca, index) => !isDroppable(ca, published.slice(index + 1), situation));
  return { cas: kept, needsNew: needsNew(kept, { now, lifetimes, jitter: situation.jitter }), restored };
}

/**
 * The CA to sign with: the newest one whose settle time is over, because every API server trusts it. If there is none,
 * the oldest. Undefined if all have expired.
 */
export function signerOf(cas: readonly SigningCa[], now: Date, lifetimes: Lifetimes): SigningCa | undefined {
  const good = cas.filter((ca) => !isExpired(ca, now));
  return good.findLast((ca) => isSettled(ca, now, lifetimes)) ?? good[0];
}

/** Milliseconds from the publication of a CA to its first signature. */
export function settleTime({ ca }: Lifetimes): number {
  return Math.min(MAX_SETTLE_TIME, ca * SETTLE_SHARE);
}

/** When the successor of a certificate is due. */
export function renewalOf(notAfter: Date, lifetime: number, jitter: number): Date {
  return after(notAfter, -lifetime * RENEWAL_SHARE * (1 + jitter));
}

/** The next time at which the plan or the signer may change without any event; undefined if there is none. */
export function nextChange(
  cas: readonly SigningCa[],
  { now, lifetimes, jitter }: Pick<Situation, "now" | "lifetimes" | "jitter">,
): Date | undefined {
  const moments = cas.flatMap((ca) => {
    const settled = ca.published && after(ca.published, settleTime(lifetimes));
    return [settled, ca.notAfter];
  });
  const renewal = cas.at(-1)?.notAfter;
  if (renewal !== undefined) moments.push(renewalOf(renewal, lifetimes.ca, jitter));
  const upcoming = moments.filter((moment) => moment !== undefined).filter((moment) => moment > now);
  return upcoming.length === 0 ? undefined : new Date(Math.min(...upcoming.map((moment) => moment.getTime())));
}

/**
 * Restores CAs from memory. A Secret without a valid CA gets all known ones. A Secret without the CA in use was
 * replaced by another client: it gets that CA back as the oldest, so that the new CAs take over by a rotation.
 */
function merged({ stored, known, inUse }: Situation): Pick<Plan, "cas" | "restored"> {
  if (stored.length === 0) return { cas: known, restored: known.length === 0 ? undefined : "lost" };
  if (inUse === undefined || stored.some(({ id }) => id === inUse.id)) return { cas: stored, restored: undefined };
  return { cas: [inUse, ...stored], restored: "replaced" };
}

/**
 * Updates the time of publication. A CA that is marked as published but not trusted may come from a backup: it is
 * published again. The CA in use keeps its mark: another client only overwrote `caBundle`.
 */
function publication(ca: SigningCa, { isTrusted, inUse, now }: Situation): SigningCa {
  const trusted = isTrusted(ca);
  if (trusted === true && ca.published === undefined) return { ...ca, published: now };
  if (trusted === false && ca.id !== inUse?.id) return { ...ca, published: undefined };
  return ca;
}

/**
 * An old CA stays trusted until it expires, although it signs no more: a replica without a connection to the API server
 * still uses it. This costs one more certificate in `caBundle`.
 */
function isDroppable(ca: SigningCa, newer: readonly SigningCa[], { now, lifetimes }: Situation): boolean {
  return isExpired(ca, now) && newer.some((successor) => isSettled(successor, now, lifetimes));
}

/** One rotation at a time: an unpublished CA gets a successor only if it has expired. */
function needsNew(
  cas: readonly SigningCa[],
  { now, lifetimes, jitter }: Pick<Situation, "now" | "lifetimes" | "jitter">,
): boolean {
  const newest = cas.at(-1);
  if (newest === undefined || isExpired(newest, now)) return true;
  return newest.published !== undefined && renewalOf(newest.notAfter, lifetimes.ca, jitter) <= now;
}

function isSettled({ published }: SigningCa, now: Date, lifetimes: Lifetimes): boolean {
  return published !== undefined && after(published, settleTime(lifetimes)) <= now;
}

function isExpired({ notAfter }: SigningCa, now: Date): boolean {
  return notAfter <= now;
}

function after(date: Date, milliseconds: number): Date {
  return new Date(date.getTime() + milliseconds);
}
