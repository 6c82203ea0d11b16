import { expect, test } from "vitest";
import { CONTROL_PLANE_ASSETS } from "./control-plane.ts";

/**
 * Adds a test that fails without a control plane where E2E_REQUIRED is 1. The other tests of the file are skipped
 * without one, and a pipeline that relies on them must not skip them silently.
 */
export function requireControlPlane(): void {
  test.runIf(process.env["E2E_REQUIRED"] === "1")("KUBEBUILDER_ASSETS names a control plane", () => {
    expect(CONTROL_PLANE_ASSETS, "the folder of kube-apiserver, etcd and kubectl").toBeTruthy();
  });
}
