import { afterAll, beforeAll, describe } from "vitest";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CONTROL_PLANE_ASSETS, ControlPlane, nonEmpty, OWN_CRDS, OWNED } from "./control-plane.ts";
import { requireControlPlane } from "./required.ts";
import { cdromTests } from "./suites/cdroms.ts";
import { callTests } from "./suites/calls.ts";
import { forcedTests } from "./suites/forced.ts";
import { imagesChangeTests } from "./suites/images-change.ts";
import { mistakeTests } from "./suites/mistakes.ts";
import { pinFilesTests } from "./suites/pin-files.ts";
import { pinnedTests } from "./suites/pinned.ts";
import { limitTests } from "./suites/limits.ts";
import { refusalTests } from "./suites/refusals.ts";
import { setTests } from "./suites/sets.ts";
import { updateTests } from "./suites/updates.ts";
import { writeModeTests } from "./suites/write-modes.ts";

/** The project's own definition, for vm-operator releases without this kind. */
const GROUP_PUBLISH_CRD = join(OWN_CRDS, "virtualmachinegrouppublishrequests.yaml");

/**
 * The kinds whose real definitions are installed; the others of that folder take long to install and are not tested.
 */
const NEEDED = [
  ...OWNED.filter((kind) => kind !== "virtualmachinegrouppublishrequests"),
  "virtualmachineimages",
  "clustervirtualmachineimages",
];

const realCrds = nonEmpty(process.env["VM_OPERATOR_CRDS"]);
const CRD_SETS = [
  {
    title: "the CRDs of this project",
    crds: [OWN_CRDS],
    cdromVersions: ["v1alpha3", "v1alpha4", "v1alpha5", "v1alpha6"],
  },
  ...(realCrds === undefined
    ? []
    : [
        {
          title: "the CRDs of vm-operator",
          crds: [...needed(realCrds), GROUP_PUBLISH_CRD],
          cdromVersions: ["v1alpha5", "v1alpha6"],
        },
      ]),
];

function needed(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((file) => NEEDED.some((kind) => file.endsWith(`_${kind}.yaml`)));
  return files.map((file) => join(folder, file));
}

requireControlPlane();

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("behind a real API server", () => {
  describe.each(CRD_SETS)("with $title", ({ crds, cdromVersions }) => {
    let started: ControlPlane | undefined;
    beforeAll(async () => {
      started = await ControlPlane.start(crds);
    });
    afterAll(() => started?.stop());
    const plane = (): ControlPlane => {
      if (started === undefined) throw new Error("the control plane did not start");
      return started;
    };

    writeModeTests(plane);
    refusalTests(plane);
    updateTests(plane);
    callTests(plane);
    imagesChangeTests(plane);
    cdromTests(plane, cdromVersions);
    setTests(plane);
    pinFilesTests(plane);
    pinnedTests(plane);
    forcedTests(plane);
    limitTests(plane);
    mistakeTests(plane);
  });
});
