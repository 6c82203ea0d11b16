import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** A server that accepts connections and never answers, and a kubeconfig for it. Both end with the test. */
export async function silentCluster(): Promise<{ readonly server: Server; readonly kubeconfig: string }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as { port: number };
  const kubeconfig = join(temporaryFolder(), "kubeconfig");
  const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  const content = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [{ name: "test", cluster }],
    users: [{ name: "test", user: { token: "t" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(content));
  return { server, kubeconfig };
}
