/** The API server's own recorder of warnings (apiserver pkg/endpoints/filters/warning.go), for the whole of one request. */
const TRUNCATE_AT_TOTAL_RUNES = 4 * 1024;
const TRUNCATE_ITEM_RUNES = 256;

export class WarningHeaders {
  readonly #ordered: string[] = [];
  #headers: string[] = [];
  #written = 0;
  #truncating = false;

  /** What reaches a person. */
  get shown(): readonly string[] {
    return this.#headers;
  }

  get isTruncating(): boolean {
    return this.#truncating;
  }

  add(text: string): void {
    if (text === "" || (this.#truncating && this.#written >= TRUNCATE_AT_TOTAL_RUNES)) return;
    if (this.#ordered.includes(text)) return;
    this.#ordered.push(text);
    const runes = Array.from(text).slice(0, this.#truncating ? TRUNCATE_ITEM_RUNES : undefined);
    if (!isHeaderText(text)) return;
    if (this.#truncating || this.#written + runes.length <= TRUNCATE_AT_TOTAL_RUNES) {
      this.#write(runes);
      return;
    }
    this.#truncating = true;
    this.#written = 0;
    this.#headers = [];
    for (const each of this.#ordered.filter(isHeaderText)) this.#write(Array.from(each).slice(0, TRUNCATE_ITEM_RUNES));
  }

  #write(runes: readonly string[]): void {
    this.#written += runes.length;
    this.#headers.push(runes.join(""));
  }
}

/** apimachinery pkg/util/net NewWarningHeader: anything else is dropped without a word. */
function isHeaderText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}
