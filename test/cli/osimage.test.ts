import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Json, UID } from "../support/admission-review.ts";
import { type CommandRun, ofCheckout, run } from "../support/command-run.ts";
import { FakeApiServer } from "../support/fake-api-server.ts";
import { OS_IMAGE } from "../support/platform.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const IMAGES = ["--images", ofCheckout("examples/images")];
const NODES = ofCheckout("examples/nodes");

function claim(name: string, group = "storage.loft.sh"): Json {
  return {
    apiVersion: `${group}/v1`,
    kind: "NodeClaim",
    metadata: { name: "web-node", namespace: "p-default" },
    spec: { properties: { [OS_IMAGE]: name } },
  };
}

function review(object: Json, user: object): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: UID,
      kind: { group: "storage.loft.sh", version: "v1", kind: "NodeClaim" },
      operation: "CREATE",
      namespace: "p-default",
      name: "web-node",
      userInfo: user,
      object,
    },
  });
}

/** A kubeconfig of a user without credentials. */
function kubeconfigFor(server: URL): string {
  const file = join(temporaryFolder(), "kubeconfig");
  const named = (part: object): object[] => [{ name: "it", ...part }];
  const config = {
    "current-context": "it",
    clusters: named({ cluster: { server: server.href, "insecure-skip-tls-verify": true } }),
    users: named({ user: {} }),
    contexts: named({ context: { cluster: "it", user: "it" } }),
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

describe("resolve --kind OSImage", () => {
  const resolve = (name: string, ...args: readonly string[]): Promise<CommandRun> =>
    run(["resolve", name, "--kind", "OSImage", ...IMAGES, ...args]);

  test("prints the image of a display name", async () => {
    expect(await resolve("Ubuntu Noble (24.04 LTS)")).toEqual({
      exitCode: 0,
      output:
        '"Ubuntu Noble (24.04 LTS)" is ubuntu-noble, found by display name\n' +
        '  OSImage ubuntu-noble, display name "Ubuntu Noble (24.04 LTS)", ready\n',
      errors: "",
    });
  });

  test("lists the candidates of an ambiguous name, and names similar to an unknown one", async () => {
    expect((await resolve("Rocky Linux")).output).toMatch(/is ambiguous, by display name:\n {2}OSImage rocky-9-5, /);
    const { exitCode, output } = await resolve("ubuntu-nobel");
    expect([exitCode, output]).toEqual([
      1,
      expect.stringMatching(/^"ubuntu-nobel" is no image; images with similar names:\n {2}OSImage ubuntu-noble, /),
    ]);
  });

  test("finds none without --kind", async () => {
    expect((await run(["resolve", "ubuntu-noble", ...IMAGES])).exitCode).toBe(1);
  });
});

describe("check", () => {
  test("admits the examples, with the warning that they demonstrate", async () => {
    const files = readdirSync(NODES).map((file) => join(NODES, file));
    const { exitCode, output } = await run(["check", ...files, ...IMAGES]);
    expect(output).toMatch(
      /^\S+debian\.yaml:10: warning: spec\.properties\[metal3\.vcluster\.com\/image-checksum\]: "e3b0\w+": is the sha256 of an empty file, so that no image passes; write that of the image\n3 objects checked: 0 refused, 1 warned; 0 skipped\n$/,
    );
    expect(exitCode).toBe(0);
  });

  test("admits the example images, but for a display name that two of them have", async () => {
    const { output } = await run(["check", ofCheckout("examples/images/osimages.yaml"), ...IMAGES]);
    expect(output).toMatch(/warning: spec\.displayName: "Rocky Linux": OSImage rocky-9-6 has this display name/);
    expect(output).toMatch(/\n5 objects checked: 0 refused, 2 warned; 0 skipped\n$/);
  });

  test("reports a finding at its property, also in a typed list", async () => {
    const stdin = JSON.stringify(
      { apiVersion: "management.loft.sh/v1", kind: "NodeClaimList", items: [{ spec: claim("x")["spec"] }] },
      null,
      1,
    );
    const { exitCode, output } = await run(["check", "-", "-o", "json", ...IMAGES], { stdin });
    const [finding = ""] = output.split("\n");
    expect(JSON.parse(finding)).toMatchObject({
      line: stdin.split("\n").findIndex((line) => line.includes(OS_IMAGE)) + 1,
      object: { kind: "NodeClaim", namespace: "default" },
      level: "error",
      field: `spec.properties[${OS_IMAGE}]`,
    });
    expect(exitCode).toBe(1);
  });

  test("reports no namespace for a cluster-scoped object", async () => {
    const stdin =
      "{apiVersion: storage.loft.sh/v1, kind: OSImage, metadata: {name: x}, spec: {owner: {user: a, team: b}}}";
    const { output } = await run(["check", "-", "-o", "github", ...IMAGES], { stdin });
    expect(output).toMatch(/^::error title=OSImage x::spec\.owner: /);
  });

  test("does not warn of access, because the user who will apply the manifest is unknown", async () => {
    const { output } = await run(["check", "-", ...IMAGES], { stdin: JSON.stringify(claim("Hardened")) });
    expect(output).toBe("1 object checked: 0 refused, 0 warned; 0 skipped\n");
  });

  test("skips a Machine of another group, and warns of an unknown version", async () => {
    const machine = (apiVersion: string): string => JSON.stringify({ ...claim("x"), apiVersion, kind: "Machine" });
    const other = await run(["check", "-", ...IMAGES], { stdin: machine("cluster.x-k8s.io/v1beta1") });
    expect(other.output).toContain("0 objects checked: 0 refused, 0 warned; 1 skipped");
    const unknown = await run(["check", "-", ...IMAGES], { stdin: machine("storage.loft.sh/v2") });
    expect(unknown.output).toContain("not checked: Machine is known here in v1, not in v2");
  });
});

describe("replay", () => {
  test("pins, and warns a user without access", async () => {
    const stdin = review(claim("Hardened"), { username: "dev-user", groups: ["developers"] });
    const { exitCode, output } = await run(["replay", "-", "-o", "json", "--diff", ...IMAGES], { stdin });
    const [mutated, validated] = output
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Json);
    expect(exitCode).toBe(0);
    expect(mutated).toMatchObject({ after: { spec: { properties: { [OS_IMAGE]: "hardened" } } } });
    expect(validated).toMatchObject({
      answer: { response: { warnings: [expect.stringContaining('user "dev-user" neither owns the image')] } },
    });
  });

  test.each([
    ["loft:team:infra", []],
    ["oidc/infra", ["--team-group-prefix", "oidc/"]],
  ])("does not warn who is of the team, by group %s", async (group, flags) => {
    const stdin = review(claim("hardened"), { username: "dev-user", groups: [group] });
    const { output } = await run(["replay", "-", "-o", "json", ...flags, ...IMAGES], { stdin });
    expect(output).not.toContain("warnings");
  });
});

describe("against a cluster", () => {
  let server: FakeApiServer;
  let url: URL;
  beforeEach(async () => {
    server = new FakeApiServer();
    server.platformGroups = ["storage.loft.sh"];
    server.write("ubuntu-noble", "Noble", { kind: "OSImage" });
    server.write("vmi-a", "ubuntu");
    url = await server.listen();
  });
  afterEach(() => server.close());

  /** The lists that were requested, by plural. */
  const listed = (): readonly string[] =>
    server.requests.filter(({ verb }) => verb === "list").map(({ url }) => /\/(\w+)\?/.exec(url)?.[1] ?? url);

  test.each([
    ["resolve", ["resolve", "Noble", "--kind", "OSImage"], ""],
    ["check", ["check", "-"], JSON.stringify(claim("Noble"))],
    ["replay", ["replay", "-"], review(claim("Noble"), { username: "dev-user" })],
  ])("%s reads OSImages where it needs them, and nothing else", async (_, args, stdin) => {
    const { exitCode, errors } = await run([...args, "--kubeconfig", kubeconfigFor(url)], { stdin });
    expect([exitCode, errors]).toEqual([0, ""]);
    expect(listed()).toEqual(["osimages"]);
  });

  test("reads none for a virtual machine", async () => {
    const stdin =
      "{apiVersion: vmoperator.vmware.com/v1alpha6, kind: VirtualMachine, metadata: {name: a, namespace: dev}, spec: {imageName: ubuntu}}";
    expect((await run(["check", "-", "--kubeconfig", kubeconfigFor(url)], { stdin })).exitCode).toBe(0);
    expect(listed().toSorted()).toEqual(["clustervirtualmachineimages", "virtualmachineimages"]);
    expect(server.requests.filter(({ url }) => url.includes("loft.sh"))).toEqual([]);
  });
});
