import { once } from "node:events";
import type { ClientRequest } from "node:http";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { createReview, patchOf, responseOf, virtualMachine } from "../support/admission-review.ts";
import { ofCheckout, run } from "../support/command-run.ts";
import { condition } from "../support/condition.ts";
import { imageManifest } from "../support/image-manifest.ts";
import { ServerProcess } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type Answer, JSON_HEADERS, type TlsClient } from "../support/tls-client.ts";

const EXAMPLES = ofCheckout("examples/images");
const PINNED = "vmi-0a0044d7c690bcbea";

interface Given {
  readonly certDir?: string;
  readonly images?: string;
  readonly flags?: readonly string[];
  /** Flags of Node itself. */
  readonly node?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The program as a process, which ends with the test. */
function serve({
  certDir = temporaryFolder(),
  images = EXAMPLES,
  flags = ["--self-signed"],
  node = [],
  environment = {},
}: Given = {}): ServerProcess {
  const server = new ServerProcess({ certDir, images, flags, node, environment });
  onTestFinished(() => {
    server.kill();
  });
  return server;
}

function closing(client: TlsClient): TlsClient {
  onTestFinished(() => {
    client.close();
  });
  return client;
}

describe("serving", () => {
  test("answers reviews over TLS with the CA of --self-signed, and probes over HTTP", async () => {
    const server = serve();
    const { client, opsPort } = await server.serving();
    const answer = await closing(client()).post("/mutate?timeout=5s", createReview());
    expect(answer.status).toBe(200);
    expect(patchOf(answer.text)).toContainEqual({ op: "replace", path: "/spec/imageName", value: PINNED });
    const ready = await fetch(`http://127.0.0.1:${opsPort}/readyz?verbose`);
    const [images, certificate, ...rest] = (await ready.text()).split("\n");
    expect(images).toBe(
      `[+]images ok: 4 VirtualMachineImages, 3 ClusterVirtualMachineImages, 5 OSImages from ${EXAMPLES}`,
    );
    expect(certificate).toMatch(/^\[\+\]certificate ok: good until 20\S+Z, from /);
    expect(rest).toEqual(["[+]shutdown ok: not stopping", "ok", ""]);
    expect(await (await fetch(`http://127.0.0.1:${opsPort}/livez`)).text()).toBe("ok\n");
    expect(server.output).toBe("");
  });

  test("logs JSON lines on stderr, with the settings, and warns that no client CA is set", async () => {
    const server = serve({ flags: ["--self-signed", "--write", "image", "--check", "ready=off"] });
    const line = await server.says("serving");
    expect(line).toMatchObject({
      level: "info",
      version: packageJson.version,
      url: `https://127.0.0.1:${String(line["port"])}`,
      opsUrl: `http://127.0.0.1:${String(line["opsPort"])}`,
      resolution: "namespace-first",
      write: "image",
      checks: { ready: "off" },
    });
    expect(server.log.filter(({ level }) => level === "warn")).toMatchObject([
      { msg: expect.stringContaining("no client CA is set") as unknown },
    ]);
    for (const text of server.errors.split("\n").slice(0, -1)) expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  test("with --client-ca does not warn, and refuses a caller without a certificate", async () => {
    const certDir = temporaryFolder();
    await run(["certs", "--out", certDir]);
    const server = serve({ certDir, flags: ["--client-ca", join(certDir, "ca.crt"), "--client-name", "api"] });
    const { client, opsPort } = await server.serving();
    expect(server.log.filter(({ level }) => level === "warn")).toEqual([]);
    await expect(closing(client()).post("/mutate", createReview())).rejects.toThrow();
    expect(await (await fetch(`http://127.0.0.1:${opsPort}/readyz?verbose`)).text()).toMatch(/^\[\+\]clientCA ok: /m);
  });

  test("warns about a variable that is of no flag, and not about those of a Service", async () => {
    const services = { VM_IMAGE_WEBHOOK_SERVICE_HOST: "10.0.0.1", VM_IMAGE_WEBHOOK_PORT: "tcp://10.0.0.1:443" };
    const server = serve({ environment: { ...services, VM_IMAGE_WEBHOOK_LISTENS: ":1" } });
    await server.serving();
    expect(server.log.filter(({ variable }) => variable !== undefined)).toMatchObject([
      { level: "warn", variable: "VM_IMAGE_WEBHOOK_LISTENS", nearest: "VM_IMAGE_WEBHOOK_LISTEN" },
    ]);
  });

  test("with --log-level silent logs nothing", async () => {
    const server = serve({ flags: ["--self-signed", "--log-level", "silent"] });
    await condition("the certificate is there", () => readdirSync(server.certDir).includes("ca.crt"));
    server.signal("SIGTERM");
    await server.exit();
    expect([server.output, server.errors]).toEqual(["", ""]);
  });

  test("follows changes of the folder, and reports unreadable files in /readyz", async () => {
    const images = temporaryFolder();
    writeFileSync(join(images, "a.yaml"), imageManifest("vmi-a", "a"));
    const { client, opsPort } = await serve({ images }).serving();
    const review = createReview({ object: virtualMachine({ imageName: "b" }) });
    const asks = closing(client());
    expect(responseOf((await asks.post("/mutate", review)).text)["allowed"]).toBe(false);
    writeFileSync(join(images, "b.yaml"), imageManifest("vmi-b", "b"));
    await condition("the new image is found", async () => {
      return responseOf((await asks.post("/mutate", review)).text)["allowed"] === true;
    });
    writeFileSync(join(images, "b.yaml"), "kind: [Virt\n");
    await condition("/readyz tells the file", async () => {
      const ready = await fetch(`http://127.0.0.1:${opsPort}/readyz?verbose`);
      expect(ready.status).toBe(200);
      return /^\[!\]images degraded: the last good set stays: .*b\.yaml:\d+: /.test(await ready.text());
    });
    expect(responseOf((await asks.post("/mutate", review)).text)["allowed"]).toBe(true);
  });
});

describe("a shutdown", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("by %s has exit code 0", async (signal) => {
    const server = serve();
    await server.serving();
    server.signal(signal);
    expect(await server.exit()).toBe(0);
    expect(server.log.at(-1)).toMatchObject({ msg: "stopped" });
  });

  test("does not wait for an idle keep-alive connection", async () => {
    const server = serve();
    const { client } = await server.serving();
    expect((await closing(client()).post("/mutate", createReview())).headers.connection).toBe("keep-alive");
    server.signal("SIGTERM");
    expect(await server.exit()).toBe(0);
    expect(server.log.at(-1)).toMatchObject({ msg: "stopped" });
  });

  test("answers a review under way, and closes its connection", async () => {
    const server = serve();
    const { client } = await server.serving();
    const { request, answer } = await underWay(client());
    server.signal("SIGTERM");
    await server.says("stopping");
    request.end(JSON.stringify(createReview()));
    const { status, headers: answered, text } = await answer;
    expect(status).toBe(200);
    expect(responseOf(text)["allowed"]).toBe(true);
    // A connection that stays open would delay the shutdown until the deadline cuts it.
    expect(answered.connection).toBe("close");
    expect(await server.exit()).toBe(0);
    expect(server.log.at(-1)).toMatchObject({ msg: "stopped" });
  });
});

/** A review whose headers the server has, and not its body. */
async function underWay(client: TlsClient): Promise<{ request: ClientRequest; answer: Promise<Answer> }> {
  const opened = closing(client).open({ path: "/mutate", headers: { ...JSON_HEADERS, expect: "100-continue" } });
  opened.request.flushHeaders();
  await once(opened.request, "continue");
  return opened;
}

describe("--shutdown-delay", () => {
  test("after SIGTERM answers reviews over old and new connections while /readyz fails", async () => {
    const server = serve({ flags: ["--self-signed", "--shutdown-delay", "2s"] });
    const { client, opsPort } = await server.serving();
    const pooled = closing(client());
    expect((await pooled.post("/mutate", createReview())).headers.connection).toBe("keep-alive");
    server.signal("SIGTERM");
    expect(await server.says("draining")).toMatchObject({ delay: 2_000 });
    const ready = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain("[-]shutdown failed: stopping");
    for (const asks of [pooled, closing(client())]) {
      const { status, headers } = await asks.post("/mutate", createReview());
      expect([status, headers.connection]).toEqual([200, "close"]);
    }
    expect(server.log.map(({ msg }) => msg)).not.toContain("stopping");
    expect(await server.exit()).toBe(0);
    expect(server.log.at(-1)).toMatchObject({ msg: "stopped" });
  });

  test("does not apply to SIGINT", async () => {
    const server = serve({ flags: ["--self-signed", "--shutdown-delay", "1m"] });
    await server.serving();
    server.signal("SIGINT");
    expect(await server.exit()).toBe(0);
    expect(server.log.map(({ msg }) => msg)).not.toContain("draining");
  });
});

describe("a second signal", () => {
  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("%s ends the process at once with exit code %d, although a review is under way", async (signal, code) => {
    const server = serve();
    const { client } = await server.serving();
    const { answer } = await underWay(client());
    const unanswered = expect(answer).rejects.toThrow();
    server.signal("SIGTERM");
    await server.says("stopping");
    server.signal(signal);
    expect(await server.exit()).toBe(code);
    await unanswered;
  });

  test("ends a draining process at once", async () => {
    const server = serve({ flags: ["--self-signed", "--shutdown-delay", "1m"] });
    await server.serving();
    server.signal("SIGTERM");
    await server.says("draining");
    server.signal("SIGTERM");
    expect(await server.exit()).toBe(143);
  });
});

test("the loss of the log's reader does not affect reviews", async () => {
  const server = serve();
  const { client } = await server.serving();
  const api = closing(client());
  server.stopReading();
  for (let review = 0; review < 3; review++) {
    expect((await api.post("/mutate?timeout=5s", createReview())).status).toBe(200);
  }
  api.close();
  server.signal("SIGTERM");
  expect(await server.exit()).toBe(0);
});

/** Flags of Node that make the process run the code on SIGUSR2. */
function onSigusr2(code: string): readonly string[] {
  return ["--import", `data:text/javascript,${encodeURIComponent(`process.on("SIGUSR2", () => { ${code} })`)}`];
}

describe("a log that no process reads", () => {
  /** A server whose log has filled its pipe and its memory. */
  async function unread(
    flags: readonly string[] = [],
  ): Promise<{ server: ServerProcess; client: () => TlsClient; opsPort: number }> {
    const fill = `process.stderr.write("x".repeat(9 * 1024 * 1024) + "\\n"); process.stdout.write("full");`;
    const crash = 'process.once("SIGUSR2", () => { throw new Error("broken") });';
    const server = serve({ node: onSigusr2(`${fill} ${crash}`), flags: ["--self-signed", ...flags] });
    const { client, opsPort } = await server.serving();
    server.pauseReading();
    server.signal("SIGUSR2");
    await condition("the log is full", () => server.output === "full");
    return { server, client, opsPort };
  }

  test("delays neither reviews nor the shutdown", async () => {
    const { server, client } = await unread();
    const api = closing(client());
    expect((await api.post("/mutate?timeout=5s", createReview())).status).toBe(200);
    server.signal("SIGTERM");
    expect(await server.exit()).toBe(0);
  });

  test("does not delay a second signal", async () => {
    const { server, opsPort } = await unread(["--shutdown-delay", "1m"]);
    server.signal("SIGTERM");
    await condition("it stops", async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status === 503);
    server.signal("SIGTERM");
    expect(await server.exit()).toBe(143);
  });

  test("does not delay a crash", async () => {
    const { server } = await unread();
    server.signal("SIGUSR2");
    expect(await server.exit()).toBe(5);
  });

  test("reports the number of dropped lines once it is read again, and goes on", async () => {
    const { server, client } = await unread();
    const api = closing(client());
    for (let review = 0; review < 3; review++) await api.post("/mutate?timeout=5s", createReview());
    server.resumeReading();
    const note = await server.says("lines of this log were dropped: it was not read in time");
    expect(note).toMatchObject({ level: "warn", lines: 3 });
    server.signal("SIGTERM");
    expect(await server.exit()).toBe(0);
    expect(server.log.at(-1)).toMatchObject({ msg: "stopped" });
  });
});

describe("an uncaught exception", () => {
  test.each([
    ["an exception", 'throw new TypeError("broken")', "uncaughtException", "broken"],
    ["a rejected promise", 'void Promise.reject(new TypeError("broken"))', "unhandledRejection", "broken"],
    ["a rejection with a value that is no Error", 'void Promise.reject("broken")', "unhandledRejection", "broken"],
  ])("from %s is the last line of the log, and the exit code is 5", async (_, code, origin, message) => {
    const server = serve({ node: onSigusr2(code) });
    await server.serving();
    server.signal("SIGUSR2");
    expect(await server.exit()).toBe(5);
    const last = server.log.at(-1);
    expect(last).toMatchObject({ level: "fatal", msg: "a bug ended the process", origin });
    expect(JSON.stringify(last?.["err"])).toContain(message);
  });

  test("is logged after all lines that waited for the reader", async () => {
    const server = serve({
      node: onSigusr2('process.stderr.write("x".repeat(4e6) + "\\n"); throw new Error("broken")'),
    });
    await server.serving();
    server.signal("SIGUSR2");
    expect(await server.exit()).toBe(5);
    expect(server.log.at(-1)).toMatchObject({ level: "fatal" });
  });
});

describe("the certificate folder", () => {
  test("gets three files from --self-signed once, which are used from then on", async () => {
    const certDir = temporaryFolder();
    const read = (): readonly string[] =>
      readdirSync(certDir).map((file) => `${file} ${readFileSync(join(certDir, file), "utf8")}`);
    const first = serve({ certDir });
    await first.serving();
    const made = read();
    expect(made).toHaveLength(3);
    first.signal("SIGTERM");
    await first.exit();
    const second = serve({ certDir });
    const { client } = await second.serving();
    expect((await closing(client()).post("/mutate", createReview())).status).toBe(200);
    expect(read()).toEqual(made);
    expect(first.log.map(({ msg }) => msg)).toContain("made a self-signed certificate");
    expect(second.log.map(({ msg }) => msg)).not.toContain("made a self-signed certificate");
  });

  test.each(["tls.crt", "tls.key"])("without %s exits 3 and names the missing file", async (file) => {
    const certDir = temporaryFolder();
    await run(["certs", "--out", certDir]);
    rmSync(join(certDir, file));
    const server = serve({ certDir });
    expect(await server.exit()).toBe(3);
    expect(server.errors).toMatch(new RegExp(`^vm-image-webhook: cannot read ${file} in ${certDir}: ENOENT`, "m"));
    expect(readdirSync(certDir)).not.toContain(file);
  });

  test("that is empty exits 3 without --self-signed and says what to do", async () => {
    const server = serve({ flags: [] });
    expect(await server.exit()).toBe(3);
    expect(server.errors).toMatch(/^vm-image-webhook: cannot read tls\.\w+ in .*; --cert-dir needs .*--self-signed/m);
  });
});

describe("contradicting flags of certificates exit 2", () => {
  test.each([
    [["--client-name", "x"], "--client-name without --client-ca"],
    [["--cert-mode", "cluster"], "--cert-mode cluster needs --cert-host"],
    [["--cert-mode", "cluster", "--cert-host", "x", "--self-signed"], "--self-signed is for --cert-mode files"],
    [["--cert-mode", "cluster", "--cert-host", "x", "--ca-lifetime", "100h"], "more than a fifth of --ca-lifetime"],
    [
      ["--listen", "127.0.0.1:7443", "--ops-listen", "localhost:7443"],
      "--ops-listen localhost:7443: the port is that of --listen 127.0.0.1:7443; give one of them another port",
    ],
    [["--ops-listen", "127.0.0.1:9443"], "--ops-listen 127.0.0.1:9443: the port is that of --listen :9443"],
    [["--osimage"], "--osimage with --images"],
    [["--kubeconfig", "x"], "--kubeconfig with --images"],
    [["--ca-secret", "a/b"], "--ca-secret without --cert-mode cluster"],
    [["--tls-min-version", "1.1"], "--tls-min-version 1.1: is not one of 1.2, 1.3"],
  ])("%j", async (flags, why) => {
    const { exitCode, errors } = await run(["serve", "--images", EXAMPLES, ...flags]);
    expect([exitCode, errors]).toEqual([2, expect.stringContaining(why)]);
  });
});

/** The reason of a start that failed: the last line of stderr. It stands there once. */
function lastReason({ errors }: ServerProcess): string {
  const lines = errors.trimEnd().split("\n");
  const reason = lines.at(-1) ?? "";
  const words = JSON.stringify(reason.replace("vm-image-webhook: ", "")).slice(1, -1);
  expect(lines.filter((line) => line.includes(words))).toEqual([reason]);
  return reason;
}

describe("a start that fails", () => {
  test("for a certificate without --cert-host exits 3 and names both", async () => {
    const certDir = temporaryFolder();
    await run(["certs", "--out", certDir]);
    const server = serve({ certDir, flags: ["--cert-host", "webhook.svc"] });
    expect(await server.exit()).toBe(3);
    expect(lastReason(server)).toMatch(/^vm-image-webhook: tls\.crt in .* is not for webhook\.svc, .*DNS:localhost/);
  });

  test("for a missing --client-ca exits 3 and names the file", async () => {
    const server = serve({ flags: ["--self-signed", "--client-ca", "/absent/ca.crt"] });
    expect(await server.exit()).toBe(3);
    expect(lastReason(server)).toMatch(/^vm-image-webhook: --client-ca \/absent\/ca\.crt cannot be used: ENOENT/);
  });

  test("with --cert-mode cluster and no cluster exits 3 with the reason", async () => {
    const flags = ["--cert-mode", "cluster", "--cert-host", "x", "--kubeconfig", "/absent/kubeconfig"];
    const server = serve({ flags });
    expect(await server.exit()).toBe(3);
    expect(lastReason(server)).toMatch(/^vm-image-webhook: cannot read the kubeconfig \/absent\/kubeconfig: /);
  });

  test.each(["--listen", "--ops-listen"])("for a taken port of %s exits 3 and names the port", async (flag) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => {
      taken.close();
    });
    const address = taken.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const server = serve({ flags: ["--self-signed", flag, `127.0.0.1:${port}`] });
    expect(await server.exit()).toBe(3);
    expect(lastReason(server)).toMatch(
      new RegExp(
        `^vm-image-webhook: cannot listen on ${flag} 127.0.0.1:${port}: the port is taken by another process; give another port`,
      ),
    );
  });

  test("for images that do not parse exits 3 with file and line", async () => {
    const images = temporaryFolder();
    writeFileSync(join(images, "bad.yaml"), `${imageManifest("vmi-a", "a")}---\nkind: [Virt\n`);
    const server = serve({ images });
    expect(await server.exit()).toBe(3);
    expect(lastReason(server)).toMatch(/^vm-image-webhook: .*bad\.yaml:\d+: /);
    expect(server.log.map(({ msg }) => msg)).not.toContain("serving");
  });
});
