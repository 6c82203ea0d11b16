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
import { EXAMPLE_MACHINES, withWebhook } from "./bench.ts";

interface Image {
  readonly kind: string;
  readonly name: string;
}

const pinnedName = (requested: string, { name }: Image): object => ({
  "spec.imageName": { requested, resolved: name },
});

/** `spec.image` that names an image is normalised in every mode. */
const DB: Boot = {
  imageName: undefined,
  image: ROCKY,
  pinned: { "spec.image.name": { requested: "rocky-9.5", resolved: ROCKY.name } },
};

/** So is a CD-ROM, which says what boots, too. */
const INSTALLER: Boot = {
  imageName: LIVE_ISO.name,
  image: LIVE_ISO,
  pinned: { "spec.hardware.cdrom[cdrom1].image.name": { requested: "ubuntu-24.04-live", resolved: LIVE_ISO.name } },
};

/** What examples/vms becomes; design section 5. */
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
    // vm-operator knows no LIBRARY/NAME.
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

/** The ways in which people and GitOps tools bring the same manifest again. */
export function writeModeTests(plane: () => ControlPlane): void {
  describe.each(MODES)("--write %s", (mode) => {
    const bench = withWebhook(plane, ["--write", mode]);
    const expected = Object.entries(EXAMPLES[mode]);
    const applyExamples = (): Promise<string> => bench.plane.user.ok(["apply", "-f", EXAMPLE_MACHINES]);
    const storedExamples = (): Promise<readonly Machine[]> =>
      Promise.all(expected.map(([name]) => stored(bench.plane.user, name)));

    describe("kubectl apply -f examples/vms", () => {
      beforeAll(applyExamples);

      test.each(expected)("stores %s as designed", async (name, boot) => {
        expect(bootOf(await stored(bench.plane.user, name))).toEqual(boot);
      });

      test("and again changes nothing that is stored", async () => {
        const before = await storedExamples();
        await applyExamples();
        for (const machine of before) {
          const after = await stored(bench.plane.user, machine.metadata.name);
          bench.plane.expectNothingWritten(machine, after, { rewritten: true });
        }
      });
    });

    describe.each(MANIFESTS)("a manifest with $title", ({ spec, version }) => {
      test("stays as stored when kubectl replace brings the original again", async () => {
        const { user } = bench.plane;
        const original = machine(newName("replaced"), spec, version);
        await user.ok(["create", "-f", "-"], original);
        const before = await stored(user, original.metadata.name);

        await user.ok(["replace", "-f", "-"], original);

        expect(await stored(user, original.metadata.name)).toMatchObject({ spec: before.spec ?? {} });
        expect(bootOf(await stored(user, original.metadata.name))).toEqual(bootOf(before));
      });

      test("can be read, edited and replaced", async () => {
        const { user } = bench.plane;
        const original = machine(newName("edited"), spec, version);
        await user.ok(["create", "-f", "-"], original);
        const before = await stored(user, original.metadata.name);

        await user.ok(["replace", "-f", "-"], withLabel(before, "edited"));

        const after = await stored(user, original.metadata.name);
        expect(after.metadata.labels).toEqual({ edited: "yes" });
        expect(bootOf(after)).toEqual(bootOf(before));
      });

      test("changes nothing when one manager applies it again on the server side", async () => {
        const { user } = bench.plane;
        const original = machine(newName("applied"), spec, version);
        const apply = ["apply", "--server-side", "--field-manager=gitops", "-f", "-"];
        await user.ok(apply, original);
        const before = await stored(user, original.metadata.name);

        await user.ok(apply, original);

        const after = await stored(user, original.metadata.name);
        bench.plane.expectNothingWritten(before, after, { rewritten: rewrittenFields(spec, before).length > 0 });
      });

      test("is shared by a second manager, who has to force where the stored value is another one", async () => {
        const { user } = bench.plane;
        const original = machine(newName("shared"), spec, version);
        await user.ok(["apply", "--server-side", "--field-manager=first", "-f", "-"], original);
        const before = await stored(user, original.metadata.name);
        const second = ["apply", "--server-side", "--field-manager=second", "-f", "-"];
        const rewritten = rewrittenFields(spec, before);

        // The API server compares what two managers want before it asks any webhook.
        const conflict = await user.run(second, original);
        expect(conflict.code).toBe(rewritten.length === 0 ? 0 : 1);
        for (const field of rewritten) expect(conflict.stderr).toContain(`conflict with "first": .${field}`);
        await user.ok([...second, "--force-conflicts"], original);
        await user.ok([...second, "--force-conflicts"], original);

        expect(bootOf(await stored(user, original.metadata.name))).toEqual(bootOf(before));
      });

      test("can move from kubectl apply to the server side, by force where the stored value is another one", async () => {
        const { user } = bench.plane;
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

      test("becomes the same in a dry run, which stores nothing", async () => {
        const { user } = bench.plane;
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

/** What a person wrote and now reads differently. */
function rewrittenFields(written: MachineSpec, { spec }: Machine): readonly string[] {
  return [
    ...(written.imageName === spec?.imageName ? [] : ["spec.imageName"]),
    ...(written.image === undefined || written.image.name === spec?.image?.name ? [] : ["spec.image.name"]),
  ];
}

function withLabel(machine: Machine, label: string): Machine {
  return { ...machine, metadata: { ...machine.metadata, labels: { ...machine.metadata.labels, [label]: "yes" } } };
}
