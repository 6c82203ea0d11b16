import { printable } from "../references/field-error.ts";

/** Turns one JSON line of the log into a line for people. Only the stack of an error takes more lines. */
export type LogFormat = (line: string) => string;

/** Loads pino-pretty, which a server with a JSON log does not need. */
export async function prettyLog(options: { readonly colors: boolean }): Promise<LogFormat> {
  const { prettyFactory } = await import("pino-pretty");
  const format = prettyFactory({
    colorize: options.colors,
    colorizeObjects: false,
    singleLine: true,
    translateTime: "SYS:HH:MM:ss",
  });
  return (line) => format(JSON.parse(line, withoutControls));
}

/** A name may come from a client. A terminal shows its control characters as escapes, and does not obey them. */
function withoutControls(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return key === "stack" ? value.split("\n").map(printable).join("\n") : printable(value);
}
