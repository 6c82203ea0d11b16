import { type Image, isClusterScopedVmImage, isVmImage, libraryOf } from "../images/image.ts";
import { kindsSearched } from "../images/image-index.ts";
import { nearMatches } from "../images/near-matches.ts";
import { type MatchedBy, type Resolution, resolve as resolveName } from "../images/resolve.ts";
import { quote } from "../references/field-error.ts";
import { type Command, EXIT_DONE, EXIT_REFUSED } from "./command.ts";
import { IMAGE_FLAGS, readImages } from "./images.ts";
import { imageJson } from "./image-json.ts";
import { createLog } from "./log.ts";

const MATCHED_BY: Readonly<Record<MatchedBy, string>> = {
  objectName: "object name",
  displayName: "display name",
  libraryName: "library and name",
};

export const resolve: Command<(typeof IMAGE_FLAGS)[number] | "namespace" | "kind" | "resolution" | "output"> = {
  name: "resolve",
  summary: "say what an image name means, and why",
  arguments: { name: "NAME", many: false, help: "a VMI ID, a display name or LIBRARY/NAME" },
  flags: [...IMAGE_FLAGS, "namespace", "kind", "resolution", "output"],
  run: async ([name = ""], flags, io) => {
    const { namespace, kind, resolution: mode, output } = flags;
    const wanted = { kinds: kindsSearched({ kind }), namespace };
    const index = await readImages(flags, io, createLog(io.log, "warn"), wanted);
    const query = { namespace, name, kind };
    const resolution = withNearMatches(resolveName(index, query, mode), () => nearMatches(index, query));
    io.print(
      output === "json"
        ? `${JSON.stringify(meaningJson(resolution))}\n`
        : inWords(name, kind === "OSImage" ? undefined : namespace, resolution),
    );
    return resolution.is === "resolved" ? EXIT_DONE : EXIT_REFUSED;
  },
};

/** What is said of a name. */
type Meaning = Exclude<Resolution, { is: "notFound" }> | { readonly is: "notFound"; readonly near: readonly Image[] };

function withNearMatches(resolution: Resolution, near: () => readonly Image[]): Meaning {
  return resolution.is === "notFound" ? { is: "notFound", near: near() } : resolution;
}

function meaningJson(meaning: Meaning): object {
  switch (meaning.is) {
    case "resolved":
      return { is: meaning.is, image: imageJson(meaning.image), by: meaning.matchedBy };
    case "ambiguous":
      return { is: meaning.is, candidates: meaning.candidates.map(imageJson), by: meaning.matchedBy };
    case "notFound":
      return { is: meaning.is, near: meaning.near.map(imageJson) };
    case "notSynced":
      return meaning;
  }
}

function inWords(name: string, namespace: string | undefined, resolution: Meaning): string {
  const asked = namespace === undefined ? quote(name) : `${quote(name)} in namespace ${quote(namespace)}`;
  switch (resolution.is) {
    case "resolved":
      return `${asked} is ${resolution.image.name}, found by ${MATCHED_BY[resolution.matchedBy]}\n${lines([resolution.image])}`;
    case "ambiguous":
      return `${asked} is ambiguous, by ${MATCHED_BY[resolution.matchedBy]}:\n${lines(resolution.candidates)}`;
    case "notFound":
      return resolution.near.length === 0
        ? `${asked} is no image, and nothing is named like it\n`
        : `${asked} is no image; named like it:\n${lines(resolution.near)}`;
    case "notSynced":
      return `${asked} cannot be told: the list of ${resolution.kind}s is not complete\n`;
  }
}

function lines(images: readonly Image[]): string {
  return images.map((image) => `  ${factsOf(image)}\n`).join("");
}

function factsOf(image: Image): string {
  const { kind, namespace, name, displayName, readiness, terminating } = image;
  const type = isVmImage(image) ? image.type : undefined;
  const library = libraryOf(image);
  return [
    `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
    ...(isClusterScopedVmImage(image) ? ["in the cluster"] : []),
    ...(displayName === undefined ? ["no display name"] : [`display name ${quote(displayName)}`]),
    ...(type === undefined ? [] : [`type ${type}`]),
    ...(library === undefined ? [] : [`library ${library}`]),
    readiness.is === "ready" ? "ready" : `not ready: ${readiness.reason}`,
    ...(terminating ? ["being deleted"] : []),
  ].join(", ");
}
