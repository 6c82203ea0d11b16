import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ofCheckout, run } from "../support/command-run.ts";
import { KubeconfigFolder } from "../support/kubeconfig-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const GROUP = "vmoperator.vmware.com";
const IMAGES = ["--images", ofCheckout("examples/images")];

function machine(name: string, imageName: string, namespace = "dev", metadata: object = {}): object {
  return {
    apiVersion: `${GROUP}/v1alpha6`,
    kind: "VirtualMachine",
    metadata: { name, namespace, ...metadata },
    spec: { imageName },
  };
}

function fileOf(...objects: readonly object[]): string {
  const file = join(temporaryFolder(), "all.json");
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  return file;
}

/** The hash of an element's text, as a policy names it. */
function digestOf(page: string, element: string): string {
  const [, text = ""] = new RegExp(`<${element}>(.*?)</${element}>`, "s").exec(page) ?? [];
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

const IMAGE = {
  apiVersion: `${GROUP}/v1alpha6`,
  kind: "VirtualMachineImage",
  metadata: { name: "vmi-1", namespace: "dev" },
  status: { name: "ubuntu", type: "OVF", conditions: [{ type: "Ready", status: "True" }] },
};

describe("audit of files", () => {
  it("takes images of the same files", async () => {
    const file = fileOf(IMAGE, machine("web", "ubuntu"), machine("old", "vmi-9"), machine("good", "vmi-1"));
    const { exitCode, output } = await run(["audit", file]);
    expect(output).toContain(
      "namespace dev: 3 objects, 1 error, 1 warning, 0 info\n  error gone: VirtualMachine old: spec.imageName: ",
    );
    expect(output).toContain("  warning display-name: VirtualMachine web: spec.imageName: ");
    expect(exitCode).toBe(1);
    expect((await run(["audit", fileOf(IMAGE, machine("web", "ubuntu"))])).exitCode).toBe(0);
  });

  it("joins images of --images with them", async () => {
    const file = fileOf(IMAGE, machine("web", "vmi-1"), machine("old", "vmi-0a0044d7c690bcbea"));
    expect(await run(["audit", file, ...IMAGES])).toMatchObject({ exitCode: 0 });
  });

  it("of nothing is exit 3", async () => {
    const { exitCode, output } = await run(["audit", fileOf(IMAGE)]);
    expect(output).toContain("error: nothing was audited");
    expect(exitCode).toBe(3);
  });

  it("prints one JSON document", async () => {
    const { output } = await run(["audit", fileOf(IMAGE, machine("web", "ubuntu")), "-o", "json"]);
    expect(JSON.parse(output)).toMatchObject({
      totals: { namespaces: 1, objects: 1, error: 0, warning: 1, info: 0 },
      namespaces: [{ namespace: "dev", findings: [{ id: "display-name", name: "web", field: "spec.imageName" }] }],
      unread: [],
    });
  });

  it("escapes every value in HTML", async () => {
    const evil = `</script><img src=x onerror="alert('1')">`;
    const { output } = await run(["audit", fileOf(IMAGE, machine(evil, evil, evil)), "-o", "html"]);
    expect(output).not.toContain("<img");
    expect(output.match(/<\/script>/g)).toHaveLength(1);
    expect(output).toContain("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;");
  });

  it("allows its own style and script, and nothing else", async () => {
    const { output } = await run(["audit", fileOf(IMAGE, machine("web", "vmi-1")), "-o", "html"]);
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(output) ?? [];
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `style-src '${digestOf(output, "style")}'`,
      `script-src '${digestOf(output, "script")}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it("orders findings by kind and name, and those of one machine by level", async () => {
    const twice = { ...IMAGE, metadata: { name: "vmi-2", namespace: "dev" } };
    const pins = JSON.stringify({ "spec.imageName": { requested: "ubuntu", resolved: "vmi-9" } });
    const old = machine("old", "vmi-9", "dev", { annotations: { "vm-image-webhook.dev/pinned": pins } });
    const { output } = await run(["audit", fileOf(machine("web", "ubuntu"), old, IMAGE, twice)]);
    expect([...output.matchAll(/^ {2}\S+ \S+: \S+ \w+/gm)].map(([text]) => text.trim())).toEqual([
      "error gone: VirtualMachine old",
      "info pinned: VirtualMachine old",
      "error ambiguous: VirtualMachine web",
    ]);
  });

  it("names a version that the reference table does not have", async () => {
    const newer = { ...machine("web", "vmi-1"), apiVersion: `${GROUP}/v9` };
    const { exitCode, output } = await run(["audit", fileOf(IMAGE, newer)]);
    expect(output).toContain("  warning unknown-version: VirtualMachine web: apiVersion: ");
    expect(exitCode).toBe(0);
  });

  it("does not ask who may use an image", async () => {
    const apiVersion = "storage.loft.sh/v1";
    const owned = {
      apiVersion,
      kind: "OSImage",
      metadata: { name: "noble" },
      spec: { displayName: "Noble", owner: { user: "nobody" } },
    };
    const properties = { "vcluster.com/os-image": "noble" };
    const claim = { apiVersion, kind: "NodeClaim", metadata: { name: "one", namespace: "dev" }, spec: { properties } };
    const { output } = await run(["audit", fileOf(owned, claim), "--check", "access=deny"]);
    expect(output).toBe(
      "namespace dev: 1 object, 0 error, 0 warning, 0 info\n1 object in 1 namespace: 0 error, 0 warning, 0 info\n",
    );
  });

  it("-n leaves other namespaces out", async () => {
    const file = fileOf(IMAGE, machine("web", "vmi-1"), machine("old", "vmi-9", "prod"));
    expect(await run(["audit", file, "-n", "dev"])).toMatchObject({ exitCode: 0 });
  });
});

/** Kinds by the names of their resources. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["virtualmachines", "VirtualMachine"],
  ["virtualmachinereplicasets", "VirtualMachineReplicaSet"],
  ["virtualmachineimages", "VirtualMachineImage"],
  ["clustervirtualmachineimages", "ClusterVirtualMachineImage"],
]);

/** An API server that serves vm-operator's kinds from lists of objects, two to a page. */
describe("audit of a cluster", () => {
  let server: http.Server;
  let environment: Record<string, string>;
  let lists: Record<string, readonly object[]>;
  let served: Map<string, string>;
  let requests: string[];
  let answer: (path: string, response: ServerResponse) => boolean;

  beforeEach(async () => {
    lists = { virtualmachines: [], virtualmachinereplicasets: [], virtualmachineimages: [IMAGE] };
    served = new Map(KINDS);
    requests = [];
    answer = () => false;
    server = http.createServer((request, response) => {
      requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
      if (!answer(request.url ?? "", response)) respond(request.url ?? "", response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    environment = { KUBECONFIG: new KubeconfigFolder({ server: url }).kubeconfig() };
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function respond(path: string, response: ServerResponse): void {
    const url = new URL(path, "http://it");
    const [, , , version, ...rest] = url.pathname.split("/");
    const plural = rest.at(-1);
    response.setHeader("content-type", "application/json");
    if (version === undefined)
      response.end(JSON.stringify({ versions: [{ version: "v1alpha7" }, { version: "v1alpha6" }] }));
    else if (plural === undefined) {
      const resources = [...served].map(([name, kind]) => ({
        name,
        kind,
        namespaced: !name.startsWith("cluster"),
      }));
      response.end(JSON.stringify({ resources }));
    } else {
      const start = Number(url.searchParams.get("continue") ?? 0);
      const all = (lists[plural] ?? []).map((object, position) => ({
        ...object,
        metadata: { uid: `u${position}`, resourceVersion: "5", ...(object as { metadata: object }).metadata },
      }));
      const next = start + 2 < all.length ? { continue: String(start + 2) } : {};
      const items = all.slice(start, start + 2);
      const list = { apiVersion: `${GROUP}/${version}`, kind: `${served.get(plural) ?? ""}List` };
      response.end(JSON.stringify({ ...list, metadata: { resourceVersion: "9", ...next }, items }));
    }
  }

  function refuse(response: ServerResponse, code: number): true {
    response.writeHead(code, { "content-type": "application/json" });
    response.end(JSON.stringify({ kind: "Status", code, message: "scripted", details: { retryAfterSeconds: 0 } }));
    return true;
  }

  it("reads every page, only with GET, in the newest known version", async () => {
    lists["virtualmachines"] = ["a", "b", "c", "d", "e"].map((name) => machine(name, "vmi-9"));
    const { exitCode, output } = await run(["audit"], { environment });
    expect(output).toContain("5 objects in 1 namespace: 5 error, 0 warning, 0 info\n");
    expect(exitCode).toBe(1);
    expect(requests.every((each) => each.startsWith("GET ") && !each.includes("watch="))).toBe(true);
    expect(requests).toContain(`GET /apis/${GROUP}/v1alpha6/virtualmachines?limit=500`);
  });

  it("begins again after a 410 in the middle, and counts nothing twice", async () => {
    lists["virtualmachines"] = ["a", "b", "c"].map((name) => machine(name, "vmi-1"));
    let isFirst = true;
    answer = (path, response) => {
      if (!path.includes("virtualmachines?") || !path.includes("continue=") || !isFirst) return false;
      isFirst = false;
      return refuse(response, 410);
    };
    const { exitCode, output } = await run(["audit"], { environment });
    expect(output).toContain("3 objects in 1 namespace: 0 error");
    expect(exitCode).toBe(0);
    expect(isFirst).toBe(false);
  });

  it.each([429, 500, 503])("asks again after a %i, as soon as the server says", async (code) => {
    lists["virtualmachines"] = [machine("web", "vmi-9")];
    let refusals = 3;
    answer = (path, response) => path.includes("/virtualmachines?") && refusals-- > 0 && refuse(response, code);
    const { exitCode, output } = await run(["audit"], { environment });
    expect(output).toContain("1 object in 1 namespace: 1 error");
    expect(exitCode).toBe(1);
    expect(requests.filter((each) => each.includes("/virtualmachines?"))).toHaveLength(4);
  });

  it.each([429, 503])("ends with exit 3 where every answer is a %i", async (code) => {
    answer = (path, response) => path.includes("/virtualmachines?") && refuse(response, code);
    const { exitCode, output, errors } = await run(["audit"], { environment });
    expect(errors).toContain(`cannot read VirtualMachines: ${code} scripted`);
    expect([exitCode, output]).toEqual([3, ""]);
    expect(requests.filter((each) => each.includes("/virtualmachines?"))).toHaveLength(4);
  });

  it("ends with exit 3 after a 400 at once", async () => {
    answer = (path, response) => path.includes("/virtualmachines?") && refuse(response, 400);
    expect(await run(["audit"], { environment })).toMatchObject({ exitCode: 3, output: "" });
    expect(requests.filter((each) => each.includes("/virtualmachines?"))).toHaveLength(1);
  });

  it.each([
    ["virtualmachinereplicasets", "VirtualMachineReplicaSet", [], "-A"],
    ["virtualmachinereplicasets", "VirtualMachineReplicaSet", ["-n", "dev"], "-n dev"],
    ["virtualmachineimages", "VirtualMachineImage", [], "-A"],
  ])("names %s that are forbidden, and reports the rest", async (plural, kind, args, scope) => {
    lists["virtualmachines"] = [machine("web", "vmi-1")];
    answer = (path, response) => path.includes(`/${plural}?`) && refuse(response, 403);
    const { exitCode, output } = await run(["audit", ...args], { environment });
    expect(output).toContain(`not read: ${kind}: forbidden: `);
    expect(output).toContain(`see \`kubectl auth can-i list ${plural}.${GROUP} ${scope}\``);
    expect(output).toContain("1 object in 1 namespace: 0 error");
    expect(exitCode).toBe(3);
  });

  it("says which kind is absent, and goes on", async () => {
    lists["virtualmachines"] = [machine("web", "vmi-1")];
    served.delete("virtualmachinereplicasets");
    const { exitCode, output } = await run(["audit"], { environment });
    expect(output).toContain("not read: VirtualMachineReplicaSet: absent: ");
    expect(exitCode).toBe(0);
  });

  it.each([
    [[], false],
    [["--osimage"], true],
  ])("with the flags %j reads the kinds of vCluster Platform: %s", async (args, isRead) => {
    lists["virtualmachines"] = [machine("web", "vmi-1")];
    const { output } = await run(["audit", ...args], { environment });
    expect(output.includes("not read: NodeClaim: absent: ")).toBe(isRead);
    expect(requests.some((each) => each.includes("storage.loft.sh"))).toBe(isRead);
  });

  it("ends with exit 3 where the credentials are refused", async () => {
    answer = (_, response) => refuse(response, 401);
    const { exitCode, errors } = await run(["audit"], { environment });
    expect(errors).toContain("cannot read VirtualMachineImages: ");
    expect(exitCode).toBe(3);
  });
});
