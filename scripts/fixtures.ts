import { decider } from "../src/admission/decide.ts";
import { REFERENCES } from "../src/admission/systems.ts";
/**
 * Records the AdmissionReviews of test/fixtures from a real API server: `npm run fixtures`. KUBEBUILDER_ASSETS names the
 * folder of kube-apiserver, etcd and kubectl. Running it again changes nothing but what the API server changed.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { POLICY_FLAGS, policyOf } from "../src/cli/policy-flags.ts";
import { readFlags } from "../src/cli/given-flags.ts";
import { at, isJsonObject, type JsonObject, textAt } from "../src/common/json.ts";

import { creationRules, referenceRules } from "../src/references/webhook-rules.ts";
import { admissionServer } from "../src/server/admission-server.ts";
import { ControlPlane, NAMESPACE, OWN_CRDS, OWNED, PLATFORM_CRDS } from "../test/e2e/control-plane.ts";
import { eventually } from "../test/e2e/eventually.ts";
import { type Machine, machine, machineSet, newName, STORED } from "../test/e2e/machines.ts";
import { exampleIndex } from "../test/support/catalogue.ts";

const FIXTURES = fileURLToPath(new URL("../test/fixtures/", import.meta.url));
/** The policy of `serve` without flags. */
const DEFAULT_POLICY = policyOf(readFlags(POLICY_FLAGS, {}, {}));
const CONFIGURATION = "recorder";
const PLATFORM_KINDS = ["nodeclaims", "nodeproviders", "osimages"];
const UBUNTU_ID = "vmi-0a0044d7c690bcbea";

type Step = (plane: ControlPlane) => Promise<unknown>;

interface Scenario {
  /** The name of the file. */
  readonly name: string;
  /** Prepares the step, and is not recorded. */
  readonly before?: Step;
  /** Its first review is recorded. */
  readonly step: Step;
  readonly reviewVersion?: "v1beta1";
}

const create =
  (sent: object, ...flags: readonly string[]): Step =>
  ({ user }) =>
    user.run(["create", ...flags, "-f", "-"], sent);
const apply =
  (sent: object, ...flags: readonly string[]): Step =>
  ({ user }) =>
    user.run(["apply", ...flags, "-f", "-"], sent);
const patch =
  (name: string, change: object, ...flags: readonly string[]): Step =>
  ({ user }) =>
    user.run(["patch", STORED, name, "-n", NAMESPACE, "--type=merge", "-p", JSON.stringify(change), ...flags]);

const web = machine("web", { imageName: "ubuntu-24.04" });

/** A machine that boots an ISO image by its display name. */
function installer(version = "v1alpha6", cdromName = "cdrom1"): Machine {
  const cdrom = [{ name: cdromName, image: { kind: "ClusterVirtualMachineImage", name: "ubuntu-24.04-live" } }];
  const media = version < "v1alpha5" ? { cdrom } : { hardware: { cdrom } };
  return machine("installer", { guestID: "ubuntu64Guest", ...media }, version);
}

function publishRequest(item: string): object {
  return {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachinePublishRequest",
    metadata: { name: "publish", namespace: NAMESPACE },
    spec: { source: { name: "web" }, target: { item: { name: item }, location: { name: "cl-team" } } },
  };
}

function groupPublishRequest(name: string, virtualMachines: readonly string[]): object {
  return {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachineGroupPublishRequest",
    metadata: { name, namespace: NAMESPACE },
    spec: { source: "web", virtualMachines, target: "cl-team" },
  };
}

const webSet = machineSet("web", { imageName: "ubuntu-24.04" });

function nodeClaim(image: string): object {
  return {
    apiVersion: "storage.loft.sh/v1",
    kind: "NodeClaim",
    metadata: { name: "web-node", namespace: NAMESPACE },
    spec: { properties: { "vcluster.com/os-image": image } },
  };
}

