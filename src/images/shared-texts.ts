import { LRUCache } from "lru-cache";
import { type Image, isVmImage } from "./image.ts";

/** Characters in each table. A large cluster has some hundred namespaces, libraries and lists of capabilities. */
const MAX_SHARED_CHARACTERS = 256 * 1024;

const BY_LENGTH = { maxSize: MAX_SHARED_CHARACTERS, sizeCalculation: (_: unknown, key: string) => key.length + 1 };

/**
 * Lets images share equal texts. `JSON.parse` makes a new string each time, and thousands of images have the same
 * namespace, library and capabilities.
 */
export class SharedTexts {
  readonly #texts = new LRUCache<string, string>(BY_LENGTH);
  readonly #lists = new LRUCache<string, readonly string[]>(BY_LENGTH);

  /** Returns an equal image that uses the texts of earlier images. */
  in(image: Image): Image {
    if (!isVmImage(image)) return image;
    const { namespace, library, capabilities } = image;
    return {
      ...image,
      namespace: this.#text(namespace),
      library: this.#text(library),
      capabilities: this.#list(capabilities),
    };
  }

  #text(text: string | undefined): string | undefined {
    return text === undefined ? undefined : shared(this.#texts, text, text);
  }

  #list(list: readonly string[]): readonly string[] {
    const kept = shared(this.#lists, list.join("\n"), list);
    // A text may contain a line break, so different lists can have the same key.
    return kept.length === list.length && kept.every((text, position) => text === list[position]) ? kept : list;
  }
}

/** Returns the value stored under a key. If there is none, stores the given value and returns it. */
function shared<T extends object | string>(table: LRUCache<string, T>, key: string, value: T): T {
  const kept = table.get(key);
  if (kept === undefined) table.set(key, value);
  return kept ?? value;
}
