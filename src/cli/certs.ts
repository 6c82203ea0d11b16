import { CA_FILE, CERTIFICATE_FILE, KEY_FILE } from "../certs/certificate.ts";
import { selfSigned, writeSelfSigned } from "../certs/self-signed.ts";
import { type Command, EXIT_DONE } from "./command.ts";

export const certs: Command<"out" | "host"> = {
  name: "certs",
  summary: "make a CA and a serving certificate for local use",
  flags: ["out", "host"],
  run: async (_, { out, host }, io) => {
    await writeSelfSigned(out, await selfSigned(host, io.now()));
    io.print(`wrote ${CERTIFICATE_FILE}, ${KEY_FILE} and ${CA_FILE} to ${out}, for ${host.join(", ")}\n`);
    return EXIT_DONE;
  },
};
