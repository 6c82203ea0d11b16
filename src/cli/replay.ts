import { decider } from "../admission/decide.ts";
import { imagesNamedBy } from "../admission/systems.ts";
import type { FastifyInstance } from "fastify";
import { applyPatch, type PatchOperation } from "../admission/json-patch.ts";
import type { FlagValues } from "./flags.ts";
import { Failure } from "../common/failure.ts";
import { at, isJsonObject, type JsonObject, textAt } from "../common/json.ts";
import { IMAGE_KINDS } from "../images/image.ts";
import { applyEdits } from "../references/edit.ts";
import type { Endpoint } from "../references/target.ts";
import { admissionServer, ENDPOINT_PATHS } from "../server/admission-server.ts";
import type { ImageFilter } from "../sources/image-source.ts";
import { type Command, EXIT_DONE, EXIT_REFUSED } from "./command.ts";
import { IMAGE_FLAGS, readImages } from "./image-flags.ts";
import { inputDocuments, type InputLine, interruptible } from "./input.ts";
import { createLog } from "./log.ts";
import { type Mistake, mistakesIn } from "./mistakes.ts";
import { jsonLine } from "./output/json.ts";
import type { ReplayAnswer } from "./output/replay-answer.ts";
import { throwIfManifest } from "./manifest-instead.ts";
import { answerText } from "./output/text.ts";
import { POLICY_FLAGS, policyOf } from "./policy-flags.ts";

type ReplayFlag = (typeof IMAGE_FLAGS)[number] | "endpoint" | "diff" | "output" | (typeof POLICY_FLAGS)[number];

export const replay: Command<ReplayFlag> = {
  name: "replay",
  summary: "answer AdmissionReview files as the server would",
  arguments: {
    name: "FILE",
    many: true,
    help: "AdmissionReviews in JSON or YAML, or folders of them; - is standard input",
  },
  flags: [...IMAGE_FLAGS, "endpoint", "diff", ...POLICY_FLAGS, "output"],
  run: async (files, flags, io) => {
    const log = createLog(io.log, "error");
    const reviews = await io.withProgress("reading files", (progress) => readReviews(files, { ...io, progress }));
    for (const { file, review } of reviews) throwIfManifest(file, review);
    const index = await readImages(flags, io, createLog(io.log, "warn"), imagesFor(reviews));
    const server = admissionServer({ index, decide: decider(policyOf(flags)), log });
    let refused = false;
    for await (const each of interruptible(reviews, io.stop)) {
      const mistakes = mistakesOf(each.review);
      for (const answer of await answersTo(server, each, flags.endpoint)) {
        const shown = { ...answer, mistakes };
        io.print(flags.output === "json" ? jsonLine(shownFields(shown, flags.diff)) : answerText(shown, flags.diff));
        refused ||= !answer.allowed;
      }
    }
    await server.close();
    return refused ? EXIT_REFUSED : EXIT_DONE;
  },
};

type EndpointAnswer = Omit<ReplayAnswer, "mistakes">;

interface FileReview {
  readonly file: string;
  /** Any JSON value: it is not validated yet. */
  readonly review: unknown;
}

/** Selects the kinds of image that these reviews can name. */
function imagesFor(reviews: readonly FileReview[]): ImageFilter {
  const named = new Set(
    reviews.flatMap(({ review }) => {
      const part = (name: string): string => textAt(review, ["request", "kind", name]);
      return imagesNamedBy(part("group"), part("version"), part("kind"));
    }),
  );
  return { kinds: IMAGE_KINDS.filter((kind) => named.has(kind)) };
}

/** The documents of all files. Throws a Failure for a file, or for folders, without any. */
async function readReviews(args: readonly string[], io: InputLine): Promise<readonly FileReview[]> {
  const reviews: FileReview[] = [];
  const files = new Map<string, boolean>();
  for await (const { file, value } of inputDocuments(args, io)) {
    files.set(file, files.get(file) === true || value !== null);
    if (value !== null) reviews.push({ file, review: value });
  }
  const empty = [...files.keys()].find((file) => files.get(file) === false);
  if (empty !== undefined) throw new Failure("input", `cannot read ${empty}: the file is empty`);
  if (reviews.length === 0) throw new Failure("input", `no .yaml, .yml or .json file below ${args.join(", ")}`);
  return reviews;
}

/** Mistakes of the object, which the API server refuses before it asks a webhook. */
function mistakesOf(review: unknown): readonly Mistake[] {
  const object = at(review, ["request", "object"]);
  const part = (name: string): string => textAt(review, ["request", "kind", name]);
  if (!isJsonObject(object)) return [];
  return mistakesIn(object, { group: part("group"), version: part("version"), kind: part("kind") });
}

/** Asks as the API server does: validation gets the mutated object, and none that mutation refused. */
async function answersTo(
  server: FastifyInstance,
  { file, review }: FileReview,
  endpoint: FlagValues<"endpoint">["endpoint"],
): Promise<readonly EndpointAnswer[]> {
  if (endpoint !== "both") return [await ask(server, file, endpoint, review)];
  const mutated = await ask(server, file, "mutate", review);
  if (!mutated.allowed || !isJsonObject(review)) return [mutated];
  const next = applyEdits(review, [{ is: "set", path: ["request", "object"], value: mutated.after }]);
  return [mutated, await ask(server, file, "validate", next)];
}

async function ask(
  server: FastifyInstance,
  file: string,
  endpoint: Endpoint,
  review: unknown,
): Promise<EndpointAnswer> {
  const response = await server.inject({
    method: "POST",
    url: ENDPOINT_PATHS[endpoint],
    headers: { "content-type": "application/json" },
    payload: JSON.stringify(review),
  });
  const before = at(review, ["request", "object"]) ?? null;
  const answer: unknown = response.statusCode === 200 ? response.json() : response.body.trim();
  const patch = textAt(answer, ["response", "patch"]);
  return {
    file,
    endpoint,
    code: response.statusCode,
    answer,
    allowed: at(answer, ["response", "allowed"]) === true,
    before,
    after: patch === "" ? before : applyPatch(before as JsonObject, decodePatch(patch)),
  };
}

function decodePatch(patch: string): readonly PatchOperation[] {
  return JSON.parse(Buffer.from(patch, "base64").toString("utf8")) as readonly PatchOperation[];
}

/** The objects are long, so they are printed with `--diff` only; mistakes only where there are some. */
function shownFields({ before, after, mistakes, ...rest }: ReplayAnswer, diff: boolean): object {
  return { ...rest, ...(mistakes.length === 0 ? {} : { mistakes }), ...(diff ? { before, after } : {}) };
}
