/**
 * Text that is written in one piece for each turn of the event loop: a busy server logs several lines in one, and a
 * write to a file or pipe costs more than the line. `flush` is for the end of the process.
 */
export class Batched {
  readonly #write: (text: string) => void;
  #text = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  readonly print = (text: string): void => {
    if (this.#text === "") setImmediate(this.flush);
    this.#text += text;
  };

  readonly flush = (): void => {
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.#write(text);
  };
}
