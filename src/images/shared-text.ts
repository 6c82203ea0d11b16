import { LRUCache } from "lru-cache";

/** Characters in each table. Some hundred namespaces, libraries and lists of capabilities are what a large cluster has. */
const MOST_SHARED = 256 * 1024;

const BY_LENGTH = { maxSize: MOST_SHARED, sizeCalculation: (_: unknown, key: string) => key.length + 1 };

const texts = new LRUCache<string, string>(BY_LENGTH);
const lists = new LRUCache<string, readonly string[]>(BY_LENGTH);

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

function shared<T extends object | string>(table: LRUCache<string, T>, key: string, value: T): T {
  const kept = table.get(key);
  if (kept === undefined) table.set(key, value);
  return kept ?? value;
}