const nodeType = (name: string, image: string): object => ({ name, properties: { "vcluster.com/os-image": image } });
const NODE_PROVIDER = {
  apiVersion: "storage.loft.sh/v1",
  kind: "NodeProvider",
  metadata: { name: "metal" },
  spec: {
    properties: { "vcluster.com/os-image": "Ubuntu Noble (24.04 LTS)" },
    metal3: { nodeTypes: [nodeType("compute", "ubuntu-noble"), nodeType("secure", "Hardened")] },
  },
};

/** An OSImage with these properties of Metal3. */
function osImage(properties: Readonly<Record<string, string>>, owner?: object): object {
  const prefixed = Object.entries(properties).map(([name, value]) => [`metal3.vcluster.com/${name}`, value]);
  return {
    apiVersion: "storage.loft.sh/v1",
    kind: "OSImage",
    metadata: { name: "debian-trixie" },
    spec: { displayName: "Debian Trixie", owner, properties: Object.fromEntries(prefixed) as object },
  };
}

const SCENARIOS: readonly Scenario[] = [
  ...["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"].map((version) => ({
    name: `create-${version}`,
    step: create(machine("web", { imageName: "ubuntu-24.04" }, version)),
  })),
  { name: "create-review-v1beta1", reviewVersion: "v1beta1", step: create(web) },
  { name: "create-dry-run", step: create(web, "--dry-run=server") },
  { name: "create-server-side-apply", step: apply(web, "--server-side") },
  {
    name: "create-generate-name",
    step: create({ ...web, metadata: { generateName: "web-", namespace: NAMESPACE } }),
  },
  { name: "create-by-vmi-id", step: create(machine("web", { imageName: UBUNTU_ID })) },
  { name: "create-by-library-name", step: create(machine("cache", { imageName: "cl-linux/photon-5" }, "v1alpha3")) },
  {
    name: "create-image",
    step: create(machine("db", { image: { kind: "ClusterVirtualMachineImage", name: "rocky-9.5" } })),
  },
  {
    name: "create-both",
    step: create(
      machine("cache", {
        imageName: "photon-5",
        image: { kind: "VirtualMachineImage", name: "vmi-38cba0e73c6ba3792" },
      }),
    ),
  },
  {
    name: "create-both-disagree",
    step: create(
      machine("db", {
        imageName: "ubuntu-24.04",
        image: { kind: "ClusterVirtualMachineImage", name: "rocky-9.5" },
      }),
    ),
  },
  { name: "create-ambiguous", step: create(machine("cache", { imageName: "photon-5" })) },
  { name: "create-unknown", step: create(machine("web", { imageName: "ubuntu-2404" })) },
  { name: "create-not-ready", step: create(machine("web", { imageName: "debian-13" })) },
  { name: "create-imageless", step: create(machine("web", {})) },
  {
    name: "create-imageless-by-admin",
    step: ({ admin }) => admin.run(["create", "-f", "-"], machine("imported", {})),
  },
  { name: "update-apply-again", before: apply(web), step: apply(web) },
  { name: "update-label", before: create(web), step: patch("web", { metadata: { labels: { tier: "web" } } }) },
  {
    name: "update-replace-without-image",
    before: create(web),
    step: ({ user }) => user.run(["replace", "-f", "-"], machine("web", {})),
  },
  { name: "update-server-side-apply", before: apply(web, "--server-side"), step: apply(web, "--server-side") },
  {
    name: "update-v1alpha1-apply-again",
    before: apply(machine("legacy", { imageName: "ubuntu-24.04" }, "v1alpha1")),
    step: apply(machine("legacy", { imageName: "ubuntu-24.04" }, "v1alpha1")),
  },
  { name: "update-typo", before: create(web), step: patch("web", { spec: { imageName: "ubuntu-2404" } }) },
  { name: "update-other-image", before: create(web), step: patch("web", { spec: { imageName: "debian-13" } }) },
  {
    name: "update-status",
    before: create(web),
    step: patch("web", { status: { biosUUID: "4210-0001" } }, "--subresource=status"),
  },
  {
    name: "update-finalizer-of-deleted",
    before: async (plane) => {
      const finalizers = ["vm-image-webhook.dev/fixture"];
      await create({ ...web, metadata: { ...web.metadata, finalizers } })(plane);
      await plane.user.run(["delete", "vm", "web", "-n", NAMESPACE, "--wait=false"]);
    },
    step: patch("web", { metadata: { finalizers: null } }),
  },
  { name: "create-cdrom", step: create(installer()) },
  { name: "create-cdrom-v1alpha4", step: create(installer("v1alpha4")) },
  { name: "update-cdrom-apply-again", before: apply(installer()), step: apply(installer()) },
  { name: "update-cdrom-added", before: apply(installer()), step: apply(installer("v1alpha6", "cdrom2")) },
  { name: "create-set", step: create(webSet) },
  { name: "create-set-unknown", step: create(machineSet("web", { imageName: "ubuntu-2404" }, "v1alpha4")) },
  { name: "update-set-apply-again", before: apply(webSet), step: apply(webSet) },
  {
    name: "update-set-other-image",
    before: apply(webSet),
    step: apply(machineSet("web", { imageName: "rocky-9.5" })),
  },
  { name: "create-publish", step: create(publishRequest("ubuntu-24.04")) },
  { name: "create-group-publish", step: create(groupPublishRequest("ubuntu", ["web", "24.04"])) },
  { name: "create-node-claim", step: create(nodeClaim("Ubuntu Noble (24.04 LTS)")) },
  { name: "create-node-claim-unknown", step: create(nodeClaim("ubuntu-nobel")) },
  { name: "create-node-claim-ambiguous", step: create(nodeClaim("Rocky Linux")) },
  { name: "create-node-claim-closed", step: create(nodeClaim("hardened")) },
  {
    name: "update-node-claim-apply-again",
    before: apply(nodeClaim("Ubuntu Noble (24.04 LTS)")),
    step: apply(nodeClaim("Ubuntu Noble (24.04 LTS)")),
  },
  {
    name: "update-node-claim-other-image",
    before: apply(nodeClaim("ubuntu-noble")),
    step: apply(nodeClaim("Ubuntu Jammy (22.04 LTS)")),
  },
  { name: "create-node-provider", step: create(NODE_PROVIDER) },
  { name: "create-os-image", step: create(osImage({ "image-url": "noble.img", "image-checksum": "e3b0" })) },
  {
    name: "update-os-image",
    before: create(osImage({ "image-url": "https://images.example.com/noble.img" })),
    step: apply(osImage({ "image-ulr": "https://images.example.com/noble.img" }, { user: "admin", team: "infra" })),
  },
  { name: "delete", before: create(web), step: ({ user }) => user.run(["delete", "vm", "web", "-n", NAMESPACE]) },
];

