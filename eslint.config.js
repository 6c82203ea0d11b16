import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/**
 * The folders of src from the top down, each with those that it may import. A row without `imports` may import every row
 * below it.
 *
 *     main > cli > app > metrics > server > admission > (vm-operator | osimage) > references > images > common
 *     cli > pin > (admission | files)
 *     cli > audit > admission
 *     server > certs > kube > files > common
 *     metrics > sources > (kube | images | files)
 *
 * Pure folders only compute: they have no I/O, clock, randomness, environment or logger. test/layout.test.ts draws the
 * graph of the imports and compares it with this list.
 *
 * @type {readonly { folder: string, imports?: readonly string[], pure?: true }[]}
 */
const ROWS = [
  { folder: "main.ts" },
  { folder: "cli" },
  { folder: "app.ts" },
  { folder: "metrics" },
  { folder: "server", imports: ["admission", "references", "certs", "images", "common"] },
  {
    folder: "pin",
    imports: ["admission", "vm-operator", "references", "images", "files", "common"],
    pure: true,
  },
  { folder: "audit", imports: ["admission", "references", "images", "common"], pure: true },
  { folder: "admission", imports: ["vm-operator", "osimage", "references", "images", "common"], pure: true },
  { folder: "vm-operator", imports: ["references", "images", "common"], pure: true },
  { folder: "osimage", imports: ["references", "images", "common"], pure: true },
  { folder: "references", imports: ["images", "common"], pure: true },
  { folder: "certs", imports: ["kube", "common"] },
  { folder: "sources", imports: ["kube", "images", "files", "common"] },
  { folder: "kube", imports: ["files", "common"] },
  { folder: "images", imports: ["common"], pure: true },
  { folder: "files", imports: ["common"] },
  { folder: "common", imports: [] },
];
const FOLDERS = ROWS.map(({ folder }) => folder);
export const LAYERS = ROWS.map(({ folder, imports, pure = false }, row) => ({
  folder,
  imports: imports ?? FOLDERS.slice(row + 1),
  pure,
}));

const PURE = [
  "src/common/field-path.ts",
  "src/common/json.ts",
  "src/common/duration.ts",
  "src/common/resource-version.ts",
  ...LAYERS.filter(({ pure }) => pure).map(({ folder }) => `src/${folder}/**`),
];

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

/** @type {(layer: { folder: string, imports: readonly string[], pure: boolean }) => import("eslint").Linter.Config} */
function importRule({ folder, imports, pure }) {
  const isFile = (/** @type {string} */ name) => name.endsWith(".ts");
  const forbidden = FOLDERS.filter((name) => name !== folder && !imports.includes(name));
  const upward = {
    group: forbidden.map((name) => (isFile(name) ? `**/${name}` : `**/${name}/**`)),
    message: `src/${folder} must not import it: see LAYERS in eslint.config.js.`,
  };
  const outside = {
    regex: `^(?!\\.|(?:${COMPUTING_MODULES.join("|")})$)`,
    message: "Pure folders import computing code only.",
  };
  return {
    files: [isFile(folder) ? `src/${folder}` : `src/${folder}/**`],
    rules: { "no-restricted-imports": ["error", { patterns: pure ? [upward, outside] : [upward] }] },
  };
}

/** The package as a whole brings every type of Kubernetes into the bundle and into memory. */
const WHOLE_CLIENT = [
  'ImportExpression[source.value="@kubernetes/client-node"]',
  'ImportDeclaration[source.value="@kubernetes/client-node"][importKind="value"]',
].map((selector) => ({ selector, message: "By name, through src/kube/client-kubeconfig.ts or client-api.ts." }));

/** kube, sources and certs take every clock and random number from a `Timing`. */
const CLOCKS = [
  { object: "Date", property: "now" },
  { object: "performance", property: "now" },
  { object: "Math", property: "random" },
].map((clock) => ({ ...clock, message: "Take it from a Timing (src/common/timing.ts)." }));
const NEW_DATE = {
  selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
  message: "Take it from a Timing (src/common/timing.ts).",
};

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
  {
    files: ["src/kube/**", "src/sources/**", "src/certs/**"],
    rules: {
      "no-restricted-properties": ["error", ...CLOCKS],
      "no-restricted-syntax": ["error", ...WHOLE_CLIENT, NEW_DATE],
    },
  },
  // main.ts may import every folder.
  ...LAYERS.filter(({ folder }) => folder !== FOLDERS[0]).map(importRule),
  { files: ["test/**", "scripts/**", "bench/**"], rules: { "max-lines": "off", "max-lines-per-function": "off" } },
  { files: ["**/*.js"], extends: [tseslint.configs.disableTypeChecked] },
);
