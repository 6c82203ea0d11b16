import { LRUCache } from "lru-cache";
import { type Image, isVmImage } from "./image.ts";

/** Characters in each table. Some hundred namespaces, libraries and lists of capabilities are what a large cluster has. */
const MAX_SHARED_CHARACTERS = 256 * 1024;

const BY_LENGTH = { maxSize: MAX_SHARED_CHARACTERS, sizeCalculation: (_: unknown, key: string) => key.length + 1 };

/** Lets images share what thousands of them have alike, so that it takes memory once: `JSON.parse` makes new texts each time. */
export class SharedTexts {
  readonly #texts = new LRUCache<string, string>(BY_LENGTH);
  readonly #lists = new LRUCache<string, readonly string[]>(BY_LENGTH);

  /** An equal image, with the texts of earlier ones. */
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
    // Texts may have line breaks of their own.
    return kept.length === list.length && kept.every((text, position) => text === list[position]) ? kept : list;
  }
}

/** The value that is stored under a key. Where there is none, stores this one and returns it. */
function shared<T extends object | string>(table: LRUCache<string, T>, key: string, value: T): T {
  const kept = table.get(key);
  if (kept === undefined) table.set(key, value);
  return kept ?? value;
}
