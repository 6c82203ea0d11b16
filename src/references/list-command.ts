import { type ImageKind, IMAGE_KIND_ROWS } from "../images/image.ts";
import { plain } from "./field-error.ts";

/** The command that shows the images of these kinds which a namespace may use. */
export function kubectlGet(kinds: readonly ImageKind[], namespace: string | undefined): string {
  const rows = kinds.map((kind) => IMAGE_KIND_ROWS[kind]);
  const hasNamespace = namespace !== undefined && rows.some(({ scope }) => scope === "Namespaced");
  const inNamespace = hasNamespace ? ` -n ${plain(namespace)}` : "";
  return `kubectl get ${rows.map(({ resource }) => resource).join(",")}${inNamespace}`;
}