/** Records the reviews of the API server. Answers as the webhook does, and admits what that refuses. */
class Recorder {
  readonly #server: Server;
  readonly #webhook: FastifyInstance;
  #reviews: unknown[] = [];

  private constructor(server: Server, webhook: FastifyInstance) {
    this.#server = server;
    this.#webhook = webhook;
  }

  static async start(directory: string): Promise<Recorder> {
    const read = (file: string): Promise<string> => readFile(join(directory, file), "utf8");
    const log = pino({ level: "silent" });
    const webhook = admissionServer({ index: exampleIndex(), decide: decider(DEFAULT_POLICY), log });
    const server = createServer({ cert: await read("tls.crt"), key: await read("tls.key") }, (request, response) => {
      void json(request).then(async (review) => {
        response.setHeader("Content-Type", "application/json").end(JSON.stringify(await recorder.#answer(review)));
      });
    });
    const recorder = new Recorder(server, webhook);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return recorder;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  forget(): void {
    this.#reviews = [];
  }

  reviewOf(version: string): unknown {
    return this.#reviews.find((review) => textAt(review, ["apiVersion"]) === `admission.k8s.io/${version}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#webhook.close();
  }

  async #answer(review: unknown): Promise<unknown> {
    this.#reviews.push(review);
    const payload = JSON.stringify(review);
    const headers = { "content-type": "application/json" };
    const answer: unknown = (await this.#webhook.inject({ method: "POST", url: "/mutate", headers, payload })).json();
    if (at(answer, ["response", "allowed"]) === true) return answer;
    const response = { uid: textAt(review, ["request", "uid"]), allowed: true };
    return { apiVersion: textAt(review, ["apiVersion"]), kind: "AdmissionReview", response };
  }
}

/** The rules of the webhook, plus DELETE and status. Without matchConditions, so that every UPDATE is recorded. */
function configuration(port: number, ca: string, reviewVersion: string): object {
  const rules = [...referenceRules(REFERENCES), ...creationRules(REFERENCES)].map((rule) => ({
    ...rule,
    operations: ["CREATE", "UPDATE", "DELETE"],
    resources: rule.resources.flatMap((resource) => [resource, `${resource}/status`]),
  }));
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: CONFIGURATION },
    webhooks: [
      {
        name: "recorder.vm-image-webhook.dev",
        admissionReviewVersions: [reviewVersion],
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(ca).toString("base64") },
        rules,
        failurePolicy: "Fail",
        sideEffects: "None",
      },
    ],
  };
}

