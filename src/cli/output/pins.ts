import type { Position } from "../../files/line-index.ts";
import type { Pin } from "../../pin/pin-object.ts";
import { plain, quote } from "../../references/field-error.ts";
import type { Finding } from "./finding.ts";

/** What is said about one field of a file. */
export type PlacedMessage = Pick<Finding, "file" | "line" | "column" | "level" | "field" | "message">;

export interface PlacedPin extends Position {
  readonly file: string;
  readonly field: string;
  readonly pin: Pin;
}

/** Numbers of names and files. */
export interface PinCounts {
  readonly pinned: number;
  readonly moved: number;
  readonly unchanged: number;
  readonly files: number;
}

/** `FILE:LINE:COLUMN: LEVEL: FIELD: MESSAGE` */
export function messageLine({ file, line, column, level, field, message }: PlacedMessage): string {
  return `${file}:${line}:${column}: ${level}: ${field}: ${message}\n`;
}

/** What was done, or with `onlyChecked` what is still to do. */
export function pinLine({ file, line, column, field, pin }: PlacedPin, onlyChecked: boolean): string {
  const name = quote(pin.requested);
  const to = plain(pin.to);
  const done = isMove(pin)
    ? `${name} moved from ${plain(pin.from)} to ${to}`
    : onlyChecked
      ? `${name} is not pinned: it is ${to}`
      : `${name} pinned to ${to}`;
  return `${file}:${line}:${column}: ${field}: ${done}\n`;
}

/** Whether the remembered name means another image than the one that is written. */
export function isMove({ requested, from }: Pin): boolean {
  return requested !== from;
}

export function pinSummary({ pinned, moved, unchanged, files }: PinCounts, onlyChecked: boolean): string {
  const done = onlyChecked ? "to pin" : "pinned";
  const moves = moved === 0 ? "" : `, ${moved} ${onlyChecked ? "to move" : "moved"}`;
  return `${count(pinned, "name")} ${done}${moves} in ${count(files, "file")}; ${unchanged} already pinned\n`;
}

export function nothingWritten(errors: number): string {
  return `nothing was written: ${count(errors, "error")}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
