import { Failure } from "../common/failure.ts";
import { type Command, EXIT_DONE } from "./command.ts";
import { bashCompletion, type CompletedCommand, fishCompletion, zshCompletion } from "./completion-scripts.ts";

const SCRIPTS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The command that prints a shell's completion of these commands. */
export function completion(commands: readonly CompletedCommand[]): Command<never> {
  const shells = Object.keys(SCRIPTS);
  const command: Command<never> = {
    name: "completion",
    summary: "print a script that completes commands and flags in a shell",
    arguments: { name: "SHELL", many: false, choices: shells, help: shells.join(", ") },
    flags: [],
    run: ([shell = ""], _, io) => {
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (script === undefined) throw new Failure("usage", `SHELL "${shell}": is not one of ${shells.join(", ")}`);
      io.print(script([...commands, command]));
      return Promise.resolve(EXIT_DONE);
    },
  };
  return command;
}
