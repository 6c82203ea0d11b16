/**
 * Milliseconds. A busy server logs dozens of lines in that time; a person who follows a log does not notice it, and what
 * is killed without a warning loses no more.
 */
export const LONGEST_WAIT = 5;

/**
 * Text that is written in one piece for all that is printed within a moment: a write to a file or pipe costs more than a
 * line. `flush` is for the end of the process.
 */
export class Batched {
  readonly #write: (text: string) => void;
  #text = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  readonly print = (text: string): void => {
    if (this.#text === "") setTimeout(this.flush, LONGEST_WAIT);
    this.#text += text;
  };

  readonly flush = (): void => {
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.#write(text);
  };
}
