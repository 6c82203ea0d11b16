import { configDefaults, defineConfig } from "vitest/config";
import { SLOW_TESTS } from "./test/slow-tests.ts";

/** `npm test` runs project quick, `npm run test:slow` project slow; `npx vitest run FILE` finds a file in either. */
export default defineConfig({
  test: {
    coverage: {
      include: ["src/**"],
      reporter: ["text-summary", "html"],
      // A little under what the quick tests cover, in percent. With the slow tests it is 96.
      thresholds: { statements: 88, branches: 88, functions: 88, lines: 88 },
    },
    projects: [
      {
        test: {
          name: "quick",
          setupFiles: ["test/support/fast-check-seed.ts"],
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, "test/e2e/**", ...SLOW_TESTS],
          testTimeout: 10_000,
          hookTimeout: 10_000,
        },
      },
      {
        test: {
          name: "slow",
          setupFiles: ["test/support/fast-check-seed.ts"],
          include: [...SLOW_TESTS],
          // One test waits for a deadline of 30 s, and others run random cases for more than 10 s.
          testTimeout: 60_000,
          hookTimeout: 10_000,
        },
      },
    ],
  },
});
