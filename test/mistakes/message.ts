import { CAUSE_TEXT } from "../../src/references/field-error.ts";

/** The parts of a message, as a person reads them. */
export interface Message {
  /** `spec.imageName` */
  readonly field: string;
  /** As it is printed; undefined where the message has none. */
  readonly value: string | undefined;
  readonly why: string;
}

const REASONS = [...new Set(Object.values(CAUSE_TEXT))].join("|");
const VALUE = String.raw`"(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|\[\.{3}\]|\{\.{3}\}`;
const MESSAGE = new RegExp(`^(?<field>[^ ]+): (?:(?:${REASONS}): )?(?:(?<value>${VALUE}): )?(?<why>.*)$`);

/** A refusal or a warning: `spec.imageName: Not found: "ubuntu-2404": no image ...`. Throws for any other text. */
export function readMessage(text: string): Message {
  const { field, value, why } = MESSAGE.exec(text)?.groups ?? {};
  if (field === undefined || why === undefined) throw new Error(`no field and no reason: ${text}`);
  return { field, value, why };
}

/** The text in quotes, as a person reads it. */
export function unquoted(text: string): string {
  return text.replace(/^"|"$/g, "").replace(/\\(["\\])/g, "$1");
}
