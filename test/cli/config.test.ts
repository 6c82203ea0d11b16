import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import { describe, expect, test } from "vitest";
import { environmentName, type FlagName, FLAGS } from "../../src/cli/flags.ts";
import { readFlags } from "../../src/cli/given-flags.ts";
import { isServiceLink, unknownVariables } from "../../src/cli/unknown-variables.ts";
import { ProgramProcess } from "../support/program-process.ts";
import { Failure } from "../../src/common/failure.ts";

const NAMES = Object.keys(FLAGS) as FlagName[];

/** The lines of the failure. */
function problems(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof Failure && error.code === "usage") return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("defaults", () => {
  test("are those of the README", () => {
    expect(readFlags(NAMES, {}, {})).toEqual({
      images: undefined,
      kubeconfig: undefined,
      context: undefined,
      osimage: false,
      "max-images": 500_000,
      listen: { host: undefined, port: 9443 },
      "ops-listen": { host: undefined, port: 8080 },
      "shutdown-delay": 10_000,
      "cert-dir": "certs",
      "self-signed": false,
      "cert-mode": "files",
      "cert-host": [],
      "ca-secret": { namespace: "vm-image-webhook-system", name: "vm-image-webhook-cluster-ca" },
      "ca-lifetime": 365 * 24 * 3_600_000,
      "cert-lifetime": 30 * 24 * 3_600_000,
      "client-ca": undefined,
      "client-name": [],
      "tls-min-version": "1.2",
      resolution: "namespace-first",
      write: "both",
      check: DEFAULT_LEVELS,
      "privileged-user": [],
      "privileged-group": [],
      "team-group-prefix": "loft:team:",
      "log-level": "info",
      "log-format": "auto",
      namespace: undefined,
      "allow-empty": false,
      kind: undefined,
      output: "text",
      endpoint: "both",
      any: false,
      diff: false,
      out: "certs",
      host: ["localhost", "127.0.0.1", "::1"],
    });
  });

  test("apply where an environment variable is empty", () => {
    const empty = Object.fromEntries(NAMES.map((name) => [environmentName(name), ""]));
    expect(readFlags(NAMES, {}, empty)).toEqual(readFlags(NAMES, {}, {}));
  });
});

describe("the source of a value", () => {
  test("may be an environment variable for each flag", () => {
    expect(environmentName("ops-listen")).toBe("VM_IMAGE_WEBHOOK_OPS_LISTEN");
    const environment = { VM_IMAGE_WEBHOOK_OPS_LISTEN: "127.0.0.1:1", VM_IMAGE_WEBHOOK_SELF_SIGNED: "true" };
    expect(readFlags(["ops-listen", "self-signed"], {}, environment)).toEqual({
      "ops-listen": { host: "127.0.0.1", port: 1 },
      "self-signed": true,
    });
  });

  test("is never a variable that Kubernetes sets for a Service of this name", () => {
    expect(NAMES.map(environmentName).filter(isServiceLink)).toEqual([]);
  });

  test("is the command line before the environment", () => {
    const environment = { VM_IMAGE_WEBHOOK_WRITE: "image", VM_IMAGE_WEBHOOK_CHECK: "ready=off" };
    expect(readFlags(["write", "check"], { write: ["imageName"], check: ["kind=warn"] }, environment)).toEqual({
      write: "imageName",
      check: { ...DEFAULT_LEVELS, kind: "warn" },
    });
    // Even where the value of the environment is wrong.
    expect(readFlags(["write"], { write: ["image"] }, { VM_IMAGE_WEBHOOK_WRITE: "nonsense" })).toEqual({
      write: "image",
    });
  });

  test("is never the variable of a flag that the command does not have", () => {
    expect(readFlags(["write"], {}, { VM_IMAGE_WEBHOOK_LISTEN: "nonsense" })).toEqual({ write: "both" });
  });

  test("is the last text of a flag that is not repeatable", () => {
    expect(readFlags(["write"], { write: ["image", "both"] }, {})).toEqual({ write: "both" });
  });

  test("may be a comma list for a repeatable flag, in the environment only", () => {
    const environment = { VM_IMAGE_WEBHOOK_PRIVILEGED_USER: "alice, system:serviceaccount:ci:*" };
    expect(readFlags(["privileged-user"], {}, environment)).toEqual({
      "privileged-user": ["alice", "system:serviceaccount:ci:*"],
    });
    expect(readFlags(["privileged-user"], { "privileged-user": ["CN=a,O=b"] }, {})).toEqual({
      "privileged-user": ["CN=a,O=b"],
    });
  });

  test("has no empty name after a trailing comma: a user without a name is not privileged", () => {
    const environment = { VM_IMAGE_WEBHOOK_PRIVILEGED_USER: "alice,", VM_IMAGE_WEBHOOK_CHECK: "ready=off," };
    expect(readFlags(["privileged-user", "check"], {}, environment)).toEqual({
      "privileged-user": ["alice"],
      check: { ...DEFAULT_LEVELS, ready: "off" },
    });
  });
});

