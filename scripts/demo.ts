/** Shows what users see: `npm run demo` serves examples/images and sends the three examples/reviews. */
import jsonPatch, { type Operation } from "fast-json-patch";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { ignoreBrokenPipe } from "../src/cli/broken-pipe.ts";
import { ServerProcess } from "../test/support/server-process.ts";
import type { TlsClient } from "../test/support/tls-client.ts";

interface Review {
  readonly request: {
    readonly name: string;
    readonly namespace: string;
    readonly kind: { readonly kind: string };
    readonly object: { readonly spec: Readonly<Record<string, unknown>> };
  };
}

interface Cause {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

/** The part of an AdmissionResponse that a user sees. */
interface Response {
  readonly allowed: boolean;
  /** Base64. */
  readonly patch?: string;
  readonly warnings?: readonly string[];
  readonly status?: { readonly details: { readonly kind: string; readonly name: string; readonly causes: Cause[] } };
}

/** What each example shows: admission, or the reason of a refusal. */
const EXAMPLES = [
  { file: "resolved.json", outcome: "admitted" },
  { file: "ambiguous.json", outcome: "FieldValueInvalid" },
  { file: "unknown.json", outcome: "FieldValueNotFound" },
] as const;

// The demo ends, and stops its webhook, even where its output is not read to the end.
ignoreBrokenPipe(process.stdout);

const certDir = await mkdtemp(join(tmpdir(), "vm-image-webhook-demo-"));
const server = new ServerProcess({ certDir, images: pathOf("images"), flags: ["--self-signed"] });
try {
  const { port, client } = await server.serving();
  print(`The webhook serves the images of examples/images on https://127.0.0.1:${port}\n`);
  const api = client();
  for (const { file, outcome } of EXAMPLES) {
    const shown = await show(api, file);
    if (shown !== outcome) throw new Error(`${file} should be ${outcome}, but is ${shown}`);
  }
  api.close();
  server.signal("SIGTERM");
  const exitCode = await server.exit();
  if (exitCode !== 0) throw new Error(`the webhook ended with ${String(exitCode)}: ${server.errors}`);
  print("The webhook has stopped.");
} finally {
  server.kill();
  await rm(certDir, { recursive: true, force: true });
}

/** Sends one example as the API server would, /mutate first. Prints and returns the outcome. */
async function show(api: TlsClient, file: string): Promise<string> {
  const review = JSON.parse(await readFile(pathOf("reviews", file), "utf8")) as Review;
  const { name, namespace, kind, object } = review.request;
  const { imageName } = object.spec;
  print(
    `--- ${file}: a user creates ${kind.kind} "${name}" in namespace "${namespace}", imageName ${String(imageName)}`,
  );
  const mutation = await ask(api, "/mutate", review);
  if (!mutation.allowed) return refusal(mutation);
  const mutated = patched(object, mutation.patch);
  const validation = await ask(api, "/validate", { ...review, request: { ...review.request, object: mutated } });
  if (!validation.allowed) return refusal(validation);
  for (const warning of [...(mutation.warnings ?? []), ...(validation.warnings ?? [])]) print(`Warning: ${warning}`);
  print(`before:\n${yaml(object.spec)}after:\n${yaml(mutated.spec)}`);
  return "admitted";
}

async function ask(api: TlsClient, path: string, review: Review): Promise<Response> {
  const { status, text } = await api.post(`${path}?timeout=5s`, review);
  if (status !== 200) throw new Error(`${path} answers ${status}: ${text}`);
  return (JSON.parse(text) as { response: Response }).response;
}

function patched(object: Review["request"]["object"], patch: string | undefined): Review["request"]["object"] {
  if (patch === undefined) return object;
  const operations = JSON.parse(Buffer.from(patch, "base64").toString("utf8")) as Operation[];
  return jsonPatch.applyPatch(object, operations, true, false).newDocument;
}

/** Prints a status of reason Invalid as kubectl does: one cause on the line, several as a list. */
function refusal({ status }: Response): string {
  if (status === undefined) throw new Error("a refusal without a status");
  const { kind, name, causes } = status.details;
  const lines = causes.map(({ field, message }) => `${field}: ${message}`);
  const told = lines.length === 1 ? (lines[0] ?? "") : lines.map((line) => `\n* ${line}`).join("");
  print(`The ${kind} "${name}" is invalid: ${told}\n`);
  return causes[0]?.reason ?? "refused without a cause";
}

function yaml(spec: object): string {
  return stringify({ spec }).replace(/^/gm, "  ").trimEnd() + "\n";
}

function pathOf(...parts: readonly string[]): string {
  return join(import.meta.dirname, "..", "examples", ...parts);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
