import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { selfSigned } from "../../src/certs/self-signed.ts";
import { condition } from "../support/condition.ts";
import { ConnectProxy } from "../support/connect-proxy.ts";
import { FakeApiServer, status } from "../support/fake-api-server.ts";
import { KubeconfigFolder } from "../support/kubeconfig-folder.ts";
import { ProgramProcess } from "../support/program-process.ts";

/** A host that only a proxy of the test finds. */
const PROXIED_HOST = "api.example.invalid";
const V1 = "client.authentication.k8s.io/v1";
const PATH = process.env["PATH"] ?? "";

let server: FakeApiServer;
let url: URL;
let ca: string;
let folder: KubeconfigFolder;
const programs: ProgramProcess[] = [];

beforeEach(async () => {
  const pair = await selfSigned(["127.0.0.1", PROXIED_HOST], new Date());
  ca = pair.ca;
  server = new FakeApiServer(pair);
  url = await server.listen();
  server.write("vmi-a", "ubuntu");
  folder = new KubeconfigFolder({ server: url.href, "certificate-authority-data": base64(ca) });
});

afterEach(async () => {
  for (const program of programs.splice(0)) program.kill();
  await server.close();
});

interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function start(args: readonly string[], environment: Record<string, string> = {}): ProgramProcess {
  const program = ProgramProcess.run({ args, environment: { PATH, ...environment } });
  programs.push(program);
  return program;
}

