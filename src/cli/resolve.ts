import { kindsSearched, type MemoryImageIndex } from "../images/image-index.ts";
import { nearMatches } from "../images/near-matches.ts";
import { resolve as resolveName } from "../images/resolve.ts";
import { type Command, EXIT_DONE, EXIT_REFUSED } from "./command.ts";
import { IMAGE_FLAGS, readImages } from "./image-flags.ts";
import { createLog } from "./log.ts";
import { chosenNamespace, DEFAULT_NAMESPACE } from "./namespace.ts";
import { jsonLine, resolutionJson } from "./output/json.ts";
import { type ExplainedResolution, resolutionText } from "./output/text.ts";

export const resolve: Command<(typeof IMAGE_FLAGS)[number] | "namespace" | "kind" | "resolution" | "output"> = {
  name: "resolve",
  summary: "say what an image name means, and why",
  arguments: { name: "NAME", many: false, help: "a VMI ID, a display name or LIBRARY/NAME" },
  flags: [...IMAGE_FLAGS, "namespace", "kind", "resolution", "output"],
  run: async ([name = ""], flags, io) => {
    const { kind, resolution: mode, output } = flags;
    const chosen = await chosenNamespace(flags, io);
    const wanted = { kinds: kindsSearched({ kind }), namespace: chosen };
    const index = await readImages(flags, io, createLog(io.log, "warn"), wanted);
    const namespace = chosen ?? onlyNamespace(index) ?? DEFAULT_NAMESPACE;
    const query = { namespace, name, kind };
    const found = resolveName(index, query, mode);
    const resolution: ExplainedResolution =
      found.is === "notFound" ? { is: "notFound", near: nearMatches(index, query) } : found;
    const searched = kind === "OSImage" ? undefined : namespace;
    io.print(output === "json" ? jsonLine(resolutionJson(resolution)) : resolutionText(name, searched, resolution));
    return resolution.is === "resolved" ? EXIT_DONE : EXIT_REFUSED;
  },
};

/** The namespace of a folder whose images are all of one. */
function onlyNamespace(index: MemoryImageIndex): string | undefined {
  const [namespace, ...others] = index.namespaces();
  return others.length === 0 ? namespace : undefined;
}
