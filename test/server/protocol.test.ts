import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import type { FastifyInstance } from "fastify";
import { readdirSync, readFileSync } from "node:fs";
import { pino } from "pino";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { decider, type AdmissionPolicy } from "../../src/admission/decide.ts";
import { REVIEW_VERSIONS, type ReviewVersion } from "../../src/admission/review.ts";
import { at } from "../../src/common/json.ts";

import { admissionServer } from "../../src/server/admission-server.ts";
import { createReview, type Json, patchOf, responseOf, UID, virtualMachine } from "../support/admission-review.ts";
import { ApiServerRequest, injecting } from "../support/api-server-request.ts";
import type { Verdict } from "../support/api-server-verifier.ts";
import { exampleIndex, indexOf, vmi } from "../support/catalogue.ts";
import { DEFAULT_POLICY, webhook } from "../support/webhook.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const RECORDED = readdirSync(FIXTURES)
  .filter((file) => file.endsWith(".json") && !file.endsWith(".expected.json"))
  .map((file): [string, Json] => [file, JSON.parse(readFileSync(new URL(file, FIXTURES), "utf8")) as Json]);

const PINNED = "vmi-0a0044d7c690bcbea";
const OLD = virtualMachine({ imageName: PINNED, image: { kind: "VirtualMachineImage", name: PINNED } });
const HOSTILE = 'web"}\n\u001b[2K\u2028\u0000\ud800, spec.image.name=x';

/** Reviews that were not recorded from an API server. */
const MADE: readonly [title: string, review: Json][] = [
  ["a spec that is a list", createReview({ object: virtualMachine(["x"]) })],
  ["a spec that is null", createReview({ object: virtualMachine(null) })],
  ["an imageName that is a number", createReview({ object: virtualMachine({ imageName: 24.04 }) })],
  [
    "hostile names",
    createReview({ name: HOSTILE, namespace: HOSTILE, object: virtualMachine({ imageName: HOSTILE }) }),
  ],
  ["an unknown kind", createReview({ kind: { group: "apps", version: "v1", kind: "Deployment" } })],
  ["a DELETE", createReview({ operation: "DELETE", object: null, oldObject: virtualMachine() })],
  ["a CONNECT", createReview({ operation: "CONNECT", object: { kind: "PodExecOptions" }, subResource: "exec" })],
  ["a subresource", createReview({ operation: "UPDATE", oldObject: OLD, subResource: "status" })],
  ["an UPDATE with the name as it was written", createReview({ operation: "UPDATE", oldObject: OLD })],
  [
    "an UPDATE to another image",
    createReview({ operation: "UPDATE", object: virtualMachine({ imageName: "debian-13" }), oldObject: OLD }),
  ],
  ["no name yet", createReview({ name: "", object: { ...virtualMachine(), metadata: { generateName: "web-" } } })],
  ["annotations that are null", createReview({ object: { ...virtualMachine(), metadata: { annotations: null } } })],
];

const POLICIES: readonly [title: string, policy: AdmissionPolicy][] = [
  ["as the defaults say", DEFAULT_POLICY],
  ["with every check a warning", { ...DEFAULT_POLICY, levels: { ...mapLevels("warn") } }],
  ["with --write image", { ...DEFAULT_POLICY, write: "image" }],
];

function mapLevels(level: "warn"): AdmissionPolicy["levels"] {
  return Object.fromEntries(Object.keys(DEFAULT_LEVELS).map((id) => [id, level]));
}

/** Without sockets, which do not matter here. */
function serving(policy: AdmissionPolicy, index = exampleIndex()): FastifyInstance {
  return admissionServer({ index, decide: decider(policy), log: pino({ level: "silent" }) });
}

/** Asks as the API server does: mutation twice, as after another webhook's change, then validation of the mutated object. */
async function throughAll(request: ApiServerRequest): Promise<Verdict> {
  const first = await request.ask("mutate");
  if (first.is === "denied") return first;
  const annotated = new Map(request.audit.annotations);
  const warned = [...request.warnings.shown];
  const again = await request.ask("mutate");
  expect(again).toMatchObject({ is: "admitted", changed: false });
  expect(request.audit.annotations).toEqual(annotated);
  expect(request.warnings.shown).toEqual(warned);
  return request.ask("validate");
}

describe.each(POLICIES)("the API server accepts every answer, %s", (_, policy) => {
  const server = serving(policy);
  afterAll(() => server.close());

  describe.each(REVIEW_VERSIONS)("in %s", (version) => {
    test.each([...RECORDED, ...MADE])("to %s", async (__, review) => {
      const request = new ApiServerRequest(injecting(server), review, version);
      const verdict = await throughAll(request);
      if (verdict.is === "denied") {
        expect([422, 403]).toContain(verdict.code);
        expect(verdict.message).toMatch(/^admission webhook "[a-z.-]+" denied the request: spec/);
      }
      expect(request.audit.complaints).toEqual([]);
      expect(request.warnings.isTruncating).toBe(false);
    });
  });
});

