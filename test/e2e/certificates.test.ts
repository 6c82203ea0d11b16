import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { issueCa, type KeyPair } from "../../src/certs/issue.ts";
import { selfSigned } from "../../src/certs/self-signed.ts";
import { clientAuthority, clientCertificate } from "../support/client-certificate.ts";
import { TlsClient } from "../support/tls-client.ts";
import { reviewOf } from "./cluster-webhook.ts";
import { eventuallySees, IN_THE_END, LONG_TEST } from "./cluster-patience.ts";
import { CertificateBench, handshake } from "./certificate-suites/bench.ts";
import { CONTROL_PLANE_ASSETS, OWN_CRDS } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import type { LogLine } from "./webhook.ts";

const SECURITY_DOC = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
const HOUR = 3_600_000;
const CALLS_AFTER_DAMAGE = 50;
/**
 * A new CA every 35 s or so: what takes months is gone through in minutes. A certificate is renewed when a third of its
 * life is left, and X.509 counts in seconds: less than 10 s would leave a busy machine no time.
 */
const SHORT_LIVES = ["--ca-lifetime", "50s", "--cert-lifetime", "10s"];
const CRDS = readdirSync(OWN_CRDS).map((file) => join(OWN_CRDS, file));

// Where a pipeline counts on these tests, they must not be skipped in silence.
test.runIf(process.env["E2E_REQUIRED"] === "1")("there is a control plane to test certificates with", () => {
  expect(CONTROL_PLANE_ASSETS, "KUBEBUILDER_ASSETS names the folder of kube-apiserver, etcd and kubectl").toBeTruthy();
});

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("certificates of a real cluster", () => {
  let started: CertificateBench | undefined;
  const bench = (): CertificateBench => {
    if (started === undefined) throw new Error("the cluster did not start");
    return started;
  };
  beforeAll(async () => {
    started = await CertificateBench.start(CRDS);
  });
  afterAll(() => started?.stop());

  test("rights that are missing are named, and make it ready when they come", { timeout: LONG_TEST }, async () => {
    const [replica] = await bench().startReplicas(1);
    await eventuallySees("the missing right is named", async () => {
      const { code, text } = (await replica?.readiness()) ?? { code: 0, text: "" };
      return code === 503 && /^\[-\]certificate .*cannot get resource "secrets"/m.test(text) ? undefined : text;
    });
    await bench().grant();
    await replica?.becomesReady(IN_THE_END);
    expect(replica?.crash).toBe("");
  });

  test("what is missing is only filled in: configurations that come later, the same CA", async () => {
    const [before] = await bench().authorities();
    await bench().applyConfigurations();
    const trusted = await bench().becomesPublished();
    expect(trusted.map(({ fingerprint256 }) => fingerprint256)).toEqual([before?.fingerprint256]);
    await bench().serves();
  });

  test("three replicas that start at once, with nothing there, end with one CA and valid bundles (T21)", async () => {
    await bench().withoutReplicas();
    await bench().deleteSecret();
    const replicas = await bench().startReplicas(3);
    for (const replica of replicas) await replica.becomesReady();
    const trusted = await bench().becomesPublished();
    expect(trusted).toHaveLength(1);
    for (const { port, crash } of replicas) {
      const leaf = await handshake(port, trusted.map(String).join(""));
      expect(leaf.checkIssued(trusted[0] ?? leaf)).toBe(true);
      expect(crash).toBe("");
    }
    await bench().serves();
  });

  describe("under constant calls", () => {
    test.each([
      ["the Secret is deleted", () => bench().deleteSecret()],
      ["the Secret is emptied", () => bench().writeSecret({})],
      [
        "the Secret is corrupted",
        () => bench().writeSecret({ "authorities.json": Buffer.from("[{]").toString("base64") }),
      ],
    ])("%s: it is put back, and no call fails (T19)", async (_, damage) => {
      const before = await bench().becomesPublished();
      const loads = [bench().underLoad(), bench().verifying()];
      const { metadata } = (await bench().secret()) ?? {};
      await damage();
      await eventuallySees("the Secret is whole again", async () => {
        const secret = await bench().secret();
        const ids = (await bench().authorities()).map(({ fingerprint256 }) => fingerprint256);
        const isNew = secret?.metadata.resourceVersion !== metadata?.resourceVersion;
        return isNew && ids.join() === before.map(({ fingerprint256 }) => fingerprint256).join()
          ? undefined
          : ids.join();
      });
      await bench().becomesPublished();
      await eventuallySees("calls and handshakes go on for a while", () => {
        const counts = loads.map(({ count }) => count);
        return Promise.resolve(Math.min(...counts) >= CALLS_AFTER_DAMAGE ? undefined : counts.join());
      });
      for (const load of loads) await load.stop();
      expect(loads.map(({ failures }) => failures)).toEqual([[], []]);
    });

    test("caBundle that somebody else overwrites is put right, and he is named (T24)", async () => {
      const before = await bench().becomesPublished();
      const { ca } = await selfSigned(["localhost"], new Date());
      await bench().overwriteBundles(ca);
      const trusted = await bench().becomesPublished();
      expect(trusted.map(String)).toEqual(before.map(String));
      const said = (): readonly LogLine[] =>
        bench()
          .replicas.flatMap(({ linesSoFar }) => linesSoFar)
          .filter(({ msg }) => /somebody else wrote caBundle/.test(String(msg)));
      await eventually("a log says so", () => said().length > 0);
      expect(said()[0]).toMatchObject({ by: "kubectl-replace" });
      await bench().serves();
    });
  });

  describe("a rotation", () => {
    test(
      "to a CA that a person puts into the Secret comes with an overlap, and no call fails",
      { timeout: LONG_TEST },
      async () => {
        await bench().startAnew(3, SHORT_LIVES);
        const [before] = await bench().becomesPublished();
        const loads = [bench().underLoad(), bench().verifying()];
        const own = await issueCa("a CA of our own", { now: new Date(), end: new Date(Date.now() + HOUR) });
        await bench().writeSecret({ "authorities.json": Buffer.from(JSON.stringify([own])).toString("base64") });
        await eventuallySees(
          "every replica has a certificate of that CA",
          async () => {
            const issuers = await bench().issuers();
            return issuers.every((issuer) => issuer.startsWith("CN=a CA of our own")) ? undefined : issuers.join();
          },
          IN_THE_END,
        );
        for (const load of loads) await load.stop();
        expect(loads.map(({ failures }) => failures)).toEqual([[], []]);
        expect(before?.subject).toMatch(/^CN=vm-image-webhook CA /);
      },
    );

    test("of the CA, five times, fails no call and no handshake (T17, T18)", { timeout: 3 * LONG_TEST }, async () => {
      await bench().startAnew(3, SHORT_LIVES);
      await bench().becomesPublished();
      const loads = [bench().underLoad(), bench().verifying()];
      const signed = new Set<string>();
      const trustedAtOnce: number[] = [];
      await eventuallySees(
        "six CAs have signed, one after the other",
        async () => {
          for (const issuer of await bench().issuers()) signed.add(issuer);
          trustedAtOnce.push((await bench().authorities()).length);
          return signed.size >= 6 ? undefined : [...signed].join();
        },
        3 * IN_THE_END,
      );
      for (const load of loads) await load.stop();
      expect(loads.map(({ failures }) => failures)).toEqual([[], []]);
      for (const { count } of loads) expect(count).toBeGreaterThan(signed.size);
      // Old and new are trusted together, and old ones do not pile up.
      expect(Math.max(...trustedAtOnce)).toBeGreaterThanOrEqual(2);
      expect(Math.max(...trustedAtOnce)).toBeLessThanOrEqual(3);
      for (const { crash } of bench().replicas) expect(crash).toBe("");
    });
  });

  test("whoever overwrites caBundle again and again is let have it for longer each time, and readiness stays", async () => {
    await bench().startAnew(1);
    const trusted = (await bench().becomesPublished()).map(String);
    const [replica] = bench().replicas;
    const { ca } = await selfSigned(["localhost"], new Date());
    for (let times = 1; times <= 3; times++) {
      await bench().overwriteBundles(ca);
      // Both configurations: whoever replaces one that is about to be written meets a conflict.
      expect((await bench().becomesPublished()).map(String)).toEqual(trusted);
    }
    await bench().overwriteBundles(ca);
    await eventuallySees("it backs off and says so", async () => {
      const { code, text } = (await replica?.readiness()) ?? { code: 0, text: "" };
      const said = /^\[\+\]caBundle ok: .*was overwritten by "kubectl-replace" 4 times; written again at /m;
      return code === 200 && said.test(text) ? undefined : text;
    });
    await bench().becomesPublished();
  });
});

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("client certificates", () => {
  const callers: { directory?: string; bench?: CertificateBench; ca?: KeyPair } = {};
  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), "vm-image-webhook-callers-"));
    const ca = await clientAuthority();
    Object.assign(callers, { directory, ca });
    const own = await clientCertificate(ca, "kube-apiserver-webhooks");
    await writeFile(join(directory, "ca.crt"), ca.cert);
    // As docs/security.md says it; `*` is every webhook, for its port is not known yet.
    const [configuration = "", kubeconfig = ""] = [...SECURITY_DOC.matchAll(/```yaml\n([^`]+)```/g)].map(
      ([, yaml]) => yaml,
    );
    const admission = configuration.replaceAll("/etc/kubernetes/admission", directory);
    await writeFile(join(directory, "admission.yaml"), admission);
    const users = kubeconfig.replaceAll("/etc/kubernetes/admission", directory);
    await writeFile(join(directory, "webhooks.kubeconfig"), users.replace(/name: vm-image-webhook.*/, 'name: "*"'));
    await writeFile(join(directory, "webhook-client.crt"), own.cert);
    await writeFile(join(directory, "webhook-client.key"), own.key, { mode: 0o600 });
    const flag = `--admission-control-config-file=${join(directory, "admission.yaml")}`;
    callers.bench = await CertificateBench.start(CRDS, [flag]);
  });
  afterAll(async () => {
    await callers.bench?.stop();
    if (callers.directory !== undefined) await rm(callers.directory, { recursive: true });
  });

  test("an API server that shows one as docs/security.md says is answered, and nobody else", async () => {
    const { bench, ca, directory = "" } = callers;
    if (bench === undefined || ca === undefined) throw new Error("the cluster did not start");
    await bench.grant();
    const mutual = ["--client-ca", join(directory, "ca.crt"), "--client-name", "kube-apiserver-webhooks"];
    const [replica] = await bench.startReplicas(1, mutual);
    await replica?.becomesReady();
    await bench.applyConfigurations();
    await bench.becomesPublished();
    await bench.serves();
    const [served = ""] = await bench.bundles("mutatingwebhookconfigurations");
    const ask = async (pair?: KeyPair): Promise<number> => {
      const client = new TlsClient(replica?.port ?? 0, served, pair);
      const { status } = await client.post("/mutate", reviewOf("ubuntu-24.04")).finally(() => {
        client.close();
      });
      return status;
    };
    await expect(ask()).rejects.toThrow();
    expect(await ask(await clientCertificate(ca, "kubelet"))).toBe(403);
    expect(await ask(await clientCertificate(ca, "kube-apiserver-webhooks"))).toBe(200);
  });
});
