import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** What computes and touches nothing outside: no I/O, clock, randomness, environment or logger. */
const PURE = ["src/common/json.ts", "src/common/duration.ts", "src/common/resource-version.ts", "src/images/**", "src/references/**", "src/osimage/**", "src/admission/**"];

/** Packages and Node modules that compute only. */
const COMPUTING_MODULES = ["fastest-levenshtein", "lru-cache", "node:crypto", "node:util"];

/** Globals that reach outside, or that no code of ours needs. */
const IMPURE_GLOBALS = [
  "Date",
  "performance",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "crypto",
  "globalThis",
].map((name) => ({ name, message: "Pure code gets this as an argument." }));
const PROCESS = { name: "process", message: "Only src/main.ts knows the process." };
const CONSOLE = { name: "console", message: "Log with pino, print with CommandLine." };

/**
 * Imports of src point one way: cli, app > metrics > server, sources > certs > kube > admission > references > images.
 * src/osimage is beside the last two: what one image system has of its own, for their tables to take up.
 */
const LAYERS = [
  {
    folder: "images",
    above: ["references", "admission", "server", "sources", "kube", "certs", "metrics", "cli"],
    pure: true,
  },
  { folder: "references", above: ["admission", "server", "sources", "kube", "certs", "metrics", "cli"], pure: true },
  { folder: "osimage", above: ["admission", "server", "sources", "kube", "certs", "metrics", "cli"], pure: true },
  { folder: "admission", above: ["server", "sources", "kube", "certs", "metrics", "cli"], pure: true },
  {
    folder: "certs",
    above: ["images", "references", "admission", "server", "sources", "metrics", "cli"],
    pure: false,
  },
  { folder: "kube", above: ["references", "admission", "server", "sources", "certs", "metrics", "cli"], pure: false },
  { folder: "sources", above: ["references", "admission", "server", "certs", "metrics", "cli"], pure: false },
  { folder: "server", above: ["sources", "kube", "metrics", "cli"], pure: false },
  { folder: "metrics", above: ["cli"], pure: false },
];

/** @type {(layer: { folder: string, above: string[], pure: boolean }) => import("eslint").Linter.Config} */
function importRule({ folder, above, pure }) {
  const outside = {
    regex: `^(?!\\.|(?:${COMPUTING_MODULES.join("|")})$)`,
    message: "Pure folders import computing code only.",
  };
  const upward = { group: above.map((name) => `**/${name}/**`), message: `src/${folder} lies below it.` };
  return {
    files: [`src/${folder}/**`],
    rules: { "no-restricted-imports": ["error", { patterns: pure ? [upward, outside] : [upward] }] },
  };
}

/** The package as a whole brings every type of Kubernetes into the bundle and into memory. */
const WHOLE_CLIENT = [
  'ImportExpression[source.value="@kubernetes/client-node"]',
  'ImportDeclaration[source.value="@kubernetes/client-node"][importKind="value"]',
].map((selector) => ({ selector, message: "By name, through src/kube/client-kubeconfig.ts or client-api.ts." }));

/** State that outlives a call: what is computed from a table or a policy is computed where that is made. */
const MODULE_STATE = [
  ':matches(Program, ExportNamedDeclaration) > VariableDeclaration[kind="let"]',
  'Program > VariableDeclaration > VariableDeclarator > NewExpression[callee.name="LRUCache"]',
  "NewExpression[callee.name=/^Weak(Map|Set|Ref)$/]",
].map((selector) => ({ selector, message: "Pure code keeps nothing between calls." }));

export default defineConfig(
  { ignores: ["dist/**", "coverage/**"] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.js"] }, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      complexity: ["error", 10],
      eqeqeq: "error",
      "max-depth": ["error", 3],
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 45, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 4],
    },
  },
  { files: ["src/**"], ignores: ["src/main.ts"], rules: { "no-restricted-globals": ["error", PROCESS, CONSOLE] } },
  {
    files: PURE,
    rules: {
      "no-restricted-globals": ["error", PROCESS, CONSOLE, ...IMPURE_GLOBALS],
      "no-restricted-properties": ["error", { object: "Math", property: "random", message: "Pass it in." }],
    },
  },
  { files: ["src/**"], rules: { "no-restricted-syntax": ["error", ...WHOLE_CLIENT] } },
  { files: PURE, rules: { "no-restricted-syntax": ["error", ...WHOLE_CLIENT, ...MODULE_STATE] } },
  ...LAYERS.map(importRule),
  { files: ["test/**", "scripts/**", "bench/**"], rules: { "max-lines": "off", "max-lines-per-function": "off" } },
  { files: ["**/*.js"], extends: [tseslint.configs.disableTypeChecked] },
);
