/** Lifetimes of certificates, in milliseconds. */
export interface Lifetimes {
  readonly ca: number;
  readonly serving: number;
}

/** Lifetimes where no flag says otherwise, as Go writes durations. */
export const DEFAULT_CA_LIFETIME = "8760h";
export const DEFAULT_SERVING_LIFETIME = "720h";

/**
 * The share of its lifetime that a certificate has left when the next one is issued, as in cert-manager. A CA of one
 * year has four months left. In that time a missing right or a broken API server can be noticed and fixed.
 */
export const RENEWAL_SHARE = 1 / 3;

/**
 * The share of a CA's lifetime that a serving certificate may have: the last one of an old CA must expire before that
 * CA.
 */
export const MAX_SERVING_SHARE = 1 / 5;
