/**
 * Test files that take 5 s or more: they run random cases, start many processes, or wait for real timers. `npm test` leaves
 * them out, and `npm run test:slow` runs them. The tests of test/e2e have a config of their own.
 */
export const SLOW_TESTS: readonly string[] = [
  "test/action/action.test.ts",
  "test/action/pre-commit.test.ts",
  "test/bench/smoke.test.ts",
  "test/certs/cluster/cluster-source.test.ts",
  "test/certs/cluster/random-rotations.test.ts",
  "test/cli/audit-page.test.ts",
  "test/cli/completion.test.ts",
  "test/cli/examples.test.ts",
  "test/cli/input-process.test.ts",
  "test/cli/kubeconfig.test.ts",
  "test/cli/pin-process.test.ts",
  "test/cli/pin.property.test.ts",
  "test/cli/serve.test.ts",
  "test/cli/signals.test.ts",
  "test/cli/terminal.test.ts",
  "test/fuzz/fuzz.test.ts",
  "test/package/package.test.ts",
  "test/vm-operator/mutate.property.test.ts",
  "test/server/slow-clients.test.ts",
  "test/sources/cluster/cluster-source.test.ts",
  "test/sources/cluster/memory.test.ts",
];
