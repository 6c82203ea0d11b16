import { at, type JsonObject, parsedObject } from "../common/json.ts";
import { quote } from "../references/field-error.ts";
import { kindKey, nameKey, parseReferences } from "../references/parse.ts";
import { PINNED_ANNOTATION, PINNED_PATH, readPins } from "../references/pinned-annotation.ts";
import type { CompiledRow } from "../references/row.ts";
import type { Found } from "./audit-object.ts";
import type { AuditedObject } from "./finding.ts";

interface PinnedObject {
  readonly rows: readonly CompiledRow[];
  readonly subject: AuditedObject;
  readonly group: string;
}

/** Path of the annotation in a message. */
const ANNOTATION_FIELD = `metadata.annotations[${PINNED_ANNOTATION}]`;

/** What the pinned annotation says of the manifest, and where it does not fit the fields (docs/behaviour.md). */
export function pinFindings(object: JsonObject, pinned: PinnedObject): readonly Found[] {
  const text = at(object, PINNED_PATH);
  if (text === undefined) return [];
  const remedy = removal(pinned);
  if (parsedObject(text) === undefined) {
    return [{ id: "stale-pin", field: ANNOTATION_FIELD, message: `${quote(text)} is not a JSON object`, remedy }];
  }
  const values = storedValues(object, pinned.rows);
  return [...readPins(object)].map(([field, { requested, resolved }]) => {
    const value = values.get(field);
    if (value === resolved) {
      return {
        id: "pinned",
        field,
        message:
          `the manifest says ${quote(requested)}, stored is ${quote(resolved)}; ` +
          "without the webhook, vm-operator does not take an unchanged manifest for the stored machine",
        remedy: `write ${quote(resolved)} in the manifest where it says ${quote(requested)}`,
      };
    }
    const stored = value === undefined ? "the field has no value" : `the field is ${quote(value)}`;
    const message = `the annotation says that ${quote(requested)} became ${quote(resolved)}, but ${stored}`;
    return { id: "stale-pin", field, message, remedy };
  });
}

/** The values that the annotation can speak of, by its keys. */
function storedValues(object: JsonObject, rows: readonly CompiledRow[]): ReadonlyMap<string, string> {
  const { references } = parseReferences(object, rows);
  return new Map(
    references.flatMap((reference) => [
      [nameKey(reference), reference.name ?? ""] as const,
      ...(reference.form === "object" ? [[kindKey(reference), reference.kind ?? ""] as const] : []),
    ]),
  );
}

/** A command that removes the annotation. */
function removal({ rows, subject, group }: PinnedObject): string {
  const [row] = rows;
  const inNamespace = subject.namespace === undefined ? "" : ` -n ${subject.namespace}`;
  const resource = `${row?.resource ?? subject.kind.toLowerCase()}.${group}/${subject.name}`;
  return `remove the annotation: kubectl annotate${inNamespace} ${resource} ${PINNED_ANNOTATION}-`;
}
