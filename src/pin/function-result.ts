import { stringify } from "yaml";
import { isJsonObject, isSameJson, type JsonObject, textAt } from "../common/json.ts";
import { YamlError, yamlDocuments } from "../files/yaml.ts";

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

/**
 * The text of a ResourceList with these results in place of its own. The rest stays byte for byte where results can be
 * appended, as in YAML of block style; other texts are written anew.
 */
export function withResults(text: string, results: readonly FunctionResult[]): string {
  const list = valueOf(text);
  if (!isJsonObject(list)) return text;
  if (results.length === 0 && list["results"] === undefined) return text;
  const wanted = { ...list, results };
  const appended = `${text}${text.endsWith("\n") ? "" : "\n"}${stringify({ results }, { lineWidth: 0 })}`;
  if (isSameJson(valueOf(appended), wanted)) return appended;
  return text.trimStart().startsWith("{")
    ? `${JSON.stringify(wanted, null, 2)}\n`
    : stringify(wanted, { lineWidth: 0 });
}

/** The value of a text of one document. */
function valueOf(text: string): unknown {
  try {
    const values = [...yamlDocuments(text)].map(({ value }) => value).filter((value) => value !== null);
    return values.length === 1 ? values[0] : undefined;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