describe("addresses", () => {
  test.each([
    ["127.0.0.1:9443", { host: "127.0.0.1", port: 9443 }],
    [":9443", { host: undefined, port: 9443 }],
    [":0", { host: undefined, port: 0 }],
    ["localhost:65535", { host: "localhost", port: 65_535 }],
    ["[::1]:9443", { host: "::1", port: 9443 }],
    ["[::]:1", { host: "::", port: 1 }],
  ])("%s is accepted", (text, address) => {
    expect(readFlags(["listen"], { listen: [text] }, {})).toEqual({ listen: address });
  });

  test.each([
    "9443",
    "",
    "localhost",
    "localhost:",
    ":65536",
    ":-1",
    ":http",
    "::1:9443",
    "[::1]",
    "a:b:1",
    "https://a:1",
  ])("%j is refused", (text) => {
    expect(problems(() => readFlags(["listen"], { listen: [text] }, {}))).toEqual([
      `--listen ${text}: is not HOST:PORT, such as 127.0.0.1:9443, :9443 or [::1]:9443`,
    ]);
  });
});

describe("levels of checks", () => {
  test("change one check each, and the last one wins", () => {
    expect(readFlags(["check"], { check: ["exists=warn", "ready=off", "exists=off"] }, {})).toEqual({
      check: { ...DEFAULT_LEVELS, exists: "off", ready: "off" },
    });
  });

  test.each([
    ["exist=deny", /no check is called exist; there are exists, kind, /],
    ["exists=error", /is not one of deny, warn, off/],
    ["exists", /is not one of deny, warn, off/],
    ["exists=deny=off", /is not one of deny, warn, off/],
    ["=deny", /no check is called ;/],
    ["__proto__=deny", /no check is called __proto__;/],
  ])("%s is refused with a message that names it", (text, message) => {
    const [problem, ...others] = problems(() => readFlags(["check"], { check: [text] }, {}));
    expect(problem).toMatch(message);
    expect(problem).toContain(text);
    expect(others).toEqual([]);
  });

  test("that are wrong are all reported", () => {
    const told = problems(() => readFlags(["check"], { check: ["exist=deny", "ready=maybe"] }, {})).join("\n");
    expect(told).toContain("no check is called exist;");
    expect(told).toMatch(/ready=maybe.*is not one of deny, warn, off/);
  });
});

describe("durations", () => {
  test.each([
    ["10s", 10_000],
    ["500ms", 500],
    ["0s", 0],
    ["1.5s", 1_500],
    ["60m", 3_600_000],
  ])("%s is %d milliseconds", (text, milliseconds) => {
    expect(readFlags(["shutdown-delay"], { "shutdown-delay": [text] }, {})).toEqual({ "shutdown-delay": milliseconds });
  });

  test.each(["10", "", "s", "-1s", "10 s", "1h", "1e3s", "1m30s", "forever"])("%j is refused", (text) => {
    expect(problems(() => readFlags(["shutdown-delay"], { "shutdown-delay": [text] }, {}))).toEqual([
      `--shutdown-delay ${text}: is no duration, such as 10s, 500ms or 0s`,
    ]);
  });

  test("above an hour are refused", () => {
    expect(problems(() => readFlags(["shutdown-delay"], { "shutdown-delay": ["99999m"] }, {}))).toEqual([
      "--shutdown-delay 99999m: is longer than an hour",
    ]);
  });
});

