import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTROL_PLANE_ASSETS, ControlPlane, NAMESPACE, OWN_CRDS, PLATFORM_CRDS } from "./control-plane.ts";
import { newName } from "./machines.ts";
import { WebhookProcess } from "./webhook.ts";

const OS_IMAGES = fileURLToPath(new URL("../../examples/images/osimages.yaml", import.meta.url));
const NODES = fileURLToPath(new URL("../../examples/nodes/", import.meta.url));
const PROPERTY = "vcluster.com/os-image";
const NOBLE = "Ubuntu Noble (24.04 LTS)";
const FIELD = `spec.properties[${PROPERTY}]`;

interface Stored {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly properties?: Readonly<Record<string, string>>;
    readonly metal3?: { readonly nodeTypes: readonly { readonly properties: Readonly<Record<string, string>> }[] };
  };
}

function claim(name: string, image?: string, kind = "NodeClaim"): object {
  const spec = image === undefined ? {} : { spec: { properties: { [PROPERTY]: image, other: "kept" } } };
  return { apiVersion: "storage.loft.sh/v1", kind, metadata: { name, namespace: NAMESPACE }, ...spec };
}

function osImage(name: string, spec: object): object {
  return { apiVersion: "storage.loft.sh/v1", kind: "OSImage", metadata: { name }, spec };
}

