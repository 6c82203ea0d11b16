import { defineConfig } from "vitest/config";

/** The oldest kube-apiserver that is supported. Only admission depends on its version. */
const OLDEST_ASSETS = process.env["KUBEBUILDER_ASSETS_OLDEST"] ?? "";

const SHARED = { testTimeout: 60_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    // Most tests wait for an API server, so two control planes at a time keep two cores busy.
    maxWorkers: 2,
    projects: [
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], ...SHARED } },
      ...(OLDEST_ASSETS === ""
        ? []
        : [
            {
              test: {
                name: "oldest",
                include: ["test/e2e/admission.test.ts"],
                env: { KUBEBUILDER_ASSETS: OLDEST_ASSETS },
                ...SHARED,
              },
            },
          ]),
    ],
  },
});