describe("lifetimes", () => {
  test.each([
    ["8760h", 8_760 * 3_600_000],
    ["90m", 5_400_000],
    ["30s", 30_000],
  ])("%s is %d milliseconds", (text, milliseconds) => {
    expect(readFlags(["ca-lifetime"], { "ca-lifetime": [text] }, {})).toEqual({ "ca-lifetime": milliseconds });
  });

  test.each(["1y", "365d", "h", "", "-1h"])("%j is refused", (text) => {
    expect(problems(() => readFlags(["cert-lifetime"], { "cert-lifetime": [text] }, {}))).toEqual([
      `--cert-lifetime ${text}: is no duration, such as 720h or 90m`,
    ]);
  });

  test("below a second are refused", () => {
    expect(problems(() => readFlags(["ca-lifetime"], { "ca-lifetime": ["999ms"] }, {}))).toEqual([
      "--ca-lifetime 999ms: is shorter than a second",
    ]);
  });
});

describe("the Secret with the CA", () => {
  test.each(["ca", "a/b/c", "/ca", "ns/", ""])("%j is refused: it is no NAMESPACE/NAME", (text) => {
    expect(problems(() => readFlags(["ca-secret"], { "ca-secret": [text] }, {}))).toEqual([
      `--ca-secret ${text}: is not NAMESPACE/NAME`,
    ]);
  });
});

describe("other values", () => {
  test.each([
    ["resolution", "lenient", "is not one of namespace-first, strict"],
    ["write", "", "is not one of both, imageName, image"],
    ["log-level", "INFO", "is not one of trace, debug, info, warn, error, fatal, silent"],
    ["output", "yaml", "is not one of text, json"],
    ["endpoint", "mutating", "is not one of both, mutate, validate"],
    ["kind", "VirtualMachine", "is not one of VirtualMachineImage, ClusterVirtualMachineImage, OSImage"],
    ["cert-dir", "", "is empty"],
    ["namespace", "", "is empty"],
  ] as const)("--%s %j is refused with what there is", (name, text, message) => {
    expect(problems(() => readFlags([name], { [name]: [text] }, {}))).toEqual([`--${name} ${text}: ${message}`]);
  });

  test("of an on-or-off variable are true and false", () => {
    expect(readFlags(["diff"], {}, { VM_IMAGE_WEBHOOK_DIFF: "false" })).toEqual({ diff: false });
    expect(problems(() => readFlags(["diff"], {}, { VM_IMAGE_WEBHOOK_DIFF: "yes" }))).toEqual([
      "VM_IMAGE_WEBHOOK_DIFF yes: is neither true nor false",
    ]);
  });

  test("that are wrong are reported in one failure, each with its source", () => {
    expect(
      problems(() =>
        readFlags(["write", "listen", "output"], { write: ["all"], output: ["xml"] }, { VM_IMAGE_WEBHOOK_LISTEN: "x" }),
      ),
    ).toEqual([
      expect.stringMatching(/^--write all: /),
      expect.stringMatching(/^VM_IMAGE_WEBHOOK_LISTEN x: /),
      expect.stringMatching(/^--output xml: /),
    ]);
  });
});

describe("flags that contradict each other", () => {
  test.each([
    [
      ["images", "kubeconfig"],
      { images: ["a"], kubeconfig: ["b"] },
      {},
      "--kubeconfig with --images: images come from a cluster or from a folder; leave out --kubeconfig, or leave out --images",
    ],
    [
      ["images", "kubeconfig"],
      { images: ["a"] },
      { VM_IMAGE_WEBHOOK_KUBECONFIG: "b" },
      "VM_IMAGE_WEBHOOK_KUBECONFIG with --images: images come from a cluster or from a folder; unset VM_IMAGE_WEBHOOK_KUBECONFIG, or leave out --images",
    ],
    [
      ["images", "osimage", "cert-mode"],
      { images: ["a"], osimage: ["true"] },
      {},
      "--osimage with --images: OSImages of a folder are always read; leave out --osimage",
    ],
    [
      ["ca-secret", "cert-mode"],
      { "ca-secret": ["a/b"] },
      {},
      "--ca-secret without --cert-mode cluster: no other mode makes a CA; add that flag, or leave out --ca-secret",
    ],
    [
      ["ca-lifetime", "cert-mode"],
      { "cert-mode": ["files"] },
      { VM_IMAGE_WEBHOOK_CA_LIFETIME: "100h" },
      "VM_IMAGE_WEBHOOK_CA_LIFETIME without --cert-mode cluster: no other mode makes a CA; add that flag, or unset VM_IMAGE_WEBHOOK_CA_LIFETIME",
    ],
  ] as const)("%j %j %j", (names, given, environment, problem) => {
    expect(problems(() => readFlags(names, given, environment))).toEqual([problem]);
  });

  test("are not those that the certificate of the cluster needs beside a folder of images", () => {
    const given = {
      images: ["a"],
      kubeconfig: ["b"],
      osimage: ["true"],
      "cert-mode": ["cluster"],
      "ca-secret": ["a/b"],
    };
    expect(problems(() => readFlags(NAMES, given, {}))).toEqual([]);
  });

  test("are not those that are off or empty", () => {
    const environment = { VM_IMAGE_WEBHOOK_OSIMAGE: "false", VM_IMAGE_WEBHOOK_KUBECONFIG: "" };
    expect(problems(() => readFlags(NAMES, { images: ["a"] }, environment))).toEqual([]);
    expect(problems(() => readFlags(NAMES, { images: [""], kubeconfig: ["b"] }, {}))).toEqual([]);
  });
});

