import { DEFAULT_LEVELS } from "../../src/admission/systems.ts";
import type { FastifyInstance } from "fastify";
import { onTestFinished } from "vitest";
import { decider, type AdmissionPolicy } from "../../src/admission/decide.ts";
import { privilegedCallers } from "../../src/admission/privileged.ts";
import { type SelfSigned, selfSigned } from "../../src/certs/self-signed.ts";
import type { ImageIndex } from "../../src/images/image-index.ts";
import type { LogLevel } from "../../src/cli/log.ts";

import { admissionServer } from "../../src/server/admission-server.ts";
import type { Drain } from "../../src/server/shutdown.ts";
import { listen } from "../../src/server/listen.ts";
import type { Overload } from "../../src/server/overload.ts";
import type { Admission } from "../../src/server/review-answer.ts";
import type { ReviewMetrics } from "../../src/server/review-metrics.ts";
import type { Tls } from "../../src/server/tls.ts";
import { exampleIndex } from "./catalogue.ts";
import { LogLines } from "./log-lines.ts";
import { patientOverload } from "./patient-overload.ts";
import { TlsClient } from "./tls-client.ts";

/** The policy of the default flags. */
export const DEFAULT_POLICY: AdmissionPolicy = {
  resolution: "namespace-first",
  write: "both",
  levels: DEFAULT_LEVELS,
  teamGroupPrefix: "loft:team:",
  isPrivileged: privilegedCallers({ users: [], groups: [] }),
};

/** Shared, because it takes long to make. */
const CERTIFICATE = selfSigned(["localhost", "127.0.0.1"], new Date());

export interface Webhook {
  readonly server: FastifyInstance;
  readonly client: TlsClient;
  readonly port: number;
  /** The CA for clients, PEM. */
  readonly ca: string;
  readonly logged: LogLines;
}

/** The admission server over TLS on a free loopback port. It ends with the test. */
export async function webhook(
  given: {
    readonly index?: ImageIndex;
    readonly certificate?: Tls & Pick<SelfSigned, "ca">;
    readonly logLevel?: LogLevel;
    readonly metrics?: ReviewMetrics;
    readonly confirm?: Admission["confirm"];
    readonly drain?: Drain;
    readonly overload?: Overload;
    readonly prepare?: (server: FastifyInstance) => void;
  } = {},
): Promise<Webhook> {
  const { ca, ...tls } = given.certificate ?? (await CERTIFICATE);
  const logged = new LogLines(given.logLevel);
  const index = given.index ?? exampleIndex();
  const { metrics, confirm, drain, overload = patientOverload() } = given;
  const server = admissionServer({ index, decide: decider(DEFAULT_POLICY), log: logged.log, metrics, confirm }, tls, {
    drain,
    overload,
  });
  given.prepare?.(server);
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  const client = new TlsClient(port, ca);
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, client, port, ca, logged };
}