/** A request after mutation and validation. */
async function passed(
  review: Json,
  {
    policy = DEFAULT_POLICY,
    index = exampleIndex(),
    version = "v1",
  }: { policy?: AdmissionPolicy; index?: ReturnType<typeof indexOf>; version?: ReviewVersion } = {},
): Promise<ApiServerRequest> {
  const server = serving(policy, index);
  onTestFinished(() => server.close());
  const request = new ApiServerRequest(injecting(server), review, version);
  await throughAll(request);
  return request;
}

describe("what the audit log keeps", () => {
  const cdroms = { hardware: { cdrom: [{ name: "cd1", image: { name: "live" } }] }, guestID: "other" };
  const index = indexOf([vmi("vmi-u", "ubuntu"), vmi("vmi-l", "live", { type: "ISO" })]);

  test.each(REVIEW_VERSIONS)(
    "names as written and what they resolved to, under qualified keys, in %s",
    async (version) => {
      const review = createReview({ object: virtualMachine({ imageName: "ubuntu", ...cdroms }) });
      const { audit } = await passed(review, { index, version });
      expect(Object.fromEntries(audit.annotations)).toEqual({
        "mutate.vm-image-webhook.dev/requested": "spec.imageName=ubuntu, spec.hardware.cdrom[cd1].image.name=live",
        "mutate.vm-image-webhook.dev/resolved": "spec.imageName=vmi-u, spec.hardware.cdrom[cd1].image.name=vmi-l",
      });
    },
  );

  test("nothing for an object that is already pinned", async () => {
    const { audit } = await passed(createReview({ object: OLD }));
    expect(audit.annotations.size).toBe(0);
  });

  test("nothing for a refusal", async () => {
    const { client } = await webhook();
    for (const path of ["/mutate", "/validate"]) {
      const answer = await client.post(path, createReview({ object: virtualMachine({ imageName: "photon-5" }) }));
      expect(responseOf(answer.text)).toMatchObject({ allowed: false });
      expect(responseOf(answer.text)).not.toHaveProperty("auditAnnotations");
    }
  });

  test("the same for any order of fields in the pinned annotation", async () => {
    const pins = (fields: readonly (readonly [string, object])[]): string => JSON.stringify(Object.fromEntries(fields));
    const entries = [
      ["spec.hardware.cdrom[cd1].image.name", { requested: "live", resolved: "vmi-l" }],
      ["spec.imageName", { requested: "ubuntu", resolved: "vmi-u" }],
    ] as const;
    const said = await Promise.all(
      [entries, entries.toReversed()].map(async (order) => {
        const spec = {
          imageName: "vmi-u",
          ...cdroms,
          hardware: { cdrom: [{ name: "cd1", image: { name: "vmi-l" } }] },
        };
        const metadata = { name: "web", annotations: { "vm-image-webhook.dev/pinned": pins(order) } };
        const { audit } = await passed(createReview({ object: { ...virtualMachine(spec), metadata } }), { index });
        return Object.fromEntries(audit.annotations);
      }),
    );
    expect(said[0]).toEqual(said[1]);
    expect(said[0]?.["mutate.vm-image-webhook.dev/requested"]).toMatch(/^spec\.imageName=ubuntu, /);
  });
});

describe("warnings", () => {
  const EVERY_WARNING = { ...DEFAULT_POLICY, levels: mapLevels("warn") };

  test.each([
    ["an unknown name", createReview({ object: virtualMachine({ imageName: "ubuntu-2404" }) })],
    ["an unknown kind", createReview({ object: virtualMachine({ image: { kind: "Image", name: "ubuntu-24.04" } }) })],
    [
      "an imageName and an image that disagree",
      createReview({ object: virtualMachine({ imageName: "debian-13", image: { name: "ubuntu-24.04" } }) }),
    ],
    [
      "another image on an UPDATE",
      createReview({
        operation: "UPDATE",
        object: virtualMachine({
          ...(OLD["spec"] as Json),
          image: { kind: "VirtualMachineImage", name: "vmi-38cba0e73c6ba3792" },
        }),
        oldObject: OLD,
      }),
    ],
  ])("of both endpoints about %s reach a user once", async (_, review) => {
    const { warnings } = await passed(review, { policy: EVERY_WARNING });
    const subjects = warnings.shown.map((text) => text.replaceAll(/"[^"]*"/g, ""));
    expect(subjects).not.toEqual([]);
    expect(subjects).toEqual([...new Set(subjects)]);
  });

  test("about a clone are the same when mutation is called again", async () => {
    const conversion = JSON.stringify({ spec: { imageName: "debian-13" } });
    const metadata = { name: "web", annotations: { "vmoperator.vmware.com/conversion": conversion } };
    const kind = { group: "vmoperator.vmware.com", version: "v1alpha2", kind: "VirtualMachine" };
    const object = { ...virtualMachine(), apiVersion: "vmoperator.vmware.com/v1alpha2", metadata };
    const levels = { ...DEFAULT_LEVELS, conversion: "warn" } as const;
    const { warnings } = await passed(createReview({ kind, object }), { policy: { ...DEFAULT_POLICY, levels } });
    expect(warnings.shown).toHaveLength(1);
    expect(warnings.shown[0]).toContain(
      'spec.imageName: "ubuntu-24.04": vm-operator takes "debian-13" from its annotation instead',
    );
  });

  test("about an image with a long condition and newlines reach a user", async () => {
    const readiness = {
      is: "notReady",
      condition: "Ready",
      reason: "Failed",
      message: `a\nb${"🔥".repeat(5_000)}`,
    } as const;
    const index = indexOf([vmi("vmi-u", "ubuntu", { readiness })]);
    const { warnings } = await passed(createReview({ object: virtualMachine({ imageName: "ubuntu" }) }), { index });
    expect(warnings.shown).toHaveLength(1);
    expect(warnings.shown[0]).toMatch(
      /^spec\.imageName: "vmi-u": ubuntu: .*Failed: a\\u000ab🔥+.* \(10003 characters\)\); the VM waits until it is$/u,
    );
  });
});

