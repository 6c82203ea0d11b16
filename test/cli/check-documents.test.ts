import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";
import { XMLParser } from "fast-xml-parser";
import { SyntaxValidator } from "fast-xml-validator";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { type CommandRun, ofCheckout, run, type Surroundings } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
// The schema of OASIS, as Go module github.com/owenrumney/go-sarif/v3 v3.3.1 carries it.
import schema from "../schemas/sarif-2.1.0.json" with { type: "json" };

const IMAGES = ["--images", ofCheckout("examples/images")];

const machine = (name: string, imageName: string): string => `apiVersion: vmoperator.vmware.com/v1alpha5
kind: VirtualMachine
metadata: {name: ${name}, namespace: dev}
spec:
  imageName: ${JSON.stringify(imageName)}
  className: small
  storageClass: fast
`;
const UNKNOWN = machine("web", "ubuntu-2404");
const KNOWN = machine("db", "ubuntu-24.04");
const OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
const NEWER = UNKNOWN.replace("v1alpha5", "v9");

function check(args: readonly string[], given?: Surroundings): Promise<CommandRun> {
  return run(["check", ...args, ...IMAGES], given);
}

function written(text: string, name = "vm.yaml"): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return relative("", file);
}

describe("-o sarif", () => {
  const ajv = new Ajv.default({ strict: false });
  addFormats.default(ajv);
  const isValid = ajv.compile(schema);

  /** The document of this run, which the schema allows. */
  async function sarif(args: readonly string[], given?: Surroundings): Promise<{ exitCode: number; log: unknown }> {
    const { exitCode, output } = await check([...args, "-o", "sarif"], given);
    const log: unknown = JSON.parse(output);
    isValid(log);
    expect(isValid.errors).toBeNull();
    return { exitCode, log };
  }

  test("a refused object is a result at its field, of the rule of its check", async () => {
    const file = written([KNOWN, UNKNOWN, OTHER].join("---\n"), "a b#%.yaml");
    const { exitCode, log } = await sarif([file]);
    expect(exitCode).toBe(1);
    const artifactLocation = { uri: expect.stringMatching(/\/a%20b%23%25\.yaml$/) as unknown };
    expect(log).toMatchObject({
      runs: [
        {
          tool: { driver: { name: "vm-image-webhook", rules: [{ id: "exists" }] } },
          results: [
            {
              ruleId: "exists",
              level: "error",
              message: { text: expect.stringMatching(/^spec\.imageName: Not found: "ubuntu-2404"/) as unknown },
              locations: [
                {
                  physicalLocation: { artifactLocation, region: { startLine: 13, startColumn: 3 } },
                  logicalLocations: [{ name: "VirtualMachine dev/web" }],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test("standard input has no file", async () => {
    const { log } = await sarif(["-"], { stdin: UNKNOWN });
    expect(JSON.stringify(log)).not.toContain("physicalLocation");
  });

  test("a warning is a result, and the exit code 0", async () => {
    const { exitCode, log } = await sarif(["-"], { stdin: NEWER });
    expect(exitCode).toBe(0);
    expect(log).toMatchObject({ runs: [{ results: [{ ruleId: "unknown-version", level: "warning" }] }] });
  });

  test("nothing to check is an execution that failed", async () => {
    const failed = await sarif(["-"], { stdin: OTHER });
    expect(failed.exitCode).toBe(3);
    const invocation = { executionSuccessful: false, toolExecutionNotifications: [{ level: "error" }] };
    expect(failed.log).toMatchObject({ runs: [{ results: [], invocations: [invocation] }] });
    const allowed = await sarif(["-", "--allow-empty"], { stdin: OTHER });
    expect(allowed.exitCode).toBe(0);
    expect(allowed.log).toMatchObject({ runs: [{ invocations: [{ executionSuccessful: true }] }] });
  });
});

describe("-o junit", () => {
  async function junit(args: readonly string[], given?: Surroundings): Promise<{ exitCode: number; suites: unknown }> {
    const { exitCode, output } = await check([...args, "-o", "junit"], given);
    expect(SyntaxValidator.validate(output)).toBe(true);
    const parser = new XMLParser({ ignoreAttributes: false, isArray: (name) => /^test(suite|case)$/.test(name) });
    const document = parser.parse(output) as { testsuites: { testsuite: unknown } };
    return { exitCode, suites: document.testsuites.testsuite };
  }

  test("a file is a suite, an object a case, and an error a failure", async () => {
    const file = written([KNOWN, UNKNOWN, OTHER].join("---\n"));
    const { exitCode, suites } = await junit([file]);
    expect(exitCode).toBe(1);
    expect(suites).toMatchObject([
      {
        "@_name": file,
        "@_tests": "3",
        "@_failures": "1",
        "@_skipped": "1",
        testcase: [
          { "@_name": "VirtualMachine dev/db" },
          { "@_name": "VirtualMachine dev/web", failure: { "@_type": "exists" } },
          { "@_name": expect.stringMatching(/^ConfigMap /) as unknown, skipped: "" },
        ],
      },
    ]);
  });

  test("markup in a name is escaped", async () => {
    const { suites } = await junit(["-"], { stdin: machine("web", `<a b="&">`) });
    expect(JSON.stringify(suites)).not.toContain('"a"');
    expect(suites).toMatchObject([{ testcase: [{ failure: { "@_type": "exists" } }] }]);
  });

  test("a control character in a path is written as text", async () => {
    const { exitCode, output } = await check([written(UNKNOWN, "a\u0001.yaml"), "-o", "junit"]);
    expect(exitCode).toBe(1);
    expect(output).toContain("a\\u0001.yaml");
    expect(output).not.toContain("\u0001");
  });

  test("a warning is output of its case, and does not fail it", async () => {
    const { exitCode, suites } = await junit(["-"], { stdin: NEWER });
    expect(exitCode).toBe(0);
    const output = expect.stringContaining("warning: apiVersion: not checked") as unknown;
    expect(suites).toMatchObject([{ "@_failures": "0", testcase: [{ "system-out": output }] }, { "@_name": "check" }]);
  });

  test("a character above U+FFFF stays as it is", async () => {
    const { output } = await check([written(UNKNOWN, "\u{1F600}.yaml"), "-o", "junit"]);
    expect(output).toContain("\u{1F600}.yaml");
  });

  test("nothing to check is an error, or skipped where it is allowed", async () => {
    const failed = await junit(["-"], { stdin: "" });
    expect(failed).toMatchObject({ exitCode: 3, suites: [{ "@_errors": "1" }] });
    const allowed = await junit(["-", "--allow-empty"], { stdin: "" });
    expect(allowed).toMatchObject({ exitCode: 0, suites: [{ "@_errors": "0", "@_skipped": "1" }] });
  });
});
