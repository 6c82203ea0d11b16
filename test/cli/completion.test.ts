import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** What is typed, with the word to complete last, and what the shell must offer. `FILES`: file names. */
const FILES = "FILES";
const CASES: readonly (readonly [typed: readonly string[], offered: readonly string[] | typeof FILES])[] = [
  [["ch"], ["check"]],
  [["v"], ["vmi-id"]],
  [["--v"], ["--version"]],
  [["pin", "--up"], ["--update"]],
  [["check", "--out"], ["--output"]],
  [["check", "-o", "s"], ["sarif"]],
  [["audit", "--output", "h"], ["html"]],
  [
    ["audit", "--output", ""],
    ["html", "json", "text"],
  ],
  [
    ["serve", "--cert-mode", ""],
    ["cluster", "files"],
  ],
  [["completion", "f"], ["fish"]],
  [["check", ""], FILES],
  [["check", "--images", ""], FILES],
  [["check", "--namespace", ""], []],
  [["resolve", ""], []],
];

async function scriptOf(shell: string): Promise<string> {
  const { exitCode, output, errors } = await run(["completion", shell]);
  expect([exitCode, errors]).toEqual([0, ""]);
  const file = join(temporaryFolder(), "completion");
  writeFileSync(file, output);
  return file;
}

/** The lines that a shell prints, each once, sorted. */
function linesOf(command: readonly [string, ...string[]], cwd?: string): readonly string[] {
  const [file, ...args] = command;
  const output = execFileSync(file, args, { encoding: "utf8", cwd, env: { PATH: process.env["PATH"] ?? "" } });
  return [...new Set(output.split("\n").filter((line) => line !== ""))].toSorted();
}

describe("bash", () => {
  test.each(CASES)("completes %j", async (typed, offered) => {
    const script = `
      # Within a script there is no completion whose options compopt could change.
      compopt() { [ "$2" = default ] && files=$1; }
      source "$1"; shift
      COMP_WORDS=(vm-image-webhook "$@"); COMP_CWORD=$#; files=
      _vm_image_webhook
      printf '%s\\n' "\${COMPREPLY[@]}"
      [ "\${#COMPREPLY[@]}" -gt 0 ] || [ "$files" = +o ] || echo FILES`;
    const arguments_ = ["--noprofile", "--norc", "-c", script, "bash", await scriptOf("bash"), ...typed];
    expect(linesOf(["bash", ...arguments_])).toEqual(offered === FILES ? [FILES] : offered);
  });

  test("completes the value behind an equals sign, which is a word of its own", async () => {
    const script = `
      source "$1"
      for words in "check --output = s" "check --output ="; do
        COMP_WORDS=(vm-image-webhook $words); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        _vm_image_webhook 2>/dev/null
        echo "\${COMPREPLY[*]}"
      done`;
    expect(linesOf(["bash", "--norc", "-c", script, "bash", await scriptOf("bash")])).toEqual([
      "sarif",
      "text json github sarif junit",
    ]);
  });

  test("is registered for the program", async () => {
    const registered = linesOf(["bash", "--norc", "-c", 'source "$1"; complete -p', "bash", await scriptOf("bash")]);
    expect(registered).toEqual(["complete -o default -F _vm_image_webhook vm-image-webhook"]);
  });
});

const HAS_ZSH = existsSync("/usr/bin/zsh");
const HAS_FISH = existsSync("/usr/bin/fish");

test.runIf(process.env["SHELLS_REQUIRED"] === "1")("zsh and fish are installed", () => {
  expect([HAS_ZSH, HAS_FISH]).toEqual([true, true]);
});

describe.skipIf(!HAS_ZSH)("zsh", () => {
  test.each(CASES.filter(([, offered]) => offered !== FILES))("completes %j", async (typed, offered) => {
    const script = `
      autoload -U +X compinit && compinit -u -D
      file=$1; shift
      source "$file"
      # As bashcompinit calls a function of bash.
      complete_words() {
        emulate -L sh; setopt kshglob noshglob braceexpand
        COMP_WORDS=(vm-image-webhook "$@"); COMP_CWORD=$#; COMPREPLY=()
        _vm_image_webhook
        printf '%s\\n' "\${COMPREPLY[@]}"
      }
      [ -n "\${_comps[vm-image-webhook]}" ] && complete_words "$@"`;
    const words = linesOf(["zsh", "-fc", script, "zsh", await scriptOf("zsh"), ...typed]);
    // compgen of zsh leaves it to compadd to match the word.
    expect(words.filter((word) => word.startsWith(typed.at(-1) ?? ""))).toEqual(offered);
  });
});

describe.skipIf(!HAS_FISH)("fish", () => {
  test.each(CASES)("completes %j", async (typed, offered) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a-file.yaml"), "");
    const line = ["vm-image-webhook", ...typed].join(" ");
    const script = `source ${await scriptOf("fish")}; complete -C '${line}'`;
    const found = linesOf(["fish", "--no-config", "-c", script], folder).map((each) => each.split("\t")[0]);
    expect(found).toEqual(offered === FILES ? ["a-file.yaml"] : offered);
  });
});

test.each(["", "powershell", "__proto__"])("shell %j is wrong use", async (shell) => {
  const { exitCode, output, errors } = await run(["completion", shell]);
  expect([exitCode, output]).toEqual([2, ""]);
  expect(errors).toBe(`vm-image-webhook: SHELL "${shell}": is not one of bash, zsh, fish\n`);
});
