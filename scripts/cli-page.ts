import { readFileSync } from "node:fs";
import { COMMANDS } from "../src/cli/commands.ts";
import { COMMAND_FLAGS, environmentName, FLAGS, type FlagName, longName } from "../src/cli/flags.ts";
import { code, table, withTextBetween } from "./markdown.ts";

/** Where `npm run docs` writes the table of flags; the rest of the page is written by hand. */
export const CLI_PAGE = new URL("../docs/cli.md", import.meta.url);

const START = "<!-- flags: made from src/cli/flags.ts by npm run docs; do not edit -->";
const END = "<!-- end of flags -->";

interface FlagRow {
  readonly short?: string;
  readonly argument?: string;
  readonly repeatable?: boolean;
  readonly help: string;
  readonly default?: readonly string[];
}

/** The page with its table of flags as the program has them now. */
export function cliPage(page = readFileSync(CLI_PAGE, "utf8")): string {
  return withTextBetween(page, flagTable(), { name: "docs/cli.md", start: START, end: END });
}

function flagTable(): string {
  const rows = (Object.keys(FLAGS) as FlagName[]).map((name) => {
    const flag: FlagRow = COMMAND_FLAGS[name];
    return [titleOf(name, flag), defaultOf(flag), code(environmentName(name)), commandsOf(name), meaningOf(name, flag)];
  });
  return table(["flag", "default", "environment", "commands", "is"], rows);
}

/** `-n, --namespace NAMESPACE` */
function titleOf(name: FlagName, { short, argument }: FlagRow): string {
  const letter = short === undefined ? "" : `-${short}, `;
  return code(`${letter}--${longName(name)}${argument === undefined ? "" : ` ${argument}`}`);
}

function defaultOf({ argument, default: fallback }: FlagRow): string {
  if (fallback !== undefined) return code(fallback.join(","));
  return argument === undefined ? "off" : "";
}

function commandsOf(name: FlagName): string {
  const commands = COMMANDS.filter(({ flags }) => flags.some((each) => longName(each) === longName(name)));
  return commands.map(({ name: command }) => code(command)).join(", ");
}

/** A command may take more values than the others; its help follows theirs. */
function meaningOf(name: FlagName, { help, repeatable = false }: FlagRow): string {
  const others = (Object.keys(COMMAND_FLAGS) as FlagName[]).filter(
    (each) => each !== name && longName(each) === longName(name),
  );
  const special = others.flatMap((other) => {
    const commands = COMMANDS.filter(({ flags }) => flags.includes(other));
    return commands.map((command) => `; ${code(command.name)}: ${COMMAND_FLAGS[other].help}`);
  });
  return `${help}${special.join("")}${repeatable ? "; repeatable" : ""}`;
}
