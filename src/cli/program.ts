import { Command as Commander, CommanderError, Option } from "commander";
import {
  COMMAND_FLAGS,
  environmentName,
  type Flag,
  type FlagName,
  type FlagValues,
  type LOG_FORMATS,
  longName,
} from "./flags.ts";
import { type GivenFlags, readFlags } from "./given-flags.ts";
import { Failure, FAILURE_EXIT_CODES, messageOf } from "../common/failure.ts";
import { VERSION } from "../common/version.ts";
import { audit } from "./audit.ts";
import { certs } from "./certs.ts";
import { check } from "./check.ts";
import type { Command, CommandLine } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { completion } from "./completion.ts";
import { fn } from "./fn.ts";
import { headingOf, helpAfterFlags, inGroups } from "./help.ts";
import { pin } from "./pin.ts";
import { PROGRAM_NAME } from "./program-name.ts";
import { prettyLog } from "./pretty-log.ts";
import { replay } from "./replay.ts";
import { resolve } from "./resolve.ts";
import { serve } from "./serve.ts";
import { unknownVariables, unknownVariableText } from "./unknown-variables.ts";
import { vmiId } from "./vmi-id.ts";

/** An internal error: the command reached no result. */
const EXIT_INTERNAL_ERROR = 3;

type Run = (io: CommandLine) => Promise<number>;

/** Runs the command that the arguments after the program's name select. `name`: as it was called. Returns the exit code. */
export async function runProgram(args: readonly string[], io: CommandLine, name = PROGRAM_NAME): Promise<number> {
  let run: Run | undefined;
  const program = commanderProgram(name, io, (chosen) => {
    run = chosen;
  });
  try {
    program.parse(args, { from: "user" });
    return run === undefined ? FAILURE_EXIT_CODES.usage : await run(io);
  } catch (error) {
    return report(error, name, io);
  }
}

function report(error: unknown, name: string, io: CommandLine): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAILURE_EXIT_CODES.usage;
  if (error instanceof Failure) {
    for (const line of error.message.split("\n")) io.printError(`${name}: ${line}\n`);
    return FAILURE_EXIT_CODES[error.code];
  }
  io.printError(`${name}: internal error: ${error instanceof Error ? (error.stack ?? "") : messageOf(error)}\n`);
  return EXIT_INTERNAL_ERROR;
}

function commanderProgram(name: string, io: CommandLine, choose: (run: Run) => void): Commander {
  const program = new Commander(name)
    .description("Pins image display names in VM objects to VMI IDs, and validates every image reference.")
    .version(`${PROGRAM_NAME} ${VERSION}`, "--version", "print the version")
    .addHelpText("after", helpAfterFlags(name))
    .configureOutput({ writeOut: io.print, writeErr: io.printError })
    .exitOverride();
  add(program, serve, choose);
  add(program, resolve, choose);
  add(program, replay, choose);
  add(program, check, choose);
  add(program, pin, choose);
  add(program, fn, choose);
  add(program, audit, choose);
  add(program, vmiId, choose);
  add(program, certs, choose);
  add(program, completion(COMMANDS), choose);
  return program;
}

function add<Names extends FlagName>(program: Commander, command: Command<Names>, choose: (run: Run) => void): void {
  const sub = program.command(command.name).description(command.summary).exitOverride();
  sub.addHelpText("after", helpAfterFlags(program.name(), command));
  const argument = command.arguments;
  if (argument !== undefined) {
    const name = `${argument.name}${argument.many ? "..." : ""}`;
    sub.argument(argument.optional === true ? `[${name}]` : `<${name}>`, argument.help);
  }
  for (const name of inGroups(command.flags)) sub.addOption(optionOf(name));
  sub.action((...parts: readonly unknown[]) => {
    const args = argument === undefined || parts[0] === undefined ? [] : [parts[0]].flat().map(String);
    const options = sub.opts<Record<string, string | boolean | readonly string[]>>();
    choose(async (io) => {
      if (command.runsUntilSignal) io.stopOnSignal();
      const unknown = command.runsUntilSignal ? [] : unknownVariables(io.environment).map(unknownVariableText);
      const given = givenFlags(options);
      const flags: FlagValues<Names> = readFlags(command.flags, given, io.environment, unknown);
      if (command.flags.some((name) => name === "log-format")) {
        await formatLog(readFlags(["log-format"], given, io.environment)["log-format"], io);
      }
      return command.run(args, flags, io);
    });
  });
}

async function formatLog(format: (typeof LOG_FORMATS)[number], { log, terminal }: CommandLine): Promise<void> {
  if (format === "json" || (format === "auto" && terminal === undefined)) return;
  log.formatWith(await prettyLog({ colors: terminal?.colors ?? false }));
}

/** commander only splits the command line. readFlags parses the values, and so reports all wrong ones at once. */
function optionOf(name: FlagName): Option {
  const { short, argument, repeatable = false, help, default: fallback }: Flag<unknown> = COMMAND_FLAGS[name];
  const value = argument === undefined ? "" : ` <${argument}>`;
  const notes = [
    ...(fallback === undefined ? [] : [`default: ${fallback.join(",")}`]),
    ...(repeatable ? ["repeatable"] : []),
    `env: ${environmentName(name)}`,
  ];
  const option = new Option(
    `${short === undefined ? "" : `-${short}, `}--${longName(name)}${value}`,
    `${help} (${notes.join("; ")})`,
  );
  if (repeatable) option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
  option.attributeName = () => name;
  const heading = headingOf(name);
  if (heading !== undefined) option.helpGroup(heading);
  return option;
}

function givenFlags(options: Readonly<Record<string, string | boolean | readonly string[]>>): GivenFlags {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, Array.isArray(value) ? value : [String(value)]]),
  );
}
