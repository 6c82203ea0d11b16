import { execFile } from "node:child_process";
import http, { type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../support/sync-images.ts", import.meta.url));
const IMAGES = 100_000;
/** MiB: too few for a whole list of these images. */
const OLD_SPACE = 96;
/** Content that the index does not keep. With it an object has about 4 kB, like those of vm-operator. */
const UNUSED = "x".repeat(3_700);

/** Lists generated images page by page, and sends no event of them. */
function answer(url: URL, response: ServerResponse): void {
  const [, , , version, plural] = url.pathname.split("/");
  if (version === undefined) {
    response.end(JSON.stringify({ kind: "APIGroup", versions: [{ version: "v1alpha6" }] }));
  } else if (plural === undefined) {
    const kinds = ["VirtualMachineImage", "ClusterVirtualMachineImage"];
    response.end(JSON.stringify({ resources: kinds.map((kind) => ({ kind, name: `${kind.toLowerCase()}s` })) }));
  } else if (url.searchParams.get("watch") === "true") {
    response.writeHead(200).flushHeaders();
  } else {
    response.end(JSON.stringify(page(plural, url)));
  }
}

function page(plural: string, { searchParams }: URL): object {
  const isCluster = plural.startsWith("cluster");
  const start = Number(searchParams.get("continue") ?? 0);
  const end = Math.min(start + Number(searchParams.get("limit")), isCluster ? 0 : IMAGES);
  const items = Array.from({ length: end - start }, (_, position) => {
    const id = String(start + position);
    const metadata = { namespace: "dev", name: `vmi-${id}`, uid: `uid-${id}`, resourceVersion: "7" };
    return { metadata, status: { name: `image-${id}`, unused: UNUSED } };
  });
  const metadata = { resourceVersion: "9", ...(isCluster || end === IMAGES ? {} : { continue: String(end) }) };
  const kind = isCluster ? "ClusterVirtualMachineImageList" : "VirtualMachineImageList";
  return { apiVersion: "vmoperator.vmware.com/v1alpha6", kind, metadata, items };
}

it("100,000 images of 4 kB are synced in 96 MiB", { timeout: 120_000 }, async () => {
  const server = http.createServer((request, response) => {
    answer(new URL(request.url ?? "/", "http://fake"), response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [`--max-old-space-size=${OLD_SPACE}`, PROGRAM, address]);
  expect(stdout).toBe(`${IMAGES} 1`);
});
