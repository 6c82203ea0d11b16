import { imagesNamedBy } from "../admission/systems.ts";
import { readFile } from "node:fs/promises";
import type { FlagValues } from "./flags.ts";
import { Failure, messageOf } from "../common/failure.ts";
import { IMAGE_KINDS } from "../images/image.ts";
import { type AdmissionPolicy, decider } from "../admission/decide.ts";
import type { ImageFilter } from "../sources/image-source.ts";
import { type Command, type CommandLine, EXIT_DONE, EXIT_REFUSED } from "./command.ts";
import { checkManifest, createRequest } from "./findings.ts";
import { IMAGE_FLAGS, readImages } from "./image-flags.ts";
import { createLog } from "./log.ts";
import { type Manifest, readManifests } from "./manifest-file.ts";
import { chosenNamespace, DEFAULT_NAMESPACE } from "./namespace.ts";
import { FINDING_FORMATS } from "./output/finding-format.ts";

/** Without the flags of privileged callers: a manifest has no caller. */
const ORDINARY_POLICY_FLAGS = ["resolution", "write", "check"] as const;
type PolicyFlag = (typeof ORDINARY_POLICY_FLAGS)[number];

export const check: Command<(typeof IMAGE_FLAGS)[number] | "namespace" | PolicyFlag | "check-output"> = {
  name: "check",
  summary: "check manifests as admission would",
  arguments: {
    name: "FILE",
    many: true,
    help: "manifests in YAML or JSON; - is standard input",
  },
  flags: [...IMAGE_FLAGS, "namespace", ...ORDINARY_POLICY_FLAGS, "check-output"],
  run: async (files, flags, io) => {
    const manifests: Manifest[] = [];
    for (const file of files) manifests.push(...readManifests(file, await readText(file, io)));
    const namespace = (await chosenNamespace(flags, io)) ?? DEFAULT_NAMESPACE;
    const index = await readImages(flags, io, createLog(io.log, "warn"), imagesFor(manifests, namespace));
    const input = { namespace, index, decide: decider(ordinaryPolicy(flags)) };
    const format = FINDING_FORMATS[flags["check-output"]];
    const counts = { refused: 0, warned: 0, admitted: 0, skipped: 0 };
    for (const manifest of manifests) {
      const { verdict, findings } = checkManifest(manifest, input);
      counts[verdict]++;
      io.print(findings.map(format.finding).join(""));
    }
    io.print(format.summary(counts));
    return counts.refused > 0 ? EXIT_REFUSED : EXIT_DONE;
  },
};

async function readText(file: string, io: CommandLine): Promise<string> {
  try {
    return file === "-" ? await io.readStdin() : await readFile(file, "utf8");
  } catch (error) {
    throw new Failure("input", `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Selects the kinds that these objects can name, of one namespace where all objects are in one. */
function imagesFor(manifests: readonly Manifest[], fallback: string): ImageFilter {
  const requests = manifests.flatMap((manifest) => createRequest(manifest, fallback) ?? []);
  const named = new Set(requests.flatMap(({ kind }) => imagesNamedBy(kind.group, kind.version, kind.kind)));
  const kinds = IMAGE_KINDS.filter((kind) => named.has(kind));
  const [namespace, ...others] = new Set(requests.map((request) => request.namespace).filter((each) => each !== ""));
  return namespace === undefined || others.length > 0 ? { kinds } : { kinds, namespace };
}

function ordinaryPolicy({ resolution, write, check: levels }: FlagValues<PolicyFlag>): AdmissionPolicy {
  return { resolution, write, levels, isPrivileged: () => false, teamGroupPrefix: "" };
}
