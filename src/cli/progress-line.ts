import type { Clock, SetTimer } from "../common/timing.ts";

/** Tells how much of a step is done. Without a total, it is not known yet. */
export type Progress = (done: number, total?: number) => void;

/** Milliseconds that a step may take before its progress is shown. */
const PATIENCE = 1_000;
/** Milliseconds between two drawings. */
const INTERVAL = 200;

const CLEAR = "\r\u001b[K";

export interface ProgressOptions {
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  readonly clock: Pick<Clock, "monotonic">;
  readonly setTimer: SetTimer;
}

/** One line at the end of a terminal, about a step that takes longer than a second. */
export class ProgressLine {
  readonly #options: ProgressOptions;
  /** Undefined where the line is not drawn. */
  #shown: string | undefined;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Shows the progress of a step: `reading files: 200 of 1000`. */
  async during<T>(what: string, step: (progress: Progress) => Promise<T>): Promise<T> {
    const { clock, setTimer } = this.#options;
    let text = `${what} ...`;
    let next = clock.monotonic() + PATIENCE;
    const drawIfDue = (): void => {
      if (clock.monotonic() < next) return;
      this.#draw(text);
      next = clock.monotonic() + INTERVAL;
    };
    // A step that computes runs no timer, and one that waits reports nothing.
    let stopTimer = setTimer(PATIENCE, function again() {
      drawIfDue();
      stopTimer = setTimer(INTERVAL, again);
    });
    try {
      return await step((done, total) => {
        text = `${what}: ${done}${total === undefined ? "" : ` of ${total}`}`;
        drawIfDue();
      });
    } finally {
      stopTimer();
      this.clear();
    }
  }

  /** Makes room for other output. The line comes back with the next drawing. */
  clear(): void {
    if (this.#shown === undefined) return;
    this.#options.write(CLEAR);
    this.#shown = undefined;
  }

  /** Clears its own line only: on another one, an exec plugin may ask a person. */
  #draw(text: string): void {
    if (this.#shown === text) return;
    this.#options.write(this.#shown === undefined ? text : CLEAR + text);
    this.#shown = text;
  }
}
