import { beforeAll, describe, expect, test } from "vitest";
import type { ControlPlane } from "../control-plane.ts";
import {
  bootOf,
  type Boot,
  LIVE_ISO,
  machine,
  type Machine,
  type MachineSpec,
  newName,
  PHOTON_OF_CL_LINUX,
  ROCKY,
  stored,
  UBUNTU,
  WINDOWS,
} from "../machines.ts";
import { EXAMPLE_MACHINES, withWebhook } from "./webhook-context.ts";

interface Image {
  readonly kind: string;
  readonly name: string;
}

const pinnedName = (requested: string, { name }: Image): object => ({
  "spec.imageName": { requested, resolved: name },
});

/** `spec.image` is rewritten in every mode. */
const DB: Boot = {
  imageName: undefined,
  image: ROCKY,
  pinned: { "spec.image.name": { requested: "rocky-9.5", resolved: ROCKY.name } },
};

/** A CD-ROM is rewritten in every mode, too, and decides the boot image. */
const INSTALLER: Boot = {
  imageName: LIVE_ISO.name,
  image: LIVE_ISO,
  pinned: { "spec.hardware.cdrom[cdrom1].image.name": { requested: "ubuntu-24.04-live", resolved: LIVE_ISO.name } },
};

/** The machines of examples/vms after mutation. */
const EXAMPLES: Readonly<Record<"both" | "imageName" | "image", Readonly<Record<string, Boot>>>> = {
  both: {
    web: { imageName: UBUNTU.name, image: UBUNTU, pinned: pinnedName("ubuntu-24.04", UBUNTU) },
    cache: {
      imageName: PHOTON_OF_CL_LINUX.name,
      image: PHOTON_OF_CL_LINUX,
      pinned: pinnedName("cl-linux/photon-5", PHOTON_OF_CL_LINUX),
    },
    db: DB,
    installer: INSTALLER,
    legacy: { imageName: UBUNTU.name, image: undefined, pinned: pinnedName("ubuntu-24.04", UBUNTU) },
    render: { imageName: WINDOWS.name, image: WINDOWS, pinned: pinnedName("windows-2025", WINDOWS) },
  },
  imageName: {
    web: { imageName: UBUNTU.name, image: undefined, pinned: pinnedName("ubuntu-24.04", UBUNTU) },
    cache: {
      imageName: PHOTON_OF_CL_LINUX.name,
      image: undefined,
      pinned: pinnedName("cl-linux/photon-5", PHOTON_OF_CL_LINUX),
    },
    db: DB,
    installer: { ...INSTALLER, image: undefined },
    legacy: { imageName: UBUNTU.name, image: undefined, pinned: pinnedName("ubuntu-24.04", UBUNTU) },
    render: { imageName: WINDOWS.name, image: undefined, pinned: pinnedName("windows-2025", WINDOWS) },
  },
  image: {
    web: { imageName: "ubuntu-24.04", image: UBUNTU, pinned: undefined },
    // vm-operator cannot resolve LIBRARY/NAME.
    cache: {
      imageName: PHOTON_OF_CL_LINUX.name,
      image: PHOTON_OF_CL_LINUX,
      pinned: pinnedName("cl-linux/photon-5", PHOTON_OF_CL_LINUX),
    },
    db: DB,
    installer: INSTALLER,
    legacy: { imageName: "ubuntu-24.04", image: undefined, pinned: undefined },
    render: { imageName: "windows-2025", image: WINDOWS, pinned: undefined },
  },
};
const MODES = Object.keys(EXAMPLES) as (keyof typeof EXAMPLES)[];

