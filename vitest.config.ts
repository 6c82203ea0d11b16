import { configDefaults, defineConfig } from "vitest/config";

/** A real API server is needed for test/e2e: `npm test` includes it only where there is one. */
const hasControlPlane = process.env["KUBEBUILDER_ASSETS"] !== undefined;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...(hasControlPlane ? [] : ["test/e2e/**"])],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    coverage: {
      include: ["src/**"],
      reporter: ["text-summary", "html"],
    },
  },
});
