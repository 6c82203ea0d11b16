import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ofCheckout } from "../support/command-run.ts";
import { CONTROL_PLANE_ASSETS, ControlPlane, controlPlaneAssets, NAMESPACE, OWN_CRDS } from "./control-plane.ts";
import { type Printed, run } from "./kubectl.ts";
import { requireControlPlane } from "./required.ts";

const IMAGE = "vmi-0a0044d7c690bcbea";

requireControlPlane();

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("kubectl vmimage, with images of a real API server", () => {
  let plane: ControlPlane | undefined;
  let folder = "";

  /** As a person runs it: kubectl finds the plugin in PATH. */
  function kubectl(args: readonly string[]): Promise<Printed> {
    const PATH = [folder, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
    return run(join(controlPlaneAssets(), "kubectl"), args, { env: { PATH, HOME: folder, KUBECONFIG: kubeconfig() } });
  }

  function kubeconfig(): string {
    if (plane === undefined) throw new Error("the control plane did not start");
    return plane.kubeconfig;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vm-image-webhook-plugin-"));
    await promisify(execFile)("npm", ["run", "-s", "package"], { cwd: ofCheckout(".") });
    await symlink(ofCheckout("dist/package/kubectl-vmimage.cjs"), join(folder, "kubectl-vmimage"));
    plane = await ControlPlane.start([OWN_CRDS]);
    const metadata = { name: IMAGE, namespace: NAMESPACE };
    await plane.admin.ok(["create", "-f", "-"], {
      apiVersion: "vmoperator.vmware.com/v1alpha6",
      kind: "VirtualMachineImage",
      metadata,
      spec: {},
    });
  });

  afterAll(async () => {
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("resolve asks the cluster of the kubeconfig, in the namespace of -n", async () => {
    const found = await kubectl(["vmimage", "resolve", IMAGE, "-n", NAMESPACE]);
    expect(found).toMatchObject({ code: 0, stderr: "" });
    expect(found.stdout).toContain(`"${IMAGE}" in namespace "${NAMESPACE}" is ${IMAGE}, found by object name`);
    expect(await kubectl(["vmimage", "resolve", IMAGE, "--namespace", "other"])).toMatchObject({ code: 1 });
  });

  test("check says what admission would say", async () => {
    const file = ofCheckout("examples/mistakes/unknown.yaml");
    const { code, stdout } = await kubectl(["vmimage", "check", file, "--kubeconfig", kubeconfig()]);
    expect(code).toBe(1);
    expect(stdout).toContain('spec.imageName: Not found: "ubuntu-2404"');
  });

  test("an unknown context is refused by name, and messages and help say kubectl vmimage", async () => {
    const { code, stderr } = await kubectl(["vmimage", "resolve", IMAGE, "--context", "nowhere"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^kubectl vmimage: .*nowhere/);
    const { stdout } = await kubectl(["vmimage", "pin", "--help"]);
    expect(stdout).toMatch(/^Usage: kubectl vmimage pin /);
    expect(stdout).toContain("  kubectl vmimage pin examples/vms");
  });
});
