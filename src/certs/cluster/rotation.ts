import type { Authority } from "./signing-ca.ts";

/** Milliseconds that certificates are good for. */
export interface Lifetimes {
  readonly ca: number;
  readonly serving: number;
}

const MINUTE = 60_000;

/**
 * The share of its life that a certificate has left when the next one is made: of a CA of one year four months, in
 * which a missing right or a broken API server can be noticed and mended (cert-manager's default, too).
 */
export const RENEWAL_SHARE = 1 / 3;

/**
 * An API server follows its webhook configurations by a watch, and has a new `caBundle` within a second or so. Five
 * minutes are far beyond that, and beyond the difference of any two clocks that are kept; they cost nothing.
 */
const LONGEST_SETTLE = 5 * MINUTE;
/** Of a CA with a short life, for tests: settling, and what comes after it, must be over before the old one ends. */
const SETTLE_SHARE = 1 / 12;

/** Of a CA's life, for a serving certificate: the last one that an old CA signs has its full life before that ends. */
export const LARGEST_SERVING_SHARE = 1 / 5;

/** What is known when it is decided what the Secret should hold. */
export interface Situation {
  /** What the Secret has that can be used. */
  readonly stored: readonly Authority[];
  /** What it had when it was last read. */
  readonly known: readonly Authority[];
  /** The CA of the serving certificate that is in use. */
  readonly inUse: Authority | undefined;
  /** Whether every configuration that exists has it in `caBundle`; undefined where that cannot be known. */
  readonly isTrusted: (authority: Authority) => boolean | undefined;
  readonly now: Date;
  readonly lifetimes: Lifetimes;
  /** From 0 up to 0.1: replicas do not renew at the same moment. */
  readonly jitter: number;
}

/** What the Secret should hold. */
export interface Plan {
  /** Oldest first. */
  readonly authorities: readonly Authority[];
  /** Whether a new CA is to be added, as the newest. */
  readonly needsNew: boolean;
  /** Why CAs of our own memory are put back; undefined where none is. */
  readonly restored: "lost" | "replaced" | undefined;
}

/**
 * The rotation, as a function: publish a new CA beside the old one, sign with it after a settle time, drop the old one
 * when it has ended, and with it all that it signed. Every replica comes to the same plan from the same Secret.
 */
export function planOf(situation: Situation): Plan {
  const { authorities, restored } = merged(situation);
  const { now, lifetimes } = situation;
  const published = authorities.map((authority) => publication(authority, situation));
  const kept = published.filter((authority, index) => !isDroppable(authority, published.slice(index + 1), situation));
  return { authorities: kept, needsNew: needsNew(kept, { now, lifetimes, jitter: situation.jitter }), restored };
}

/**
 * The CA to sign with: the newest that every API server has had the time to trust; before there is one, the oldest.
 * Undefined where all have ended.
 */
export function signerOf(authorities: readonly Authority[], now: Date, lifetimes: Lifetimes): Authority | undefined {
  const good = authorities.filter((authority) => !isOver(authority, now));
  return good.findLast((authority) => isSettled(authority, now, lifetimes)) ?? good[0];
}

/** Milliseconds from the publication of a CA to its first signature. */
export function settleTime({ ca }: Lifetimes): number {
  return Math.min(LONGEST_SETTLE, ca * SETTLE_SHARE);
}

/** When the successor of a certificate is to be made. */
export function renewalOf(notAfter: Date, lifetime: number, jitter: number): Date {
  return after(notAfter, -lifetime * RENEWAL_SHARE * (1 + jitter));
}

/** When something next changes by time alone; undefined where nothing does. */
export function nextChange(
  authorities: readonly Authority[],
  { now, lifetimes, jitter }: Pick<Situation, "now" | "lifetimes" | "jitter">,
): Date | undefined {
  const moments = authorities.flatMap((authority) => {
    const settled = authority.published && after(authority.published, settleTime(lifetimes));
    return [settled, authority.notAfter];
  });
  const renewal = authorities.at(-1)?.notAfter;
  if (renewal !== undefined) moments.push(renewalOf(renewal, lifetimes.ca, jitter));
  const coming = moments.filter((moment) => moment !== undefined).filter((moment) => moment > now);
  return coming.length === 0 ? undefined : new Date(Math.min(...coming.map((moment) => moment.getTime())));
}

/**
 * A Secret without a usable CA is filled from memory; one that lacks the CA whose certificate is in use (somebody
 * replaced it) gets that back, as the older one, so that what is there now comes by a rotation.
 */
function merged({ stored: found, known, inUse }: Situation): Pick<Plan, "authorities" | "restored"> {
  if (found.length === 0) return { authorities: known, restored: known.length === 0 ? undefined : "lost" };
  if (inUse === undefined || found.some(({ id }) => id === inUse.id))
    return { authorities: found, restored: undefined };
  return { authorities: [inUse, ...found], restored: "replaced" };
}

/**
 * Marks what is published. What is stored as published, but not trusted, may come from a backup: it is published anew.
 * The CA in use stays as it is: somebody only overwrote `caBundle`.
 */
function publication(authority: Authority, { isTrusted, inUse, now }: Situation): Authority {
  const trusted = isTrusted(authority);
  if (trusted === true && authority.published === undefined) return { ...authority, published: now };
  if (trusted === false && authority.id !== inUse?.id) return { ...authority, published: undefined };
  return authority;
}

/**
 * An old CA is trusted to its end, though it signs no more: a replica that is cut off from the API server, and so knows
 * of no other, goes on with it. It costs a certificate more in `caBundle`.
 */
function isDroppable(authority: Authority, newer: readonly Authority[], { now, lifetimes }: Situation): boolean {
  return isOver(authority, now) && newer.some((successor) => isSettled(successor, now, lifetimes));
}

/** One rotation at a time: a CA that is not published yet has no successor, unless it has ended. */
function needsNew(
  authorities: readonly Authority[],
  { now, lifetimes, jitter }: Pick<Situation, "now" | "lifetimes" | "jitter">,
): boolean {
  const newest = authorities.at(-1);
  if (newest === undefined || isOver(newest, now)) return true;
  return newest.published !== undefined && renewalOf(newest.notAfter, lifetimes.ca, jitter) <= now;
}

function isSettled({ published }: Authority, now: Date, lifetimes: Lifetimes): boolean {
  return published !== undefined && after(published, settleTime(lifetimes)) <= now;
}

function isOver({ notAfter }: Authority, now: Date): boolean {
  return notAfter <= now;
}

function after(date: Date, milliseconds: number): Date {
  return new Date(date.getTime() + milliseconds);
}
