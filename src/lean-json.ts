/** How the JSON of an API server says it. What a reader laid out otherwise is parsed as it is. */
const MANAGED_FIELDS = '"managedFields":[';

/** What is searched for: V8 looks for the first character of a text, and quotes are everywhere (1.8 us a review). */
const RARE_PART = 'Fields":[';
const BEFORE_IT = MANAGED_FIELDS.length - RARE_PART.length;

/**
 * Parses JSON of the API server, with empty `managedFields` (metav1.ManagedFieldsEntry): who calls this does not read
 * them, and they are what takes longest to parse, a third of a small review and most of many an object. Throws what
 * `JSON.parse` throws, but for what is wrong inside of a list that is cut out: no API server sends that.
 *
 * A list is cut out where the next bracket after its own ends it. Where that one stands in a text, an odd number of quotes
 * is left over, which no JSON is: then the whole text is parsed. Where the list's own end is missing, the next bracket is
 * one that opens another list, or it ends a list around this one, and braces are left over: nothing beside is lost.
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
  let end = -1;
  let inner = -1;
  for (let found = text.indexOf(RARE_PART); found !== -1; found = text.indexOf(RARE_PART, found + 1)) {
    if (!text.startsWith(MANAGED_FIELDS, found - BEFORE_IT)) continue;
    const start = found + RARE_PART.length;
    // What was found beyond is not looked for again: a text of nothing but starts is read through once.
    if (end < start) end = indexOrEnd(text, "]", start);
    if (inner < start) inner = indexOrEnd(text, "[", start);
    if (end < inner) {
      kept += text.slice(from, start);
      from = end;
    }
  }
  return from === 0 ? text : kept + text.slice(from);
}

function indexOrEnd(text: string, bracket: string, start: number): number {
  const found = text.indexOf(bracket, start);
  return found === -1 ? text.length : found;
}
