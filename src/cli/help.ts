import { CHECKS } from "../admission/systems.ts";
import type { FlagName } from "./flags.ts";

/** The headings of a command's flags, in order. Flags of no group come last, under "Options:". */
const FLAG_GROUPS: readonly { readonly heading: string; readonly flags: readonly FlagName[] }[] = [
  {
    heading: "Images:",
    flags: ["images", "kubeconfig", "context", "osimage", "max-images", "namespace", "kind"],
  },
  { heading: "Addresses:", flags: ["listen", "ops-listen", "shutdown-delay"] },
  {
    heading: "Certificate:",
    flags: ["cert-mode", "cert-dir", "self-signed", "cert-host", "ca-secret", "ca-lifetime", "cert-lifetime"],
  },
  { heading: "Callers:", flags: ["client-ca", "client-name", "tls-min-version"] },
  {
    heading: "Decisions:",
    flags: ["resolution", "write", "check", "privileged-user", "privileged-group", "team-group-prefix"],
  },
  { heading: "Log:", flags: ["log-level", "log-format"] },
];

/** The flags of a command, group by group. */
export function inGroups<Name extends FlagName>(names: readonly Name[]): readonly Name[] {
  const groupOf = (name: FlagName): number => FLAG_GROUPS.findIndex(({ flags }) => flags.includes(name));
  const last = FLAG_GROUPS.length;
  return names.toSorted((one, other) => (groupOf(one) + 1 || last + 1) - (groupOf(other) + 1 || last + 1));
}

/** The heading under which help lists a flag. */
export function headingOf(name: FlagName): string | undefined {
  return FLAG_GROUPS.find(({ flags }) => flags.includes(name))?.heading;
}

/** Arguments that work in a checkout. */
const EXAMPLES: Readonly<Record<string, string>> = {
  serve: "serve --images examples/images --self-signed",
  resolve: "resolve photon-5 -n dev --images examples/images",
  replay: "replay examples/reviews/resolved.json --images examples/images --diff",
  check: "check examples/vms/web.yaml --images examples/images",
  pin: "pin examples/vms --images examples/images --diff",
  audit: "audit examples/vms --images examples/images",
  "vmi-id": "vmi-id e1968c25-dd84-4506-8dc7-9beacb6b688e",
  certs: "certs --out certs --host vm-image-webhook.vm-image-webhook-system.svc",
};

interface ExitCode {
  readonly code: string;
  readonly means: string;
  /** Undefined: every command. */
  readonly commands?: readonly string[];
}

const EXIT_CODES: readonly ExitCode[] = [
  { code: "0", means: "done" },
  { code: "1", means: "an object was refused", commands: ["check", "replay"] },
  { code: "1", means: "a name cannot be pinned; with --check, a name is not pinned", commands: ["pin"] },
  { code: "1", means: "a finding of level error", commands: ["audit"] },
  { code: "1", means: "the name is not exactly one image", commands: ["resolve"] },
  { code: "2", means: "wrong use: a flag, an argument or a variable" },
  { code: "3", means: "could not run: a file, the images, the cluster, the certificate or a port is not usable" },
  { code: "3", means: "nothing to check or to pin", commands: ["check", "pin"] },
  { code: "3", means: "nothing to audit, or a kind could not be read", commands: ["audit"] },
  { code: "4", means: "stopped, but cut reviews that were not over by the deadline", commands: ["serve"] },
  { code: "5", means: "ended by a bug", commands: ["serve"] },
  { code: "130", means: "ended at once by Ctrl-C (SIGINT); serve by the second one" },
  { code: "143", means: "ended at once by SIGTERM; serve by the second one" },
];

/** What help says after the flags: the checks, an example and the exit codes. Of the whole program without a command. */
export function helpAfterFlags(programName: string, command?: { name: string; flags: readonly FlagName[] }): string {
  const name = command?.name ?? "resolve";
  const codes = EXIT_CODES.filter(
    ({ commands }) => command === undefined || commands === undefined || commands.includes(command.name),
  );
  return [
    ...(command?.flags.includes("check") ? [section("Checks, with the level of each by default:", checkLines())] : []),
    section("Example, in a checkout:", [`${programName} ${EXAMPLES[name] ?? name}`]),
    section(
      "Exit codes:",
      codes.map((code) => exitCodeLine(code, command === undefined)),
    ),
  ].join("");
}

function checkLines(): readonly string[] {
  const width = Math.max(...CHECKS.map(({ id }) => id.length));
  return CHECKS.map(({ id, level, rule }) => `${id.padEnd(width)}  ${level.padEnd(4)}  ${rule}`);
}

function exitCodeLine({ code, means, commands }: ExitCode, namesCommands: boolean): string {
  const of = namesCommands && commands !== undefined ? `${commands.join(", ")}: ` : "";
  return `${code.padEnd(3)}  ${of}${means}`;
}

function section(heading: string, lines: readonly string[]): string {
  return `\n${heading}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
