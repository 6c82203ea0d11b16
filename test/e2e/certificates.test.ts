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
import { eventuallySees, IN_THE_END, LONG_TEST } from "./polling.ts";
import { CertificateCluster, handshake } from "./certificate-suites/certificate-cluster.ts";
import { CONTROL_PLANE_ASSETS, OWN_CRDS } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import { requireControlPlane } from "./required.ts";
import type { LogLine } from "./webhook.ts";

const SECURITY_DOC = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
const HOUR = 3_600_000;
const CALLS_AFTER_DAMAGE = 50;
/**
 * About 35 s between two CAs, instead of months. A certificate is renewed when a third of its lifetime is left, and
 * X.509 counts in seconds: less than 10 s would leave a busy machine no time.
 */
const SHORT_LIVES = ["--ca-lifetime", "50s", "--cert-lifetime", "10s"];
const CRDS = readdirSync(OWN_CRDS).map((file) => join(OWN_CRDS, file));

requireControlPlane();

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("certificates in a real cluster", () => {
  let started: CertificateCluster | undefined;
  const cluster = (): CertificateCluster => {
    if (started === undefined) throw new Error("the cluster did not start");
    return started;
  };
  beforeAll(async () => {
    started = await CertificateCluster.start(CRDS);
  });
  afterAll(() => started?.stop());

  test(
    "a replica without rights names them, and becomes ready when they are granted",
    { timeout: LONG_TEST },
    async () => {
      const [replica] = await cluster().startReplicas(1);
      await eventuallySees("the missing right is named", async () => {
        const { code, text } = (await replica?.readiness()) ?? { code: 0, text: "" };
        return code === 503 && /^\[-\]certificate .*cannot get resource "secrets"/m.test(text) ? undefined : text;
      });
      await cluster().grant();
      await replica?.becomesReady(IN_THE_END);
      expect(replica?.crash).toBe("");
    },
  );

  test("configurations that are created later get the existing CA", async () => {
    const [before] = await cluster().authorities();
    await cluster().applyConfigurations();
    const trusted = await cluster().becomesPublished();
    expect(trusted.map(({ fingerprint256 }) => fingerprint256)).toEqual([before?.fingerprint256]);
    await cluster().serves();
  });

  test("three replicas that start at once without a CA agree on one CA and write valid bundles", async () => {
    await cluster().withoutReplicas();
    await cluster().deleteSecret();
    const replicas = await cluster().startReplicas(3);
    for (const replica of replicas) await replica.becomesReady();
    const trusted = await cluster().becomesPublished();
    expect(trusted).toHaveLength(1);
    for (const { port, crash } of replicas) {
      const leaf = await handshake(port, trusted.map(String).join(""));
      expect(leaf.checkIssued(trusted[0] ?? leaf)).toBe(true);
      expect(crash).toBe("");
    }
    await cluster().serves();
  });

  describe("under load", () => {
    test.each([
      ["the Secret is deleted", () => cluster().deleteSecret()],
      ["the Secret is emptied", () => cluster().writeSecret({})],
      [
        "the Secret is corrupted",
        () => cluster().writeSecret({ "authorities.json": Buffer.from("[{]").toString("base64") }),
      ],
    ])("%s: it is restored, and no call fails", async (_, damage) => {
      const before = await cluster().becomesPublished();
      const loads = [cluster().underLoad(), cluster().verifying()];
      const { metadata } = (await cluster().secret()) ?? {};
      await damage();
      await eventuallySees("the Secret is whole again", async () => {
        const secret = await cluster().secret();
        const ids = (await cluster().authorities()).map(({ fingerprint256 }) => fingerprint256);
        const isNew = secret?.metadata.resourceVersion !== metadata?.resourceVersion;
        return isNew && ids.join() === before.map(({ fingerprint256 }) => fingerprint256).join()
          ? undefined
          : ids.join();
      });
      await cluster().becomesPublished();
      await eventuallySees("calls and handshakes go on for a while", () => {
        const counts = loads.map(({ count }) => count);
        return Promise.resolve(Math.min(...counts) >= CALLS_AFTER_DAMAGE ? undefined : counts.join());
      });
      for (const load of loads) await load.stop();
      expect(loads.map(({ failures }) => failures)).toEqual([[], []]);
    });

    test("a caBundle that another client overwrites is restored, and the log names the client", async () => {
      const before = await cluster().becomesPublished();
      const { ca } = await selfSigned(["localhost"], new Date());
      await cluster().overwriteBundles(ca);
      const trusted = await cluster().becomesPublished();
      expect(trusted.map(String)).toEqual(before.map(String));
      const conflicts = (): readonly LogLine[] =>
        cluster()
          .replicas.flatMap(({ linesSoFar }) => linesSoFar)
          .filter(({ msg }) => /somebody else wrote caBundle/.test(String(msg)));
      await eventually("a log names the client", () => conflicts().length > 0);
      expect(conflicts()[0]).toMatchObject({ by: "kubectl-replace" });
      await cluster().serves();
    });
  });

  describe("a rotation", () => {
    test(
      "to a CA that an admin writes into the Secret has an overlap, and no call fails",
      { timeout: LONG_TEST },
      async () => {
        await cluster().startAnew(3, SHORT_LIVES);
        const [before] = await cluster().becomesPublished();
        const loads = [cluster().underLoad(), cluster().verifying()];
        const own = await issueCa("a CA of our own", { now: new Date(), end: new Date(Date.now() + HOUR) });
        await cluster().writeSecret({ "authorities.json": Buffer.from(JSON.stringify([own])).toString("base64") });
        await eventuallySees(
          "every replica has a certificate of that CA",
          async () => {
            const issuers = await cluster().issuers();
            return issuers.every((issuer) => issuer.startsWith("CN=a CA of our own")) ? undefined : issuers.join();
          },
          IN_THE_END,
        );
        for (const load of loads) await load.stop();
        expect(loads.map(({ failures }) => failures)).toEqual([[], []]);
        expect(before?.subject).toMatch(/^CN=vm-image-webhook CA /);
      },
    );

    test("of the CA, five times, fails no call and no handshake", { timeout: 3 * LONG_TEST }, async () => {
      await cluster().startAnew(3, SHORT_LIVES);
      await cluster().becomesPublished();
      const loads = [cluster().underLoad(), cluster().verifying()];
      const signed = new Set<string>();
      const trustedAtOnce: number[] = [];
      await eventuallySees(
        "six CAs have signed certificates, one after the other",
        async () => {
          for (const issuer of await cluster().issuers()) signed.add(issuer);
          trustedAtOnce.push((await cluster().authorities()).length);
          return signed.size >= 6 ? undefined : [...signed].join();
        },
        3 * IN_THE_END,
      );
      for (const load of loads) await load.stop();
      expect(loads.map(({ failures }) => failures)).toEqual([[], []]);
      for (const { count } of loads) expect(count).toBeGreaterThan(signed.size);
      // The old and the new CA are trusted together, and older ones are removed.
      expect(Math.max(...trustedAtOnce)).toBeGreaterThanOrEqual(2);
      expect(Math.max(...trustedAtOnce)).toBeLessThanOrEqual(3);
      for (const { crash } of cluster().replicas) expect(crash).toBe("");
    });
  });

  test("a caBundle that is overwritten repeatedly is restored after a growing delay, and the replica stays ready", async () => {
    await cluster().startAnew(1);
    const trusted = (await cluster().becomesPublished()).map(String);
    const [replica] = cluster().replicas;
    const { ca } = await selfSigned(["localhost"], new Date());
    for (let times = 1; times <= 3; times++) {
      await cluster().overwriteBundles(ca);
      // Wait for both configurations: a replacement of one that is about to be written would conflict.
      expect((await cluster().becomesPublished()).map(String)).toEqual(trusted);
    }
    await cluster().overwriteBundles(ca);
    await eventuallySees("it backs off and reports that", async () => {
      const { code, text } = (await replica?.readiness()) ?? { code: 0, text: "" };
      const backsOff = /^\[!\]caBundle degraded: .*was overwritten by "kubectl-replace" 4 times; written again at /m;
      return code === 200 && backsOff.test(text) ? undefined : text;
    });
    await cluster().becomesPublished();
  });
});