describe("another webhook between two calls", () => {
  test("keeps its edits of other fields, and the second mutation changes nothing", async () => {
    const server = serving(DEFAULT_POLICY);
    onTestFinished(() => server.close());
    const request = new ApiServerRequest(injecting(server), createReview(), "v1");
    await request.ask("mutate");
    const ours = request.object as Json;
    const annotations = { ...(at(ours, ["metadata", "annotations"]) as Json), "other.example/seen": "yes" };
    request.object = {
      ...ours,
      metadata: { ...(ours["metadata"] as Json), annotations },
      spec: { ...(ours["spec"] as Json), className: "small" },
    };
    const edited = structuredClone(request.object);
    expect(await request.ask("mutate")).toMatchObject({ changed: false });
    expect(request.object).toEqual(edited);
    expect(await request.ask("validate")).toMatchObject({ is: "admitted" });
    expect(request.audit.complaints).toEqual([]);
  });

  test("has its own image pinned, once", async () => {
    const server = serving(DEFAULT_POLICY);
    onTestFinished(() => server.close());
    const request = new ApiServerRequest(injecting(server), createReview(), "v1");
    await request.ask("mutate");
    request.object = { ...(request.object as Json), spec: { imageName: "debian-13" } };
    expect(await request.ask("mutate")).toMatchObject({ changed: true });
    expect(await request.ask("mutate")).toMatchObject({ changed: false });
    expect(await request.ask("validate")).toMatchObject({ is: "admitted" });
  });
});

describe("unusual JSON", () => {
  const posted = async (edit: (text: string) => string): Promise<string> => {
    const { client } = await webhook();
    const text = edit(JSON.stringify(createReview()));
    return (await client.post("/mutate", text)).text;
  };

  test("an integer beyond 2^53 is not part of the patch, so it keeps its value", async () => {
    const answer = await posted((text) => text.replace('"spec":{', '"spec":{"big":9007199254740993,'));
    expect(patchOf(answer).map(({ path }) => path)).toEqual([
      "/spec/image",
      "/spec/imageName",
      "/metadata/annotations",
    ]);
    expect(JSON.stringify(patchOf(answer))).not.toContain("900719925474099");
  });

  test("the last of two equal keys counts, as for the API server", async () => {
    const answer = await posted((text) => text.replace('"spec":{', '"spec":{"imageName":"photon-5",'));
    expect(responseOf(answer)).toMatchObject({ uid: UID, allowed: true });
    expect(patchOf(answer)).toContainEqual({ op: "replace", path: "/spec/imageName", value: PINNED });
  });

  test("kind decides, not requestKind", async () => {
    const requestKind = { group: "vmoperator.vmware.com", version: "v1alpha1", kind: "VirtualMachine" };
    const { client } = await webhook();
    const answer = await client.post("/mutate", createReview({ requestKind }));
    expect(patchOf(answer.text).map(({ path }) => path)).toContain("/spec/image");
  });
});

/** A rejection that the types rule out. */
const NO_ERROR = null as unknown as Error;

describe("a confirmation", () => {
  const unknown = createReview({ object: virtualMachine({ imageName: "ubuntu-2404" }) });

  test.each([
    ["rejects with no error", () => Promise.reject(NO_ERROR)],
    [
      "throws a text",
      () => {
        throw "a text" as unknown as Error;
      },
    ],
    ["never ends", () => new Promise<boolean>(() => undefined)],
  ])("that %s is answered 500 in one line, and the server goes on", async (_, confirm) => {
    const { client, logged } = await webhook({ confirm });
    for (const path of ["/mutate?timeout=1s", "/validate?timeout=1s"]) {
      const answer = await client.post(path, unknown);
      expect(answer.status).toBe(500);
      expect(answer.text).toMatch(/^[^\p{Cc}]+\n$/u);
      expect(answer.text).toContain(UID);
    }
    expect(logged.lines.filter(({ level }) => level === "error")).toHaveLength(2);
    expect(responseOf((await client.post("/mutate", createReview())).text)).toMatchObject({ uid: UID, allowed: true });
  });
});
