import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CONTROL_PLANE_ASSETS, nonEmpty, OWN_CRDS } from "./control-plane.ts";
import { withCluster } from "./cluster-suites/bench.ts";
import { centralTests } from "./cluster-suites/central.ts";
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

// Where a pipeline counts on these tests, they must not be skipped in silence.
test.runIf(process.env["E2E_REQUIRED"] === "1")("there is a control plane to test with", () => {
  expect(CONTROL_PLANE_ASSETS, "KUBEBUILDER_ASSETS names the folder of kube-apiserver, etcd and kubectl").toBeTruthy();
});

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("over a real cluster", () => {
  describe("with CRDs of our own", () => {
    const bench = withCluster([OWN_CRDS]);
    centralTests(bench);
    commandTests(bench);
    rightsTests(bench);
    outageTests(bench);
    definitionTests(bench);
    scopeTests(bench);
  });

  describe.runIf(realCrds !== undefined)("with the CRDs of vm-operator", () => {
    const bench = withCluster(realCrds === undefined ? [] : needed(realCrds));
    centralTests(bench);
  });
});
