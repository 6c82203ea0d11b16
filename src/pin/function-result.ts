import { type JsonObject, textAt } from "../common/json.ts";

/** An entry of `results`, as the KRM functions specification defines it. */
export interface FunctionResult {
  readonly message: string;
  readonly severity: "error" | "warning" | "info";
  readonly resourceRef: JsonObject;
  readonly field?: { readonly path: string; readonly currentValue?: string; readonly proposedValue?: string };
  readonly file?: { readonly path: string; readonly index?: number };
}

/** Where an object of a ResourceList comes from: its type and name, and the file of its annotations. */
export function originOf(object: unknown): Pick<FunctionResult, "resourceRef" | "file"> {
  const [name, namespace] = [textAt(object, ["metadata", "name"]), textAt(object, ["metadata", "namespace"])];
  const resourceRef = {
    apiVersion: textAt(object, ["apiVersion"]),
    kind: textAt(object, ["kind"]),
    name,
    ...(namespace === "" ? {} : { namespace }),
  };
  const path = annotation(object, "path");
  if (path === "") return { resourceRef };
  const index = annotation(object, "index");
  return { resourceRef, file: /^\d+$/.test(index) ? { path, index: Number(index) } : { path } };
}

/** Orchestrators write the annotations with `internal.`; older ones without. */
function annotation(object: unknown, name: "path" | "index"): string {
  const valueOf = (prefix: string): string => textAt(object, ["metadata", "annotations", `${prefix}/${name}`]);
  return valueOf("internal.config.kubernetes.io") || valueOf("config.kubernetes.io");
}
