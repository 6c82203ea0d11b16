import { stringify } from "yaml";
import { isJsonObject, isSameJson } from "../common/json.ts";
import { YamlError, yamlDocuments } from "../files/yaml.ts";
import type { FunctionResult } from "../pin/function-result.ts";

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
