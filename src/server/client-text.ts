import { MAX_CLIENT_TEXT } from "./limits.ts";

/** Text that a client may have chosen, cut to MAX_CLIENT_TEXT characters, for a log line or a one-line answer. */
export function clientText(text: string): string {
  if (text.length <= MAX_CLIENT_TEXT) return text;
  const characters = Array.from(text.slice(0, 2 * MAX_CLIENT_TEXT));
  return characters.length <= MAX_CLIENT_TEXT ? text : `${characters.slice(0, MAX_CLIENT_TEXT - 3).join("")}...`;
}