/** The ways in which users and GitOps tools send the same manifest again. */
export function writeModeTests(plane: () => ControlPlane): void {
  describe.each(MODES)("--write %s", (mode) => {
    const context = withWebhook(plane, ["--write", mode]);
    const expected = Object.entries(EXAMPLES[mode]);
    const applyExamples = (): Promise<string> => context.plane.user.ok(["apply", "-f", EXAMPLE_MACHINES]);
    const storedExamples = (): Promise<readonly Machine[]> =>
      Promise.all(expected.map(([name]) => stored(context.plane.user, name)));

    describe("kubectl apply -f examples/vms", () => {
      beforeAll(applyExamples);

      test.each(expected)("stores %s as expected", async (name, boot) => {
        expect(bootOf(await stored(context.plane.user, name))).toEqual(boot);
      });

      test("changes nothing when it runs again", async () => {
        const before = await storedExamples();
        await applyExamples();
        for (const machine of before) {
          const after = await stored(context.plane.user, machine.metadata.name);
          context.plane.expectNothingWritten(machine, after, { rewritten: true });
        }
      });
    });

    describe.each(MANIFESTS)("a manifest with $title", ({ spec, version }) => {
      test("stays as stored when kubectl replace sends the original again", async () => {
        const { user } = context.plane;
        const original = machine(newName("replaced"), spec, version);
        await user.ok(["create", "-f", "-"], original);
        const before = await stored(user, original.metadata.name);

        await user.ok(["replace", "-f", "-"], original);

        expect(await stored(user, original.metadata.name)).toMatchObject({ spec: before.spec ?? {} });
        expect(bootOf(await stored(user, original.metadata.name))).toEqual(bootOf(before));
      });

      test("can be read, edited and replaced", async () => {
        const { user } = context.plane;
        const original = machine(newName("edited"), spec, version);
        await user.ok(["create", "-f", "-"], original);
        const before = await stored(user, original.metadata.name);

        await user.ok(["replace", "-f", "-"], withLabel(before, "edited"));

        const after = await stored(user, original.metadata.name);
        expect(after.metadata.labels).toEqual({ edited: "yes" });
        expect(bootOf(after)).toEqual(bootOf(before));
      });

      test("changes nothing when one manager applies it again by server-side apply", async () => {
        const { user } = context.plane;
        const original = machine(newName("applied"), spec, version);
        const apply = ["apply", "--server-side", "--field-manager=gitops", "-f", "-"];
        await user.ok(apply, original);
        const before = await stored(user, original.metadata.name);

        await user.ok(apply, original);

        const after = await stored(user, original.metadata.name);
        context.plane.expectNothingWritten(before, after, { rewritten: rewrittenFields(spec, before).length > 0 });
      });

      test("can be applied by a second manager, with --force-conflicts where a stored value differs", async () => {
        const { user } = context.plane;
        const original = machine(newName("shared"), spec, version);
        await user.ok(["apply", "--server-side", "--field-manager=first", "-f", "-"], original);
        const before = await stored(user, original.metadata.name);
        const second = ["apply", "--server-side", "--field-manager=second", "-f", "-"];
        const rewritten = rewrittenFields(spec, before);

        // The API server compares the fields of two managers before it calls any webhook.
        const conflict = await user.run(second, original);
        expect(conflict.code).toBe(rewritten.length === 0 ? 0 : 1);
        for (const field of rewritten) expect(conflict.stderr).toContain(`conflict with "first": .${field}`);
        await user.ok([...second, "--force-conflicts"], original);
        await user.ok([...second, "--force-conflicts"], original);

        expect(bootOf(await stored(user, original.metadata.name))).toEqual(bootOf(before));
      });

      test("can move from kubectl apply to server-side apply, with --force-conflicts where a stored value differs", async () => {
        const { user } = context.plane;
        const original = machine(newName("moved"), spec, version);
        await user.ok(["apply", "-f", "-"], original);
        const before = await stored(user, original.metadata.name);
        const rewritten = rewrittenFields(spec, before);

        const conflict = await user.run(["apply", "--server-side", "-f", "-"], original);
        expect(conflict.code).toBe(rewritten.length === 0 ? 0 : 1);
        for (const field of rewritten) expect(conflict.stderr).toContain(`: .${field}`);
        await user.ok(["apply", "--server-side", "--force-conflicts", "-f", "-"], original);
        await user.ok(["apply", "--server-side", "-f", "-"], original);

        expect(bootOf(await stored(user, original.metadata.name))).toEqual(bootOf(before));
      });

      test("gives the same result in a dry run, which stores nothing", async () => {
        const { user } = context.plane;
        const original = machine(newName("dry"), spec, version);
        const dry = JSON.parse(
          await user.ok(["create", "--dry-run=server", "-o", "json", "-f", "-"], original),
        ) as Machine;
        expect(await user.refused(["get", "vm", original.metadata.name, "-n", "dev"])).toContain("NotFound");

        await user.ok(["create", "-f", "-"], original);

        expect(bootOf(await stored(user, original.metadata.name))).toEqual(bootOf(dry));
      });
    });
  });
}

const MANIFESTS = [
  { title: "a display name", spec: { imageName: "ubuntu-24.04" }, version: "v1alpha6" },
  { title: "LIBRARY/NAME", spec: { imageName: "cl-linux/photon-5" }, version: "v1alpha3" },
  {
    title: "spec.image by display name",
    spec: { image: { kind: "ClusterVirtualMachineImage", name: "rocky-9.5" } },
    version: "v1alpha6",
  },
  { title: "a display name in v1alpha1", spec: { imageName: "ubuntu-24.04" }, version: "v1alpha1" },
];

/** The fields whose stored value differs from the manifest. */
function rewrittenFields(written: MachineSpec, { spec }: Machine): readonly string[] {
  return [
    ...(written.imageName === spec?.imageName ? [] : ["spec.imageName"]),
    ...(written.image === undefined || written.image.name === spec?.image?.name ? [] : ["spec.image.name"]),
  ];
}

function withLabel(machine: Machine, label: string): Machine {
  return { ...machine, metadata: { ...machine.metadata, labels: { ...machine.metadata.labels, [label]: "yes" } } };
}
