import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { CONTROL_PLANE_ASSETS, nonEmpty, OWN_CRDS } from "./control-plane.ts";
import { requireControlPlane } from "./required.ts";
import { withCluster } from "./cluster-suites/cluster-context.ts";
import { imageTests } from "./cluster-suites/images.ts";
import { commandTests } from "./cluster-suites/commands.ts";
import { definitionTests } from "./cluster-suites/definitions.ts";
import { outageTests } from "./cluster-suites/outages.ts";
import { rightsTests } from "./cluster-suites/rights.ts";
import { scopeTests } from "./cluster-suites/scopes.ts";

/** The kinds whose real definitions are installed. */
const NEEDED = ["virtualmachines", "virtualmachineimages", "clustervirtualmachineimages"];
const realCrds = nonEmpty(process.env["VM_OPERATOR_CRDS"]);

function needed(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((file) => NEEDED.some((kind) => file.endsWith(`_${kind}.yaml`)));
  return files.map((file) => join(folder, file));
}

requireControlPlane();

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("images of a real cluster", () => {
  describe("with the CRDs of this project", () => {
    const context = withCluster([OWN_CRDS]);
    imageTests(context);
    commandTests(context);
    rightsTests(context);
    outageTests(context);
    definitionTests(context);
    scopeTests(context);
  });

  describe.runIf(realCrds !== undefined)("with the CRDs of vm-operator", () => {
    const context = withCluster(realCrds === undefined ? [] : needed(realCrds));
    imageTests(context);
  });
});
