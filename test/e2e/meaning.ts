import { type Answer, pinned, type Response } from "./cluster-webhook.ts";

/** What a display name means for a new machine: an image's object name, or why it means none. */
export type Meaning = "not found" | "ambiguous" | `vmi-${string}`;

interface Status {
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/** The meaning that a review of this name was answered by; any other text is no decision. */
export function meaningIn({ code, body }: Answer, name: string): string {
  if (code !== 200) return `${code} ${body}`;
  const { response } = JSON.parse(body) as { response: Response };
  return response.allowed ? pinned(response, name) : meaningOfRefusal(response.status ?? {}, name);
}

/**
 * Why a refusal says that there is no image to be had by this name; `gone vmi-...` where it was pinned to one that
 * /validate does not find any more. Any other text is another refusal.
 */
export function meaningOfRefusal(status: Status, name: string): string {
  const { reason, message = "" } = status.details?.causes?.[0] ?? {};
  if (reason === "FieldValueNotFound") return quotedIn(message) === name ? "not found" : `gone ${quotedIn(message)}`;
  return message.startsWith(`Invalid value: "${name}": ambiguous: `) ? "ambiguous" : `refused: ${message}`;
}

/** The value of a Kubernetes field error: it stands first. */
function quotedIn(message: string): string {
  return /"([^"]*)"/.exec(message)?.[1] ?? "";
}

/** Whether somebody may be answered so while a name has these meanings, one after the other. */
export function couldMean(meaning: string, possible: readonly Meaning[]): boolean {
  const before = possible.slice(0, -1).map((each) => `gone ${each}`);
  return [...possible, ...before].some((each) => each === meaning);
}
