/** Of each table: some hundred namespaces, libraries and lists of capabilities are what a large cluster has. */
const MOST_SHARED = 10_000;

const texts = new Map<string, string>();
const lists = new Map<string, readonly string[]>();

/**
 * An equal text that is kept already, or this one: what thousands of images have alike (namespace, library) takes memory
 * once. `JSON.parse` makes a new text each time.
 */
export function sharedText(text: string): string {
  return shared(texts, text, text);
}

/** The same for a list of texts, which nobody may change. */
export function sharedTexts(list: readonly string[]): readonly string[] {
  const kept = shared(lists, list.join("\n"), list);
  // Texts may have line breaks of their own.
  return kept.length === list.length && kept.every((text, position) => text === list[position]) ? kept : list;
}

/** A full table starts anew: what images have is kept by them. */
function shared<T>(table: Map<string, T>, key: string, value: T): T {
  const kept = table.get(key);
  if (kept !== undefined) return kept;
  if (table.size >= MOST_SHARED) table.clear();
  table.set(key, value);
  return value;
}