/** `resolve ubuntu` as a process. */
async function resolve(args: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
  const program = start(["resolve", "ubuntu", "-n", "dev", ...args], environment);
  program.input.end();
  const code = await program.exit();
  return { code, output: program.output, errors: program.errors };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function tokens(): readonly (string | undefined)[] {
  return [...new Set(server.requests.map(({ headers }) => headers.authorization))];
}

function credential(fields: object): string {
  return JSON.stringify({ apiVersion: V1, kind: "ExecCredential", ...fields });
}

describe("a token file", () => {
  it.each([
    ["absolute", (name: string) => join(folder.path, name)],
    ["relative to the kubeconfig", (name: string) => name],
  ])("that is %s is used, and wins over the token", async (_, pathOf) => {
    folder.write("secrets/token", "of the file\n");
    const file = folder.kubeconfig({ user: { token: "of the field", tokenFile: pathOf("secrets/token") } });
    expect(await resolve(["--kubeconfig", file])).toMatchObject({ code: 0, errors: "" });
    expect(tokens()).toEqual(["Bearer of the file"]);
  });

  it("that is missing is named, and a token takes its place", async () => {
    const missing = await resolve(["--kubeconfig", folder.kubeconfig({ user: { tokenFile: "none" } })]);
    expect(missing).toMatchObject({ code: 3, output: "" });
    expect(missing.errors).toContain(`: cannot read the tokenFile ${join(folder.path, "none")}: no such file\n`);
    const both = folder.kubeconfig({ user: { tokenFile: "none", token: "of the field" } });
    expect((await resolve(["--kubeconfig", both])).code).toBe(0);
    expect(tokens()).toEqual(["Bearer of the field"]);
  });

  it("is read again when the API server refuses the token", async () => {
    const token = folder.write("token", "old");
    const file = folder.kubeconfig({ user: { tokenFile: "token" } });
    server.fail("discovery", (response, request) => {
      writeFileSync(token, "new");
      status(401)(response, request);
    });
    expect((await resolve(["--kubeconfig", file, "--kind", "VirtualMachineImage"])).code).toBe(0);
    expect(tokens()).toEqual(["Bearer old", "Bearer new"]);
  });
});

describe("KUBECONFIG", () => {
  it("of several files takes each entry and the current-context from the first that has it", async () => {
    folder.write("two/token", "second");
    const files = [
      join(folder.path, "none"),
      folder.write("one/config", JSON.stringify({ users: [{ name: "other", user: { token: "first" } }] })),
      folder.kubeconfig({ name: "it", user: { tokenFile: "token" } }, "two/config"),
      folder.kubeconfig({ name: "other", user: { token: "third" } }, "three/config"),
    ];
    const environment = { KUBECONFIG: files.join(delimiter) };
    expect(await resolve([], environment)).toMatchObject({ code: 0, errors: "" });
    expect(tokens()).toEqual(["Bearer second"]);
    expect((await resolve(["--context", "other"], environment)).code).toBe(0);
    expect(tokens()).toEqual(["Bearer second", "Bearer first"]);
  });

  it("of files that are all missing names them", async () => {
    const { code, errors } = await resolve([], { KUBECONFIG: ["/absent/a", "/absent/b"].join(delimiter) });
    expect(code).toBe(3);
    expect(errors).toContain("no kubeconfig found (no file /absent/a, /absent/b); give --kubeconfig FILE");
  });

  it("that is not set leaves ~/.kube/config", async () => {
    folder.kubeconfig({ user: { token: "home" } }, ".kube/config");
    expect((await resolve([], { HOME: folder.path })).code).toBe(0);
    expect(tokens()).toEqual(["Bearer home"]);
  });
});

describe("an exec plugin", () => {
  function withPlugin(exec: object, cluster: object = {}): readonly string[] {
    return ["--kubeconfig", folder.kubeconfig({ cluster, user: { exec: { apiVersion: V1, ...exec } } })];
  }

  it("that is relative to the kubeconfig gets the cluster and its own config, and no input", async () => {
    folder.script(
      "bin/plugin",
      `printf %s "$KUBERNETES_EXEC_INFO" > "$INFO"; cat > "$INPUT"; echo '${credential({ status: { token: "plugin" } })}'`,
    );
    const [info, input] = [join(folder.path, "info"), join(folder.path, "input")];
    const env = Object.entries({ INFO: info, INPUT: input }).map(([name, value]) => ({ name, value }));
    const config = { audience: "x" };
    const cluster = { extensions: [{ name: "client.authentication.k8s.io/exec", extension: config }] };
    const args = withPlugin({ command: "./bin/plugin", env, provideClusterInfo: true }, cluster);
    expect(await resolve(args)).toMatchObject({ code: 0, errors: "" });
    expect(tokens()).toEqual(["Bearer plugin"]);
    expect(JSON.parse(readFileSync(info, "utf8"))).toEqual({
      kind: "ExecCredential",
      apiVersion: V1,
      spec: { cluster: { server: url.href, "certificate-authority-data": base64(ca), config }, interactive: false },
    });
    expect(readFileSync(input, "utf8")).toBe("");
  });

  it("that does not ask for it gets no cluster", async () => {
    const info = join(folder.path, "info");
    folder.script(
      "plugin",
      `printf %s "$KUBERNETES_EXEC_INFO" > ${info}; echo '${credential({ status: { token: "t" } })}'`,
    );
    expect((await resolve(withPlugin({ command: "./plugin" }))).code).toBe(0);
    expect(JSON.parse(readFileSync(info, "utf8"))).toMatchObject({ spec: { interactive: false } });
    expect(readFileSync(info, "utf8")).not.toContain("cluster");
  });

  it.each([
    ["fails in silence", "exit 7", "failed with exit code 7, and said nothing on stderr"],
    ["fails with a reason", "echo log in first >&2; exit 1", "failed with exit code 1: log in first"],
    ["prints nothing", "true", "printed nothing"],
    ["prints no status", `echo '${credential({})}'`, "printed no status: a status with a token is needed"],
    [
      "prints an empty status",
      `echo '${credential({ status: {} })}'`,
      "printed a status without a token or client certificate",
    ],
    [
      "prints another version",
      `echo '{"apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "t"}}'`,
      `printed apiVersion client.authentication.k8s.io/v1beta1, and the kubeconfig has ${V1}`,
    ],
  ])("that %s is an error that says so", async (_, body, why) => {
    const command = folder.script("plugin", body);
    const { code, errors } = await resolve(withPlugin({ command: "./plugin" }));
    expect(code).toBe(3);
    expect(errors).toContain(`: the exec plugin ${command} ${why}`);
  });

  it("that is not installed shows its installHint", async () => {
    const { code, errors } = await resolve(withPlugin({ command: "no-such-plugin", installHint: "Run: install it" }));
    expect(code).toBe(3);
    expect(errors).toContain("the exec plugin no-such-plugin is not installed: no such file in PATH\n");
    expect(errors).toContain("vm-image-webhook: Run: install it\n");
  });

  it("that always asks a person is an error without a terminal", async () => {
    folder.script("plugin", `echo '${credential({ status: { token: "t" } })}'`);
    const { code, errors } = await resolve(withPlugin({ command: "./plugin", interactiveMode: "Always" }));
    expect(code).toBe(3);
    expect(errors).toContain("has interactiveMode Always, and the standard input is no terminal");
  });

  it("that hangs is logged, and then ended", async () => {
    folder.script("plugin", "echo open a browser >&2; exec sleep 600");
    const { code, errors } = await resolve(withPlugin({ command: "./plugin" }));
    expect(code).toBe(3);
    expect(errors).toMatch(/^\{"level":"warn".*"stderr":"open a browser","msg":"the exec plugin is still running"\}$/m);
    expect(errors).toContain("gave no credentials within 30 s, and was ended: open a browser");
  });
});

describe("the server", () => {
  it("without a scheme is https where TLS is configured", async () => {
    expect(await resolve(["--kubeconfig", folder.kubeconfig({ cluster: { server: url.host } })])).toMatchObject({
      code: 0,
    });
  });

  it("without a scheme and TLS is http, and gets no credentials", async () => {
    const plain = new FakeApiServer();
    try {
      const { host } = await plain.listen();
      const cluster = { server: host, "certificate-authority-data": null };
      plain.write("vmi-a", "ubuntu");
      expect((await resolve(["--kubeconfig", folder.kubeconfig({ cluster, user: { token: "t" } })])).code).toBe(0);
      expect(plain.requests[0]?.headers).not.toHaveProperty("authorization");
    } finally {
      await plain.close();
    }
  });
});

describe("a proxy", () => {
  let proxy: ConnectProxy;
  let address: string;
  const proxied = `https://${PROXIED_HOST}:6443`;

  beforeEach(async () => {
    proxy = new ConnectProxy(url);
    address = (await proxy.listen()).origin;
  });
  afterEach(() => {
    proxy.close();
  });

  it("of the cluster wins over the environment and NO_PROXY", async () => {
    const file = folder.kubeconfig({ cluster: { server: proxied, "proxy-url": address } });
    const environment = { HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "*" };
    expect(await resolve(["--kubeconfig", file], environment)).toMatchObject({ code: 0, errors: "" });
    expect(new Set(proxy.asked)).toEqual(new Set([`${PROXIED_HOST}:6443`]));
  });

  it.each(["HTTPS_PROXY", "https_proxy"])("of %s is used, and NO_PROXY excludes", async (variable) => {
    const file = folder.kubeconfig({ cluster: { server: proxied } });
    expect((await resolve(["--kubeconfig", file], { [variable]: address })).code).toBe(0);
    expect(proxy.asked).not.toEqual([]);
    const excluded = await resolve(["--kubeconfig", file], { [variable]: address, NO_PROXY: "example.invalid" });
    expect(excluded.code).toBe(3);
    expect(excluded.errors).toContain(`asked ${proxied}, context "it" of ${file}`);
  });

  it("that refuses is named at once", async () => {
    proxy.refusal = "407 Proxy Authentication Required";
    const file = folder.kubeconfig({
      cluster: { server: proxied, "proxy-url": address.replace("//", "//me:secret@") },
    });
    const { code, errors } = await resolve(["--kubeconfig", file]);
    expect(code).toBe(3);
    expect(errors).toContain("the proxy refuses the connection (");
    expect(errors).toContain(`asked ${proxied} through the proxy ${address}, context "it" of ${file}\n`);
    expect(errors).not.toContain("secret");
  });
});

describe("an API server that cannot be asked", () => {
  const review = {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "u", kind: { group: "vmoperator.vmware.com", version: "v1alpha5", kind: "VirtualMachine" } },
  };
  const machine = {
    apiVersion: "vmoperator.vmware.com/v1alpha5",
    kind: "VirtualMachine",
    metadata: { name: "m", namespace: "dev" },
    spec: { imageName: "ubuntu" },
  };

  it.each([
    ["resolve", () => ["ubuntu"]],
    ["check", () => [folder.write("machine.json", JSON.stringify(machine))]],
    ["replay", () => [folder.write("review.json", JSON.stringify(review))]],
  ])("ends %s at once with reason and address", async (command, argsOf) => {
    await server.close();
    const file = folder.kubeconfig();
    const program = start([command, ...argsOf(), "--kubeconfig", file]);
    expect(await program.exit()).toBe(3);
    expect(program.errors).toContain(`nothing listens at the address (connect ECONNREFUSED ${url.host})`);
    expect(program.errors).toContain(`vm-image-webhook: asked ${url.origin}, context "it" of ${file}\n`);
  });

  it.each([
    [
      "an unknown host",
      () => folder.kubeconfig({ cluster: { server: "https://no-such-host.invalid" } }),
      /the host name (is unknown|cannot be looked up) \(getaddrinfo E/,
    ],
    [
      "another CA",
      async () =>
        folder.kubeconfig({
          cluster: { "certificate-authority-data": base64((await selfSigned(["127.0.0.1"], new Date())).ca) },
        }),
      /the server's certificate is of another CA than the kubeconfig's/,
    ],
    [
      "a server without TLS",
      () => folder.kubeconfig({ cluster: { server: url.href.replace("https", "http") } }),
      /cannot read VirtualMachineImages: /,
    ],
  ])("by %s ends a command with the reason", async (_, fileOf, why) => {
    const { code, errors } = await resolve(["--kubeconfig", await fileOf()]);
    expect(code).toBe(3);
    expect(errors).toMatch(why);
  });

  it.each([
    [401, "auth: get /apis/vmoperator.vmware.com: 401 scripted"],
    [403, "forbidden: get /apis/vmoperator.vmware.com: 403 scripted"],
  ])("that answers %s ends a command after one request of each kind", async (code, why) => {
    server.failAlways("discovery", status(code));
    const ran = await resolve([
      "--kubeconfig",
      folder.kubeconfig({ user: { token: "t" } }),
      "--kind",
      "VirtualMachineImage",
    ]);
    expect(ran.code).toBe(3);
    expect(ran.errors).toContain(why);
    // A 401 is asked twice: the second time with credentials that are read anew.
    expect(server.count("discovery")).toBe(code === 401 ? 2 : 1);
  });

  it("does not end serve, which goes on trying", async () => {
    const certs = join(folder.path, "certs");
    const free = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--shutdown-delay", "0s"];
    server.failAlways("discovery", status(401));
    const program = start([
      "serve",
      "--kubeconfig",
      folder.kubeconfig(),
      "--cert-dir",
      certs,
      "--self-signed",
      ...free,
    ]);
    await condition("serve asked twice for each kind", () => server.count("discovery") >= 8);
    server.failAlways("discovery", undefined);
    await condition("serve has the images", () => server.openWatches === 2);
    program.signal("SIGTERM");
    expect(await program.exit()).toBe(0);
  });
});

describe("bad input", () => {
  const CONTEXTS = {
    contexts: [
      { name: "a", context: { cluster: "gone", user: "u" } },
      { name: "b", context: {} },
    ],
  };
  it.each<[string, () => string, string]>([
    ["a folder", () => folder.path, "it is a folder, and must be a file"],
    ["a missing file", () => join(folder.path, "none"), "no such file"],
    ["an empty file", () => folder.write("config", ""), "it is empty"],
    ["a list", () => folder.write("config", "- a\n"), "it is a list, and must be an object"],
    ["a text", () => folder.write("config", "hello"), "it is a text, and must be an object"],
    ["no YAML", () => folder.write("config", "a: [1\ntoken: secret"), "it is not YAML: "],
    [
      "another kind",
      () => folder.write("config", "kind: Secret"),
      "it has kind Secret, and a kubeconfig has kind Config",
    ],
    [
      "a token that is a number",
      () => folder.kubeconfig({ user: { token: 12345 } }),
      'token of user "it" is a number, and must be text (in quotes)',
    ],
    [
      "no current-context",
      () => folder.kubeconfig({ currentContext: null }),
      "has no current-context; its contexts are it. Choose one: kubectl config use-context it --kubeconfig ",
    ],
    [
      "an unknown current-context",
      () => folder.kubeconfig({ currentContext: "x" }),
      'the current-context "x" is not in the kubeconfig',
    ],
    [
      "a missing cluster",
      () => folder.kubeconfig({ cluster: null }),
      'names the cluster "it", which is not there; it has no clusters',
    ],
    [
      "a missing user",
      () => folder.kubeconfig({ user: null }),
      'names the user "it", which is not there; it has no users',
    ],
    [
      "a missing CA",
      () => folder.kubeconfig({ cluster: { "certificate-authority-data": null, "certificate-authority": "none.crt" } }),
      "/none.crt: no such file",
    ],
    [
      "a CA that is none",
      () => folder.kubeconfig({ cluster: { "certificate-authority-data": base64("junk") } }),
      "the certificate-authority-data has no PEM block",
    ],
    [
      "a certificate without key",
      () => folder.kubeconfig({ user: { "client-certificate-data": base64(ca) } }),
      'user "it" has a client-certificate, and no client-key',
    ],
    [
      "another proxy",
      () => folder.kubeconfig({ cluster: { "proxy-url": "ftp://x" } }),
      'proxy-url of cluster "it" has the scheme ftp',
    ],
    ["no server", () => folder.kubeconfig({ cluster: { server: null } }), 'cluster "it" has no server'],
    [
      "two contexts, of which none is chosen",
      () => folder.write("config", JSON.stringify(CONTEXTS)),
      "its contexts are a, b",
    ],
  ])("%s exits 3 with the path and the reason", async (_, fileOf, why) => {
    const file = fileOf();
    const { code, output, errors } = await resolve(["--kubeconfig", file]);
    expect([code, output]).toEqual([3, ""]);
    expect(errors).toContain(why);
    expect(errors).toContain(file);
    expect(errors).not.toMatch(/secret|12345|^\s+at /m);
  });

  it("a file without the right to read it exits 3 with the path", async ({ skip }) => {
    const file = folder.kubeconfig();
    chmodSync(file, 0);
    skip(process.getuid?.() === 0, "root may read every file");
    const { code, errors } = await resolve(["--kubeconfig", file]);
    expect(code).toBe(3);
    expect(errors).toContain(`cannot read the kubeconfig ${file}: permission denied`);
  });

  it("an unknown context names those that exist", async () => {
    const { code, errors } = await resolve(["--kubeconfig", folder.kubeconfig(), "--context", "x"]);
    expect(code).toBe(3);
    expect(errors).toContain(
      `the context "x" is not in the kubeconfig ${join(folder.path, "config")}; its contexts are it`,
    );
  });
});