async function record(plane: ControlPlane, recorder: Recorder): Promise<void> {
  let inForce = "";
  for (const { name, before, step, reviewVersion = "v1" } of SCENARIOS) {
    if (reviewVersion !== inForce) await useReviews(plane, recorder, reviewVersion);
    inForce = reviewVersion;
    await before?.(plane);
    recorder.forget();
    await step(plane);
    const review = recorder.reviewOf(reviewVersion);
    if (!isJsonObject(review)) throw new Error(`${name}: the API server sent no review`);
    await writeFile(join(FIXTURES, `${name}.json`), `${JSON.stringify(stable(review), null, 2)}\n`);
    await plane.user.ok(["delete", [...OWNED, ...PLATFORM_KINDS].join(), "--all", "-n", NAMESPACE]);
  }
}

async function useReviews(plane: ControlPlane, recorder: Recorder, reviewVersion: string): Promise<void> {
  const installed = configuration(recorder.port, plane.certificate.ca, reviewVersion);
  await plane.admin.ok(["apply", "-f", "-"], installed);
  await eventually(`the API server sends AdmissionReviews ${reviewVersion}`, async () => {
    recorder.forget();
    await create(machine(newName("probe"), { imageName: "ubuntu-24.04" }), "--dry-run=server")(plane);
    return recorder.reviewOf(reviewVersion) !== undefined;
  });
}

const SOME_TIME = "2026-01-15T10:00:00Z";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** The review with stable values in place of those that differ from run to run. Equal values stay equal. */
function stable(review: JsonObject): unknown {
  const uids = new Map<string, string>();
  const versions = new Map<string, string>();
  const replaced = (key: string, value: string): string => {
    if (UUID.test(value)) return known(uids, value, (count) => `00000000-0000-4000-8000-${count.padStart(12, "0")}`);
    if (TIME.test(value)) return SOME_TIME;
    if (key === "resourceVersion") return known(versions, value, (count) => count);
    return value.startsWith("X509SHA256=") ? `X509SHA256=${"0".repeat(64)}` : value;
  };
  const walk = (key: string, value: unknown): unknown => {
    if (typeof value === "string") return replaced(key, value);
    if (Array.isArray(value)) return value.map((entry) => walk(key, entry));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(name, member)]));
  };
  return walk("", review);
}

function known(names: Map<string, string>, value: string, name: (count: string) => string): string {
  const stableName = names.get(value) ?? name(String(names.size + 1));
  names.set(value, stableName);
  return stableName;
}

/** Removes fixtures without a scenario. */
async function removeOthers(): Promise<void> {
  const names = new Set(SCENARIOS.map(({ name }) => name));
  for (const file of await readdir(FIXTURES)) {
    const [name = "", ...rest] = file.split(".");
    if (rest.at(-1) === "json" && !names.has(name)) await rm(join(FIXTURES, file));
  }
}

const plane = await ControlPlane.start([OWN_CRDS, PLATFORM_CRDS]);
try {
  const recorder = await Recorder.start(plane.certificate.directory);
  try {
    await record(plane, recorder);
    await removeOthers();
  } finally {
    await recorder.stop();
  }
} finally {
  await plane.stop();
}
