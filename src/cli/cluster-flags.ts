import type { Logger } from "pino";
import { SYSTEM_TIMING } from "../common/timing.ts";
import type { ReadCredentials } from "../kube/credentials.ts";
import { kubeconfigCredentials } from "../kube/kubeconfig/kubeconfig-credentials.ts";
import type { CommandLine } from "./command.ts";
import type { FlagValues } from "./flags.ts";

/** The flags that say which cluster is asked. */
export const CLUSTER_FLAGS = ["kubeconfig", "context"] as const;
export type ClusterFlags = FlagValues<(typeof CLUSTER_FLAGS)[number]>;

export function clusterCredentials(
  { kubeconfig, context }: ClusterFlags,
  { environment, isInteractive, stop }: CommandLine,
  log: Logger,
): ReadCredentials {
  const interactive = isInteractive();
  return kubeconfigCredentials({
    file: kubeconfig,
    context,
    environment,
    interactive,
    stop,
    log,
    timing: SYSTEM_TIMING,
  });
}
