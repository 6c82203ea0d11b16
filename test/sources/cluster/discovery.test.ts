import { expect, it } from "vitest";
import type { ImageKind } from "../../../src/images/image.ts";
import { discover, newestFirst, resourcePath } from "../../../src/sources/cluster/discovery.ts";
import type { ApiClient } from "../../../src/kube/api-client.ts";

const GROUP = "/apis/vmoperator.vmware.com";
const NEVER = new AbortController().signal;

/** An API server with a table of answers. Every other path is 404. */
function apiServer(answers: Readonly<Record<string, unknown>>): ApiClient {
  return {
    get: (path) => {
      const body = Object.hasOwn(answers, path) ? JSON.stringify(answers[path]) : "404 page not found\n";
      async function* chunks(): AsyncGenerator<Buffer> {
        yield await Promise.resolve(Buffer.from(body));
      }
      return Promise.resolve({
        status: Object.hasOwn(answers, path) ? 200 : 404,
        retryAfter: undefined,
        body: chunks(),
      });
    },
  };
}

const IMAGES = { kind: "VirtualMachineImage", name: "virtualmachineimages" };

it("orders versions as Kubernetes does, newest first", () => {
  const versions = ["v1alpha2", "foo", "v1", "v1alpha10", "v2beta1", "v2", "v1beta3"];
  expect(versions.sort(newestFirst)).toEqual(["v2", "v1", "v2beta1", "v1beta3", "v1alpha10", "v1alpha2", "foo"]);
});

it("takes the newest version that serves the kind, and the plural of that version", async () => {
  const client = apiServer({
    [GROUP]: { versions: ["v1alpha1", "v1alpha7", "v1alpha6", "v1alpha8"].map((version) => ({ version })) },
    [`${GROUP}/v1alpha7`]: { resources: [{ kind: "Other", name: "others" }] },
    [`${GROUP}/v1alpha6`]: { resources: [{ ...IMAGES, name: "virtualmachineimages/status" }, IMAGES] },
    [`${GROUP}/v1alpha1`]: { resources: [IMAGES] },
  });
  const resource = await discover(client, "VirtualMachineImage", NEVER);
  const plural = "virtualmachineimages";
  expect(resource).toEqual({ group: "vmoperator.vmware.com", version: "v1alpha6", plural, namespaced: true });
});

it.each<[ImageKind, string, unknown, boolean]>([
  ["VirtualMachineImage", "v1alpha6", true, true],
  ["VirtualMachineImage", "v1alpha1", false, false],
  ["VirtualMachineImage", "v1alpha6", undefined, true],
  ["ClusterVirtualMachineImage", "v1alpha6", false, false],
  ["ClusterVirtualMachineImage", "v1alpha6", true, false],
])("takes the scope of %s in %s from discovery, namespaced: %s", async (kind, version, namespaced, expected) => {
  const client = apiServer({
    [GROUP]: { versions: [{ version }] },
    [`${GROUP}/${version}`]: { resources: [{ kind, name: "images", namespaced }] },
  });
  const resource = await discover(client, kind, NEVER);
  expect(resource.namespaced).toBe(expected);
  expect(resourcePath(resource, "dev")).toBe(`${GROUP}/${version}/${expected ? "namespaces/dev/" : ""}images`);
});

it.each([
  ["storage.loft.sh", ["management.loft.sh", "storage.loft.sh"]],
  ["management.loft.sh", ["management.loft.sh"]],
])("takes an OSImage from %s if %j serve it", async (group, served) => {
  const answers = served.flatMap((each) => [
    [`/apis/${each}`, { versions: [{ version: "v1" }] }],
    [`/apis/${each}/v1`, { resources: [{ kind: "OSImage", name: "osimages" }] }],
  ]);
  const client = apiServer(Object.fromEntries(answers) as Record<string, unknown>);
  expect(await discover(client, "OSImage", NEVER)).toEqual({
    group,
    version: "v1",
    plural: "osimages",
    namespaced: false,
  });
});

it("reports OSImage absent if neither group serves it", async () => {
  const client = apiServer({ "/apis/storage.loft.sh": { versions: [{ version: "v1" }] } });
  await expect(discover(client, "OSImage", NEVER)).rejects.toMatchObject({
    code: "absent",
    message: "no version of storage.loft.sh or management.loft.sh serves OSImage",
  });
});

it.each([
  ["the group does not exist", {}],
  ["the group has no versions", { [GROUP]: {} }],
  ["the answer has a wrong shape", { [GROUP]: { versions: [7, null, { version: 7 }] } }],
  [
    "no version has the kind",
    { [GROUP]: { versions: [{ version: "v1" }] }, [`${GROUP}/v1`]: { resources: [null, {}] } },
  ],
])("reports the kind absent if %s", async (_, answers) => {
  await expect(discover(apiServer(answers), "VirtualMachineImage", NEVER)).rejects.toMatchObject({ code: "absent" });
});
