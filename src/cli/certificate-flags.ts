import type { Logger } from "pino";
import type { CertificateSource } from "../certs/certificate-source.ts";
import {
  clusterCertificateSource,
  CONFIGURATION_NAME,
  MAX_SERVING_SHARE,
  OSIMAGE_CONFIGURATION_NAME,
} from "../certs/cluster/cluster-source.ts";
import { ClientCa } from "../certs/files/client-ca.ts";
import { FileSource } from "../certs/files/file-source.ts";
import { SelfSignedSource } from "../certs/files/self-signed-source.ts";
import type { FlagValues } from "./flags.ts";
import { Failure } from "../common/failure.ts";
import { SYSTEM_TIMING } from "../common/timing.ts";
import { clusterCredentials, type ClusterFlags } from "./cluster-flags.ts";
import type { CommandLine } from "./command.ts";

/** The flags for the serving certificate and for client certificates. */
export const CERTIFICATE_FLAGS = [
  "cert-mode",
  "cert-dir",
  "self-signed",
  "cert-host",
  "ca-secret",
  "ca-lifetime",
  "cert-lifetime",
  "client-ca",
  "client-name",
  "tls-min-version",
] as const;
export type CertificateFlags = FlagValues<(typeof CERTIFICATE_FLAGS)[number]>;

/** Throws a Failure where flags contradict each other. */
export function certificateSource(
  flags: CertificateFlags & ClusterFlags & { readonly osimage: boolean },
  io: CommandLine,
  log: Logger,
): CertificateSource {
  const hosts = flags["cert-host"];
  const files = { directory: flags["cert-dir"], hosts, log, timing: SYSTEM_TIMING };
  if (flags["cert-mode"] === "files") return flags["self-signed"] ? new SelfSignedSource(files) : new FileSource(files);
  const lifetimes = { ca: flags["ca-lifetime"], serving: flags["cert-lifetime"] };
  checkClusterFlags(flags);
  const credentials = clusterCredentials(flags, io, log);
  const configurations = [CONFIGURATION_NAME, ...(flags.osimage ? [OSIMAGE_CONFIGURATION_NAME] : [])];
  const secret = flags["ca-secret"];
  return clusterCertificateSource({
    credentials,
    secret,
    configurations,
    hosts,
    lifetimes,
    log,
    timing: SYSTEM_TIMING,
  });
}

export function clientCa(flags: CertificateFlags, log: Logger): ClientCa | undefined {
  const file = flags["client-ca"];
  if (file !== undefined && file !== "") return new ClientCa({ file, log, timing: SYSTEM_TIMING });
  if (flags["client-name"].length === 0) return undefined;
  throw new Failure(
    "usage",
    "--client-name without --client-ca: without a CA, callers need no certificate that could have the name",
  );
}

function checkClusterFlags(flags: CertificateFlags): void {
  const problems: string[] = [];
  if (flags["self-signed"])
    problems.push("--self-signed is for --cert-mode files; with cluster the CA is made in the Secret");
  if (flags["cert-host"].length === 0) {
    problems.push(
      "--cert-mode cluster needs --cert-host: the name of the Service, such as vm-image-webhook.vm-image-webhook-system.svc",
    );
  }
  if (flags["cert-lifetime"] > flags["ca-lifetime"] * MAX_SERVING_SHARE) {
    problems.push(
      "--cert-lifetime is more than a fifth of --ca-lifetime: a CA could expire before a certificate that it signed",
    );
  }
  if (problems.length > 0) throw new Failure("usage", problems.join("\n"));
}
