import { imagesNamedBy } from "../admission/systems.ts";
import type { FlagValues } from "./flags.ts";
import { IMAGE_KINDS } from "../images/image.ts";
import { type AdmissionPolicy, decider } from "../admission/decide.ts";
import type { ImageFilter } from "../sources/image-source.ts";
import { type Command, type CommandLine, EXIT_DONE, EXIT_NOTHING_CHECKED, EXIT_REFUSED } from "./command.ts";
import { checkManifest, createRequest, isOfCheckedKind } from "./findings.ts";
import { IMAGE_FLAGS, readImages } from "./image-flags.ts";
import { createLog } from "./log.ts";
import { inputDocuments, interruptible, STDIN } from "./input.ts";
import { type Manifest, manifestsOf } from "./manifest.ts";
import { chosenNamespace, DEFAULT_NAMESPACE } from "./namespace.ts";
import type { CheckedObject } from "./output/finding.ts";
import { FINDING_FORMATS, type LineFormat } from "./output/finding-format.ts";
import type { Progress } from "./progress-line.ts";

/** Without the flags of privileged callers: a manifest has no caller. */
const ORDINARY_POLICY_FLAGS = ["resolution", "write", "check"] as const;
type PolicyFlag = (typeof ORDINARY_POLICY_FLAGS)[number];

export const check: Command<(typeof IMAGE_FLAGS)[number] | "namespace" | "allow-empty" | PolicyFlag | "check-output"> =
  {
    name: "check",
    summary: "check manifests as admission would",
    arguments: {
      name: "FILE",
      many: true,
      help: "manifests in YAML or JSON, or folders of them; - is standard input",
    },
    flags: [...IMAGE_FLAGS, "namespace", "allow-empty", ...ORDINARY_POLICY_FLAGS, "check-output"],
    run: async (files, flags, io) => {
      const manifests = await io.withProgress("reading files", (progress) => readManifests(files, io, progress));
      const namespace = (await chosenNamespace(flags, io)) ?? DEFAULT_NAMESPACE;
      const index = await readImages(flags, io, createLog(io.log, "warn"), imagesFor(manifests, namespace));
      const input = { namespace, index, decide: decider(ordinaryPolicy(flags)) };
      const format = FINDING_FORMATS[flags["check-output"]];
      const counts = { refused: 0, warned: 0, admitted: 0, skipped: 0 };
      const checked: CheckedObject[] = [];
      for await (const manifest of interruptible(manifests, io.stop)) {
        const result = checkManifest(manifest, input);
        counts[result.verdict]++;
        if (format.is === "document") checked.push(result);
        else io.print(findingLines(result, manifest, format));
      }
      const isEmpty = !manifests.some(isOfCheckedKind);
      const isFault = isEmpty && !flags["allow-empty"];
      io.print(format.is === "document" ? format.document(checked, counts, isFault) : format.summary(counts, isFault));
      if (isFault) return EXIT_NOTHING_CHECKED;
      return counts.refused > 0 ? EXIT_REFUSED : EXIT_DONE;
    },
  };

function findingLines({ findings }: CheckedObject, { file, isItem }: Manifest, format: LineFormat): string {
  return findings.map((finding) => format.finding(finding, isItem || file === STDIN)).join("");
}

export async function readManifests(
  files: readonly string[],
  io: CommandLine,
  progress: Progress,
): Promise<readonly Manifest[]> {
  const manifests: Manifest[] = [];
  for await (const document of inputDocuments(files, { ...io, progress })) {
    // As arguments of one push, the items of a long List would overflow the stack.
    for (const manifest of manifestsOf(document)) manifests.push(manifest);
  }
  return manifests;
}

/** Selects the kinds that these objects can name, of one namespace where all objects are in one. */
export function imagesFor(manifests: readonly Manifest[], fallback: string): ImageFilter {
  const requests = manifests.flatMap((manifest) => createRequest(manifest, fallback) ?? []);
  const named = new Set(requests.flatMap(({ kind }) => imagesNamedBy(kind.group, kind.version, kind.kind)));
  const kinds = IMAGE_KINDS.filter((kind) => named.has(kind));
  const [namespace, ...others] = new Set(requests.map((request) => request.namespace).filter((each) => each !== ""));
  return namespace === undefined || others.length > 0 ? { kinds } : { kinds, namespace };
}

function ordinaryPolicy({ resolution, write, check: levels }: FlagValues<PolicyFlag>): AdmissionPolicy {
  return { resolution, write, levels, isPrivileged: () => false, teamGroupPrefix: "" };
}
