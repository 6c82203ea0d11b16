import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ServingCertificate } from "./webhook.ts";

/** Its message, which kubectl prints. */
export const REFUSAL = "every update is refused here";

/** Another project's validating webhook: it answers each review at once, with 422 Invalid. */
export class RefusingWebhook {
  readonly #server: Server;
  readonly #ca: string;

  private constructor(server: Server, ca: string) {
    this.#server = server;
    this.#ca = ca;
  }

  static async start({ directory, ca }: ServingCertificate): Promise<RefusingWebhook> {
    const [cert, key] = await Promise.all(["tls.crt", "tls.key"].map((file) => readFile(join(directory, file))));
    const server = createServer({ cert, key }, (request, response) => {
      answer(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RefusingWebhook(server, ca);
  }

  /** The configuration that registers it for each UPDATE of a machine. */
  get configuration(): object {
    const { port } = this.#server.address() as AddressInfo;
    const rule = {
      apiGroups: ["vmoperator.vmware.com"],
      apiVersions: ["*"],
      resources: ["virtualmachines"],
      operations: ["UPDATE"],
    };
    return {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "refuses-updates" },
      webhooks: [
        {
          name: "refuses-updates.example.com",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(this.#ca).toString("base64") },
          rules: [rule],
        },
      ],
    };
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const review = JSON.parse(await text(request)) as { readonly request: { readonly uid: string } };
  const status = { code: 422, reason: "Invalid", message: REFUSAL };
  response.setHeader("Content-Type", "application/json").end(
    JSON.stringify({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: review.request.uid, allowed: false, status },
    }),
  );
}
