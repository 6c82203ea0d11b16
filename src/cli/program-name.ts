import { basename } from "node:path";

export const PROGRAM_NAME: string = "vm-image-webhook";
/** kubectl runs an executable of this name in PATH as `kubectl vmimage` (kubernetes.io/docs/tasks/extend-kubectl). */
const KUBECTL_PLUGIN = /^kubectl-vmimage(\.|$)/;

/** What a person typed to start this file: messages and help repeat it. */
export function programName(file = ""): string {
  return KUBECTL_PLUGIN.test(basename(file)) ? "kubectl vmimage" : PROGRAM_NAME;
}