function metal3(properties: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [`metal3.vcluster.com/${key}`, value]));
}

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("references to OSImages behind a real API server", () => {
  let started: ControlPlane | undefined;
  let webhook: WebhookProcess | undefined;
  const plane = (): ControlPlane => {
    if (started === undefined) throw new Error("the control plane did not start");
    return started;
  };
  const reviewsOf = async (name: string): Promise<number> => {
    if (webhook === undefined) throw new Error("the webhook did not start");
    return (await plane().reviewsOf(name, webhook)).length;
  };
  const storedClaim = (name: string): Promise<Stored> => plane().user.json(["get", "nodeclaim", name, "-n", NAMESPACE]);

  beforeAll(async () => {
    started = await ControlPlane.start([OWN_CRDS, PLATFORM_CRDS]);
    const { admin, certificate, kubeconfig } = started;
    await admin.ok(["apply", "-f", OS_IMAGES]);
    // The control plane probes with a machine of this image.
    await admin.ok(["create", "-f", "-"], {
      apiVersion: "vmoperator.vmware.com/v1alpha6",
      kind: "ClusterVirtualMachineImage",
      metadata: { name: "ubuntu-24.04" },
    });
    webhook = await WebhookProcess.start({ kubeconfig, certificate, flags: ["--osimage"] });
    await started.pointAt(webhook);
    await started.pointOsImagesAt(webhook);
  });
  afterAll(async () => {
    await webhook?.stop();
    await started?.stop();
  });

  test.each(["NodeClaim", "Machine"])(
    "a %s with a display name is pinned, and a re-apply changes nothing",
    async (kind) => {
      const { user } = plane();
      const name = newName("pinned");
      await user.ok(["apply", "-f", "-"], claim(name, NOBLE, kind));
      const stored = await user.json<Stored>(["get", kind, name, "-n", NAMESPACE]);
      expect(stored.spec.properties).toEqual({ [PROPERTY]: "ubuntu-noble", other: "kept" });
      expect(JSON.parse(stored.metadata.annotations?.["vm-image-webhook.dev/pinned"] ?? "")).toEqual({
        [FIELD]: { requested: NOBLE, resolved: "ubuntu-noble" },
      });
      expect(await user.ok(["apply", "-f", "-"], claim(name, NOBLE, kind))).toBeTruthy();
      const again = await user.json<Stored>(["get", kind, name, "-n", NAMESPACE]);
      plane().expectNothingWritten(stored, again, { rewritten: true });
    },
  );

  test("all references of a NodeProvider are pinned", async () => {
    const { user } = plane();
    await user.ok(["apply", "-f", `${NODES}provider.yaml`]);
    const { spec } = await user.json<Stored>(["get", "nodeprovider", "metal"]);
    expect(spec.properties?.[PROPERTY]).toBe("ubuntu-noble");
    expect(spec.metal3?.nodeTypes.map(({ properties }) => properties[PROPERTY])).toEqual(["ubuntu-noble", "hardened"]);
    const nodeTypes = [{ name: "compute", properties: { [PROPERTY]: "nothing" } }];
    const patch = JSON.stringify({ spec: { metal3: { nodeTypes } } });
    expect(await user.refused(["patch", "nodeprovider", "metal", "--type=merge", "-p", patch])).toContain(
      `spec.metal3.nodeTypes[0].properties[${PROPERTY}]: Not found: "nothing"`,
    );
    await user.ok(["delete", "nodeprovider", "metal"]);
  });

  test("kubectl prints the refusal of an unknown and an ambiguous name", async () => {
    const { user } = plane();
    const name = newName("refused");
    expect(await user.refused(["create", "-f", "-"], claim(name, "ubuntu-nobel"))).toBe(
      `The NodeClaim "${name}" is invalid: ${FIELD}: Not found: "ubuntu-nobel": no OSImage has this display name or object name; did you mean "${NOBLE}" (ubuntu-noble)?`,
    );
    expect(await user.refused(["create", "-f", "-"], claim(name, "Rocky Linux"))).toBe(
      `The NodeClaim "${name}" is invalid: ${FIELD}: Invalid value: "Rocky Linux": ambiguous: 2 OSImages have this display name: rocky-9-5, rocky-9-6; use one of these object names`,
    );
  });

  test("an image can be used right after its creation", async () => {
    const { user } = plane();
    const image = newName("fresh");
    const [name, display] = [newName("node"), `Display ${image}`];
    await user.ok(["create", "-f", "-"], osImage(image, { displayName: display }));
    await user.ok(["create", "-f", "-"], claim(name, display));
    expect((await storedClaim(name)).spec.properties?.[PROPERTY]).toBe(image);
  });

  test("an update that changes no reference makes no call, even if its image is deleted", async () => {
    const { user } = plane();
    const [image, name] = [newName("doomed"), newName("node")];
    await user.ok(["create", "-f", "-"], osImage(image, {}));
    await user.ok(["create", "-f", "-"], claim(name, image));
    await user.ok(["delete", "osimage", image]);
    const before = await reviewsOf(name);
    expect(before).toBeGreaterThan(0);
    await user.ok(["label", "nodeclaim", name, "-n", NAMESPACE, "tier=web"]);
    const patch = JSON.stringify({ spec: { properties: { other: "changed" } } });
    await user.ok(["patch", "nodeclaim", name, "-n", NAMESPACE, "--type=merge", "-p", patch]);
    expect(await reviewsOf(name)).toBe(before);
    const removal = JSON.stringify({ spec: { properties: { [PROPERTY]: null } } });
    await user.ok(["patch", "nodeclaim", name, "-n", NAMESPACE, "--type=merge", "-p", removal]);
    expect((await storedClaim(name)).spec.properties).toEqual({ other: "changed" });
  });

  test("an object without spec can be created, changed and deleted", async () => {
    const { user } = plane();
    const name = newName("bare");
    await user.ok(["create", "-f", "-"], claim(name));
    await user.ok(["label", "nodeclaim", name, "-n", NAMESPACE, "tier=web"]);
    await user.ok(["delete", "nodeclaim", name, "-n", NAMESPACE]);
  });

  test("access warns a user without access, and no privileged user", async () => {
    const { user, admin } = plane();
    const stranger = await user.run(["create", "-f", "-"], claim(newName("closed"), "Hardened"));
    expect(stranger.code).toBe(0);
    expect(stranger.stderr).toMatch(
      /^Warning: spec\.properties\[vcluster\.com\/os-image\]: "hardened": Hardened: user "dev-user" neither owns the image nor is granted get/,
    );
    const privileged = await admin.run(["create", "-f", "-"], claim(newName("closed"), "hardened"));
    expect([privileged.code, privileged.stderr]).toEqual([0, ""]);
  });

  test("a malformed OSImage is refused with all errors", async () => {
    const { user } = plane();
    const name = newName("image");
    const sent = osImage(name, {
      owner: { user: "a", team: "b" },
      properties: metal3({ "image-url": "noble.img", "image-checksum": "e3b0", "image-checksum-type": "sha256" }),
    });
    const printed = await user.refused(["create", "-f", "-"], sent);
    expect(printed.split("\n").map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
      `The OSImage "${name}" is invalid: `,
      "* spec.properties[metal3.vcluster.com/image-url]: Invalid value",
      "* spec.properties[metal3.vcluster.com/image-checksum]: Invalid value",
      "* spec.owner: Invalid value",
    ]);
  });

  test("a suspicious OSImage is created with warnings, which an unrelated update does not repeat", async () => {
    const { user } = plane();
    const name = newName("image");
    const properties = metal3({
      "image-url": "https://images.example.com/x.img",
      "image-checksum": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "image-ulr": "x",
    });
    const { code, stderr } = await user.run(["create", "-f", "-"], osImage(name, { displayName: NOBLE, properties }));
    expect(code).toBe(0);
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringContaining("is the sha256 of an empty file"),
      expect.stringContaining('did you mean "metal3.vcluster.com/image-url"?'),
      expect.stringContaining("OSImage ubuntu-noble has this display name"),
    ]);
    const before = await reviewsOf(name);
    await user.ok(["label", "osimage", name, "tier=web"]);
    const patch = JSON.stringify({ spec: { description: "new" } });
    const patched = await user.run(["patch", "osimage", name, "--type=merge", "-p", patch]);
    expect([patched.code, patched.stderr]).toEqual([0, ""]);
    expect(await reviewsOf(name)).toBe(before + 1);
    const refused = JSON.stringify({ spec: { properties: metal3({ "image-url": "y" }) } });
    expect(await user.refused(["patch", "osimage", name, "--type=merge", "-p", refused])).toMatch(
      /^Error from server \(Forbidden\): .*image-url\]: Invalid value: "y"/,
    );
    await user.ok(["delete", "osimage", name]);
  });
});