describe.skipIf(CONTROL_PLANE_ASSETS === undefined)("client certificates", () => {
  const callers: { directory?: string; cluster?: CertificateCluster; ca?: KeyPair } = {};
  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), "vm-image-webhook-callers-"));
    const ca = await clientAuthority();
    Object.assign(callers, { directory, ca });
    const own = await clientCertificate(ca, "kube-apiserver-webhooks");
    await writeFile(join(directory, "ca.crt"), ca.cert);
    // The files of docs/security.md. `*` matches every webhook, because the port is not known yet.
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
    callers.cluster = await CertificateCluster.start(CRDS, [flag]);
  });
  afterAll(async () => {
    await callers.cluster?.stop();
    if (callers.directory !== undefined) await rm(callers.directory, { recursive: true });
  });

  test("an API server with the client certificate of docs/security.md is answered, and other clients are rejected", async () => {
    const { cluster, ca, directory = "" } = callers;
    if (cluster === undefined || ca === undefined) throw new Error("the cluster did not start");
    await cluster.grant();
    const mutual = ["--client-ca", join(directory, "ca.crt"), "--client-name", "kube-apiserver-webhooks"];
    const [replica] = await cluster.startReplicas(1, mutual);
    await replica?.becomesReady();
    await cluster.applyConfigurations();
    await cluster.becomesPublished();
    await cluster.serves();
    const [served = ""] = await cluster.bundles("mutatingwebhookconfigurations");
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
