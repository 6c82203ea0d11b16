import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { SEED_VARIABLE, seeded, testSeed } from "../../support/seed.ts";
import { type ControlPlane, NAMESPACE } from "../control-plane.ts";
import { run } from "../kubectl.ts";
import { LIVE_ISO, machine, machineSet, type MachineSpec, newName, ROCKY, UBUNTU } from "../machines.ts";
import { ENVIRONMENT, MAIN } from "../webhook.ts";
import { EXAMPLE_IMAGES, withWebhook } from "./webhook-context.ts";

const MANIFESTS = 100;
const DOCUMENTS_IN_A_FILE = 5;

const SIDES = [
  { side: "client-side", apply: ["apply"] },
  { side: "server-side", apply: ["apply", "--server-side"] },
];

const VERSIONS = ["v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"];
const CDROM = [{ name: "cdrom1", image: { kind: LIVE_ISO.kind, name: "ubuntu-24.04-live" } }];

/** Each says a name that pin replaces, but for the IDs. */
const SPECS: readonly { readonly spec: MachineSpec; readonly versions: readonly string[] }[] = [
  { spec: { imageName: "ubuntu-24.04" }, versions: ["v1alpha1", "v1alpha2", ...VERSIONS] },
  { spec: { imageName: "rocky-9.5" }, versions: ["v1alpha1", "v1alpha2", ...VERSIONS] },
  { spec: { imageName: "cl-linux/photon-5" }, versions: ["v1alpha2", ...VERSIONS] },
  { spec: { imageName: UBUNTU.name }, versions: ["v1alpha1", ...VERSIONS] },
  { spec: { image: { kind: UBUNTU.kind, name: "ubuntu-24.04" } }, versions: VERSIONS },
  { spec: { image: { kind: ROCKY.kind, name: "rocky-9.5" } }, versions: VERSIONS },
  { spec: { imageName: "windows-2025", image: { kind: ROCKY.kind, name: "windows-2025" } }, versions: VERSIONS },
  {
    spec: { imageName: "ubuntu-24.04", guestID: "ubuntu64Guest", hardware: { cdrom: CDROM } },
    versions: ["v1alpha5", "v1alpha6"],
  },
];

/** A repository of manifests that `pin` pinned: the API server stores what they say. */
export function pinFilesTests(plane: () => ControlPlane): void {
  describe("manifests that pin has pinned", () => {
    const context = withWebhook(plane);

    test.each(SIDES)("are stored as they are, and a second $side apply changes nothing", async ({ apply }) => {
      const { user, directory } = context.plane;
      const folder = await mkdtemp(join(directory, "pinned-"));
      await writeRepository(folder);
      await pin(folder);

      await user.ok([...apply, "-R", "-f", folder]);
      const manifests = await documentsOf(folder);
      expect(manifests).toHaveLength(MANIFESTS);
      const first = await storedOf(context.plane, folder);
      expect(first).toMatchObject(manifests);

      await user.ok([...apply, "-R", "-f", folder]);
      expect(await storedOf(context.plane, folder)).toEqual(first);
      const patched = await patchedUpdates(manifests.map(({ metadata }) => metadata.name));
      expect(patched).toEqual([]);
    });

    /** The reviews of updates that changed something. */
    async function patchedUpdates(names: readonly string[]): Promise<readonly unknown[]> {
      // Once the log has the last review, it has all before it.
      await context.reviewsOf(names[0] ?? "");
      const reviews = names.flatMap((name) => context.webhook.reviewsSoFar(name));
      expect(reviews.length).toBeGreaterThanOrEqual(2 * MANIFESTS);
      return reviews.filter(({ operation, decision }) => operation === "UPDATE" && decision !== "allowed");
    }
  });
}

interface Manifest {
  readonly metadata: { readonly name: string };
}

async function writeRepository(folder: string): Promise<void> {
  const seed = testSeed();
  console.info(`${SEED_VARIABLE}=${seed}`);
  const random = seeded(seed);
  const texts = Array.from({ length: MANIFESTS }, () => manifestText(random));
  for (let start = 0; start < texts.length; start += DOCUMENTS_IN_A_FILE) {
    const team = join(folder, `team-${start % 3}`);
    await mkdir(team, { recursive: true });
    const documents = texts.slice(start, start + DOCUMENTS_IN_A_FILE);
    await writeFile(join(team, `${start}.yaml`), documents.join("--- # next\n"));
  }
}

function manifestText(random: (below: number) => number): string {
  const one = <T>(choices: readonly T[]): T => choices[random(choices.length)] as T;
  const { spec, versions } = one(SPECS);
  const version = one(versions);
  const isSet = VERSIONS.includes(version) && random(4) === 0;
  const object = isSet ? machineSet(newName("pinned-set"), spec, version) : machine(newName("pinned"), spec, version);
  const style = one(["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"] as const);
  return `# Made by a test.\n${stringify(object, { defaultStringType: style, defaultKeyType: "PLAIN" })}`;
}

async function pin(folder: string): Promise<void> {
  const command = [MAIN, "pin", folder, "--images", EXAMPLE_IMAGES];
  const { code, stdout, stderr } = await run(process.execPath, command, { env: ENVIRONMENT });
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
  const again = await run(process.execPath, [...command, "--check"], { env: ENVIRONMENT });
  expect(again.code, again.stdout).toBe(0);
}

/** In the order in which kubectl reads the files. */
async function documentsOf(folder: string): Promise<readonly Manifest[]> {
  const entries = await readdir(folder, { recursive: true });
  const files = entries.filter((entry) => entry.endsWith(".yaml")).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap((text) => parseAllDocuments(text).map((each) => each.toJS() as Manifest));
}

/** The objects of these files, each in the version of its manifest. */
async function storedOf({ user }: ControlPlane, folder: string): Promise<readonly object[]> {
  const { items } = await user.json<{ readonly items: readonly object[] }>([
    "get",
    "-R",
    "-f",
    folder,
    "-n",
    NAMESPACE,
  ]);
  return items;
}
