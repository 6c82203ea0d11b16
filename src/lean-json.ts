/** How the JSON of an API server says it. What a reader laid out otherwise is parsed as it is. */
const MANAGED_FIELDS = '"managedFields":[';

/**
 * Parses JSON of the API server, with empty `managedFields` (metav1.ManagedFieldsEntry): who calls this does not read
 * them, and they are what takes longest to parse, a third of a small review and most of many an object. Throws what
 * `JSON.parse` throws, but for what is wrong inside of them: no API server sends that.
 *
 * A list is cut out from its start to the first bracket that could end it. Where that is a bracket in a text or of a list
 * inside, an odd number of quotes or a bracket is left over, which no JSON is: then the whole text is parsed.
 */
export function parseLean(text: string): unknown {
  const short = withoutManagedFields(text);
  if (short === text) return JSON.parse(text);
  try {
    return JSON.parse(short);
  } catch {
    return JSON.parse(text);
  }
}

function withoutManagedFields(text: string): string {
  let kept = "";
  let from = 0;
  for (;;) {
    const found = text.indexOf(MANAGED_FIELDS, from);
    if (found === -1) return from === 0 ? text : kept + text.slice(from);
    const start = found + MANAGED_FIELDS.length;
    const end = text.indexOf("]", start);
    if (end === -1) return text;
    kept += text.slice(from, start);
    from = end;
  }
}