/** What the kubelet sets for a Service called vm-image-webhook with ports 443 (https) and 8080, and for one called vm-image-webhook-images. */
const SERVICE_LINKS = {
  VM_IMAGE_WEBHOOK_SERVICE_HOST: "10.0.0.1",
  VM_IMAGE_WEBHOOK_SERVICE_PORT: "443",
  VM_IMAGE_WEBHOOK_SERVICE_PORT_HTTPS: "443",
  VM_IMAGE_WEBHOOK_PORT: "tcp://10.0.0.1:443",
  VM_IMAGE_WEBHOOK_PORT_443_TCP: "tcp://10.0.0.1:443",
  VM_IMAGE_WEBHOOK_PORT_443_TCP_PROTO: "tcp",
  VM_IMAGE_WEBHOOK_PORT_443_TCP_PORT: "443",
  VM_IMAGE_WEBHOOK_PORT_443_TCP_ADDR: "10.0.0.1",
  VM_IMAGE_WEBHOOK_IMAGES_SERVICE_HOST: "10.0.0.2",
  VM_IMAGE_WEBHOOK_IMAGES_PORT_53_UDP_ADDR: "10.0.0.2",
};

describe("a variable that is of no flag", () => {
  test.each([
    ["VM_IMAGE_WEBHOOK_LOGLEVEL", "VM_IMAGE_WEBHOOK_LOG_LEVEL"],
    ["VM_IMAGE_WEBHOOK_IMAGE", "VM_IMAGE_WEBHOOK_IMAGES"],
    ["VM_IMAGE_WEBHOOK_images", "VM_IMAGE_WEBHOOK_IMAGES"],
  ])("%s is unknown, and %s is near", (variable, nearest) => {
    expect(unknownVariables({ [variable]: "x" })).toMatchObject([{ variable, nearest }]);
  });

  test.each(["VM_IMAGE_WEBHOOK_PORTS", "VM_IMAGE_WEBHOOK_PORT_443", "VM_IMAGE_WEBHOOK_SERVICE", "VM_IMAGE_WEBHOOK_"])(
    "%s is unknown, although it looks like one of a Service",
    (variable) => {
      expect(unknownVariables({ [variable]: "x" })).toMatchObject([{ variable }]);
    },
  );

  test("is known where it is empty, has another prefix, or is of a Service", () => {
    const others = { VM_IMAGE_WEBHOOK_TYPO: "", VM_IMAGE: "x", PATH: "/bin", VM_IMAGE_WEBHOOK_IMAGES: "x" };
    expect(unknownVariables({ ...SERVICE_LINKS, ...others })).toEqual([]);
  });

  test("exits 2 with the nearest name, before any file is read", async () => {
    const environment = { VM_IMAGE_WEBHOOK_LOGLEVEL: "x", ...SERVICE_LINKS };
    const program = ProgramProcess.run({ args: ["check", "/absent", "--images", "/absent"], environment });
    expect([await program.exit(), program.output, program.errors]).toEqual([
      2,
      "",
      "vm-image-webhook: VM_IMAGE_WEBHOOK_LOGLEVEL: no flag has this variable, and the nearest is VM_IMAGE_WEBHOOK_LOG_LEVEL; rename it or unset it\n",
    ]);
  });

  test("does not stop a command where a Service sets it", async () => {
    const program = ProgramProcess.run({ args: ["vmi-id", "--any", "a"], environment: SERVICE_LINKS });
    expect([await program.exit(), program.errors]).toEqual([0, ""]);
  });
});
