import { kubeconfigNamespace } from "../kube/kubeconfig/kubeconfig-credentials.ts";
import type { CommandLine } from "./command.ts";
import type { FlagValues } from "./flags.ts";
import { type ImageFlags, isFolder } from "./image-flags.ts";

/** The namespace of a context that names none, as in kubectl. */
export const DEFAULT_NAMESPACE = "default";

type NamespaceFlags = Pick<ImageFlags, "images" | "kubeconfig" | "context"> & FlagValues<"namespace">;

/**
 * The namespace that was given, else that of the kubeconfig's context or of the pod. Undefined for images of a folder. Throws
 * a Failure where the kubeconfig cannot be read.
 */
export async function chosenNamespace(flags: NamespaceFlags, io: CommandLine): Promise<string | undefined> {
  const { images, namespace, kubeconfig: file, context } = flags;
  if (namespace !== undefined || isFolder(images)) return namespace;
  return (await kubeconfigNamespace({ file, context, environment: io.environment })) ?? DEFAULT_NAMESPACE;
}
