import { COMMAND_FLAGS, type Flag, type FlagName, longName } from "./flags.ts";
import type { Command } from "./command.ts";
import { PROGRAM_NAME } from "./program-name.ts";

/** What completion knows of a command. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly arguments?: Pick<NonNullable<Command["arguments"]>, "name" | "choices">;
  readonly flags: readonly FlagName[];
}

/** Values that are paths, by their names in the help text. */
const PATHS = ["FILE", "DIR"];
const FUNCTION_NAME = `_${PROGRAM_NAME.replaceAll("-", "_")}`;
const FILE_NAMES = `${FUNCTION_NAME}_file_names`;

/** What a flag takes: one of a list, a path, or a text that cannot be completed. A flag that is on or off takes nothing. */
type Value =
  { readonly is: "choice"; readonly choices: readonly string[] } | { readonly is: "nothing" | "path" | "text" };

function rowOf(name: FlagName): Flag<unknown> {
  return COMMAND_FLAGS[name];
}

function valueOf(name: FlagName): Value {
  const { argument, choices } = rowOf(name);
  if (argument === undefined) return { is: "nothing" };
  if (choices !== undefined) return { is: "choice", choices };
  return { is: PATHS.includes(argument) ? "path" : "text" };
}

/** As typed: `-o`, `--output`. */
function spellings(name: FlagName): readonly string[] {
  const { short } = rowOf(name);
  return [...(short === undefined ? [] : [`-${short}`]), `--${longName(name)}`];
}

function takesFiles(command: CompletedCommand): boolean {
  return PATHS.includes(command.arguments?.name ?? "");
}

/** Words are letters, digits, dots and hyphens, so none needs quotes. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# Completion of ${PROGRAM_NAME} for bash: source it.
${FUNCTION_NAME}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  ${FILE_NAMES} +o
  # bash splits --flag=value at the equals sign.
  if [ "$word" = "=" ]; then word=""; elif [ "$before" = "=" ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${bashWords([names, "--help --version"])}
    return
  fi
  case "$command $before" in
${commands.flatMap(bashValues).join("")}  esac
  case "$command $word" in
${commands.map(bashFlags).join("")}  esac
  case "$command" in
${commands.flatMap(bashArguments).join("")}  esac
}
# Whether readline completes file names where there is no word: -o or +o. The bashcompinit of zsh has no compopt.
${FILE_NAMES}() {
  if type compopt >/dev/null 2>&1; then compopt "$1" default; fi
}
complete -o default -F ${FUNCTION_NAME} ${PROGRAM_NAME}
`;
}

function bashWords(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word"))`;
}

/** A branch for each flag that takes a value. */
function bashValues({ name, flags }: CompletedCommand): readonly string[] {
  return flags.flatMap((flag) => {
    const value = valueOf(flag);
    const pattern = spellings(flag)
      .map((spelling) => `"${name} ${spelling}"`)
      .join(" | ");
    switch (value.is) {
      case "choice":
        return [`    ${pattern}) ${bashWords(value.choices)}; return ;;\n`];
      case "path":
        return [`    ${pattern}) ${FILE_NAMES} -o; return ;;\n`];
      case "text":
        return [`    ${pattern}) return ;;\n`];
      case "nothing":
        return [];
    }
  });
}

function bashFlags({ name, flags }: CompletedCommand): string {
  return `    "${name} -"*) ${bashWords([...flags.flatMap(spellings), "--help"])}; return ;;\n`;
}

function bashArguments(command: CompletedCommand): readonly string[] {
  const choices = command.arguments?.choices;
  if (choices !== undefined) return [`    ${command.name}) ${bashWords(choices)} ;;\n`];
  return takesFiles(command) ? [`    ${command.name}) ${FILE_NAMES} -o ;;\n`] : [];
}

/** zsh runs the function of bash. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `# Completion of ${PROGRAM_NAME} for zsh: source it after compinit.
autoload -U +X bashcompinit && bashcompinit
${bashCompletion(commands).replace(/^#.*\n/, "")}`;
}

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const top = [
    "-f",
    "-n __fish_use_subcommand -l help -d 'print the help'",
    "-n __fish_use_subcommand -l version -d 'print the version'",
    ...commands.map(({ name, summary }) => `-n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`),
  ];
  const lines = [...top, ...commands.flatMap(fishCommand)].map((each) => `complete -c ${PROGRAM_NAME} ${each}\n`);
  return `# Completion of ${PROGRAM_NAME} for fish: source it.\n${lines.join("")}`;
}

function fishCommand(command: CompletedCommand): readonly string[] {
  const condition = `-n '__fish_seen_subcommand_from ${command.name}'`;
  const choices = command.arguments?.choices;
  return [
    ...(choices === undefined ? [] : [`${condition} -a '${choices.join(" ")}'`]),
    ...(takesFiles(command) ? [`${condition} -F`] : []),
    `${condition} -l help -d 'print the help'`,
    ...command.flags.map((flag) => `${condition} ${fishFlag(flag)}`),
  ];
}

function fishFlag(name: FlagName): string {
  const { short, help } = rowOf(name);
  const flag = `${short === undefined ? "" : `-s ${short} `}-l ${longName(name)}`;
  return [flag, ...fishValue(valueOf(name)), `-d ${fishText(help)}`].join(" ");
}

function fishValue(value: Value): readonly string[] {
  switch (value.is) {
    case "choice":
      return [`-x -a '${value.choices.join(" ")}'`];
    case "path":
      return ["-r -F"];
    case "text":
      return ["-x"];
    case "nothing":
      return [];
  }
}

function fishText(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}
