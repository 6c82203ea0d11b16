import { App } from "../app.ts";
import { Failure } from "../common/failure.ts";
import { IMAGE_KINDS, VM_IMAGE_KINDS } from "../images/image.ts";
import { preloadTypedApi } from "../kube/typed-api.ts";
import { addressText, isSamePort } from "../server/listen.ts";
import { CERTIFICATE_FLAGS, certificateSource, clientCa } from "./certificate-flags.ts";
import { type Command, EXIT_CUT, EXIT_DONE } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { IMAGE_FLAGS, imageSource } from "./image-flags.ts";
import { createLog } from "./log.ts";
import { POLICY_FLAGS, policyOf } from "./policy-flags.ts";
import { unknownVariables } from "./unknown-variables.ts";

export const serve: Command<
  | (typeof IMAGE_FLAGS)[number]
  | "osimage"
  | "listen"
  | "ops-listen"
  | "shutdown-delay"
  | (typeof CERTIFICATE_FLAGS)[number]
  | "log-level"
  | (typeof POLICY_FLAGS)[number]
> = {
  name: "serve",
  summary: "serve admission reviews until SIGTERM",
  flags: [
    ...IMAGE_FLAGS,
    "osimage",
    "listen",
    "ops-listen",
    "shutdown-delay",
    ...CERTIFICATE_FLAGS,
    ...POLICY_FLAGS,
    "log-level",
  ],
  runsUntilSignal: true,
  run: async (_, flags, io) => {
    checkPorts(flags);
    const log = createLog(io.log, flags["log-level"]);
    for (const unknown of unknownVariables(io.environment)) {
      log.warn(unknown, "no flag has this environment variable; the nearest name is of one");
    }
    if (flags["cert-mode"] === "cluster") await preloadTypedApi();
    const app = new App({
      listen: { ...flags.listen, flag: "--listen" },
      opsListen: { ...flags["ops-listen"], flag: "--ops-listen" },
      shutdownDelay: flags["shutdown-delay"],
      certificates: certificateSource(flags, io, log),
      clientCa: clientCa(flags, log),
      tls: { minVersion: flags["tls-min-version"], clientNames: flags["client-name"] },
      source: imageSource(flags, { io, log, kinds: flags.osimage ? IMAGE_KINDS : VM_IMAGE_KINDS }),
      maxImages: flags["max-images"],
      openFiles: io.openFiles(),
      policy: policyOf(flags),
      log,
      now: io.now,
    });
    return (await app.run(io.stop)) === "clean" ? EXIT_DONE : EXIT_CUT;
  },
};

function checkPorts({ listen, "ops-listen": opsListen }: FlagValues<"listen" | "ops-listen">): void {
  if (!isSamePort(listen, opsListen)) return;
  throw new Failure(
    "usage",
    `--ops-listen ${addressText(opsListen)}: the port is that of --listen ${addressText(listen)}; give one of them another port`,
  );
}
