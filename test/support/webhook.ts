import type { FastifyInstance } from "fastify";
import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import type { AdmissionPolicy } from "../../src/admission/decide.ts";
import { privilegedCallers } from "../../src/admission/privileged.ts";
import type { Certificate } from "../../src/certs/certificate.ts";
import { type SelfSigned, selfSigned } from "../../src/certs/self-signed.ts";
import { IMAGE_KINDS } from "../../src/images/image.ts";
import { type ImageIndex, MemoryImageIndex } from "../../src/images/image-index.ts";
import { DEFAULT_LEVELS } from "../../src/references/checks.ts";
import { admissionServer } from "../../src/server/admission-server.ts";
import { listen } from "../../src/server/listen.ts";
import { readImageFile } from "../../src/sources/image-file.ts";
import { LogLines } from "./log-lines.ts";
import { TlsClient } from "./tls-client.ts";

/** As the flags' defaults say. */
export const DEFAULT_POLICY: AdmissionPolicy = {
  resolution: "namespace-first",
  write: "both",
  levels: DEFAULT_LEVELS,
  isPrivileged: privilegedCallers({ users: [], groups: [] }),
};

/** The images of examples/images. */
export function exampleIndex(): MemoryImageIndex {
  const images = ["dev.yaml", "cluster.yaml"].flatMap((file) => {
    const text = readFileSync(new URL(`../../examples/images/${file}`, import.meta.url), "utf8");
    return readImageFile(text, ".yaml").images.map(({ image }) => image);
  });
  const index = new MemoryImageIndex();
  for (const kind of IMAGE_KINDS) {
    index.replace(
      kind,
      images.filter((image) => image.kind === kind),
    );
  }
  return index;
}

/** Made once: they are all alike. */
const CERTIFICATE = selfSigned(["localhost", "127.0.0.1"], new Date());

export interface Webhook {
  readonly server: FastifyInstance;
  readonly client: TlsClient;
  readonly port: number;
  /** What clients trust. */
  readonly ca: string;
  readonly logged: LogLines;
}

/** The admission server on a free loopback port, over TLS; it ends with the test. */
export async function webhook(
  given: {
    readonly index?: ImageIndex;
    readonly certificate?: Certificate & Pick<SelfSigned, "ca">;
    readonly prepare?: (server: FastifyInstance) => void;
  } = {},
): Promise<Webhook> {
  const { ca, ...certificate } = given.certificate ?? (await CERTIFICATE);
  const logged = new LogLines();
  const index = given.index ?? exampleIndex();
  const server = admissionServer({ index, policy: DEFAULT_POLICY, log: logged.log }, certificate);
  given.prepare?.(server);
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  const client = new TlsClient(port, ca);
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, client, port, ca, logged };
}
