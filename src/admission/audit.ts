import type { Pins } from "../references/pinned-annotation.ts";
import { quote } from "../references/field-error.ts";

/**
 * What the audit log of the cluster keeps of a review. The API server puts the webhook's name before each key:
 * `mutate.vm-image-webhook.dev/requested`.
 */
export type AuditAnnotations = Readonly<Partial<Record<"requested" | "resolved", string>>>;

export const NOTHING_TO_AUDIT: AuditAnnotations = {};

/**
 * Characters of one value. The longest entry, whose field and value are quoted, cut and escaped throughout, fits; and
 * two values stay far below the 100 KiB over which the API server cuts an event, or drops it
 * (--audit-log-truncate-max-event-size). The API server itself knows no limit.
 */
export const MAX_AUDIT_VALUE = 4_096;

/**
 * What a person wrote and what replaced it, for every field that mutation has changed:
 * `spec.imageName=ubuntu-24.04, spec.hardware.cdrom[cd1].image.name=live`. It is made from the pinned annotation after
 * mutation, so a reinvocation gives the same: the API server keeps the first value of a key and drops another
 * (apiserver admission/attributes.go AddAnnotationWithLevel).
 */
export function auditAnnotations(pins: Pins): AuditAnnotations {
  if (pins.size === 0) return NOTHING_TO_AUDIT;
  const requested: string[] = [];
  const resolved: string[] = [];
  for (const [field, pin] of pins) {
    const start = `${bareOrQuoted(field)}=`;
    requested.push(start + bareOrQuoted(pin.requested));
    resolved.push(start + bareOrQuoted(pin.resolved));
  }
  return { requested: listed(requested), resolved: listed(resolved) };
}

/** Nothing in it ends an entry or a line. */
const BARE = /^[\w.:/[\]-]{1,256}$/;

function bareOrQuoted(text: string): string {
  return BARE.test(text) ? text : quote(text);
}

/** As many whole entries as fit, and the number of the others. */
function listed(entries: readonly string[]): string {
  const whole = entries.join(", ");
  if (whole.length <= MAX_AUDIT_VALUE) return whole;
  const room = MAX_AUDIT_VALUE - `, and ${entries.length} more`.length;
  let text = "";
  for (const [position, each] of entries.entries()) {
    const next = position === 0 ? each : `${text}, ${each}`;
    if (next.length > room) return `${text}, and ${entries.length - position} more`;
    text = next;
  }
  return text;
}
