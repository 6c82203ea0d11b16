import { type Answer, pinned, type Response } from "./cluster-webhook.ts";

/** What a display name means for a new machine: an image's object name, or why it names none. */
export type Meaning = "not found" | "ambiguous" | `vmi-${string}`;

interface Status {
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/** The meaning in the answer to a review of this name; any other text where there was no decision. */
export function meaningIn({ code, body }: Answer, name: string): string {
  if (code !== 200) return `${code} ${body}`;
  const { response } = JSON.parse(body) as { response: Response };
  return response.allowed ? pinned(response, name) : meaningOfRefusal(response.status ?? {}, name);
}

/**
 * Why a refusal finds no image by this name; `gone vmi-...` where /mutate pinned an image that /validate does not find
 * any more. Any other text is another refusal.
 */
export function meaningOfRefusal(status: Status, name: string): string {
  const { reason, message = "" } = status.details?.causes?.[0] ?? {};
  if (reason === "FieldValueNotFound") return quotedIn(message) === name ? "not found" : `gone ${quotedIn(message)}`;
  return message.startsWith(`Invalid value: "${name}": ambiguous: `) ? "ambiguous" : `refused: ${message}`;
}

/** The value of a Kubernetes field error, which comes first. */
function quotedIn(message: string): string {
  return /"([^"]*)"/.exec(message)?.[1] ?? "";
}

/** Whether this is a possible answer while a name has these meanings, one after the other. */
export function couldMean(meaning: string, possible: readonly Meaning[]): boolean {
  const before = possible.slice(0, -1).map((each) => `gone ${each}`);
  return [...possible, ...before].some((each) => each === meaning);
}
