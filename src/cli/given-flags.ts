import { Failure } from "../common/failure.ts";
import { COMMAND_FLAGS, environmentName, type Flag, type FlagName, type FlagValues, longName } from "./flags.ts";
import { WrongValue } from "./flag-values.ts";
import { contradictions, type GivenFlag } from "./contradictions.ts";

/** Flags of a command line, by name: a text for each time that a flag was given. */
export type GivenFlags = Readonly<Partial<Record<FlagName, readonly string[]>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The value of each flag: from the command line, else the environment, else its default. One Failure reports all wrong
 * values, and flags that contradict each other, after the problems that are known already.
 */
export function readFlags<Names extends FlagName>(
  names: readonly Names[],
  given: GivenFlags,
  environment: Environment,
  known: readonly string[] = [],
): FlagValues<Names> {
  const values: Partial<Record<FlagName, unknown>> = {};
  const sources: Partial<Record<FlagName, GivenFlag>> = {};
  const problems = [...known];
  for (const name of names) {
    const source = sourceOf(name, given, environment);
    if (source !== undefined) sources[name] = source;
    const { from, texts } = source ?? defaultOf(name);
    try {
      values[name] = COMMAND_FLAGS[name].parse(texts);
    } catch (error) {
      for (const wrong of wrongValues(error)) {
        problems.push(`${from} ${(wrong.texts ?? texts).join(",")}: ${wrong.message}`);
      }
    }
  }
  problems.push(...contradictions(names, sources));
  if (problems.length > 0) throw new Failure("usage", problems.join("\n"));
  return values as FlagValues<Names>;
}

function sourceOf(name: FlagName, given: GivenFlags, environment: Environment): GivenFlag | undefined {
  const { repeatable = false }: Flag<unknown> = COMMAND_FLAGS[name];
  const onCommandLine = given[name];
  if (onCommandLine !== undefined) return { texts: onCommandLine, from: `--${longName(name)}` };
  const variable = environmentName(name);
  const text = environment[variable];
  if (text === undefined || text === "") return undefined;
  return { texts: repeatable ? listOf(text) : [text], from: variable };
}

function defaultOf(name: FlagName): GivenFlag {
  const { default: texts = [] }: Flag<unknown> = COMMAND_FLAGS[name];
  return { texts, from: `--${longName(name)}` };
}

/** The wrong value of a flag, or all of a repeatable flag. Throws any other error on: that is a bug. */
function wrongValues(error: unknown): readonly WrongValue[] {
  const errors: readonly unknown[] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  if (errors.every((each) => each instanceof WrongValue)) return errors;
  throw error;
}

/** The non-empty parts of a comma list. */
function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
