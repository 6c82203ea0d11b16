import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { LogStream, MOST_UNREAD } from "../../src/cli/log-stream.ts";

/** What stands at the other end: it takes a text when it is told to. */
class Reader {
  readonly texts: string[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      this.#waiting.push(() => {
        this.texts.push(text);
        done();
      });
    },
  });

  /** Reads until nothing more is written. */
  async catchUp(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next();
      await Promise.resolve();
    }
  }
}

test("lines that nobody reads are kept up to a limit, then counted, and the count is said before the next ones", async () => {
  const reader = new Reader();
  const log = new LogStream(reader.stream);
  const most = `${"x".repeat(MOST_UNREAD - 1)}\n`;
  log.write(most);
  log.write("two\nlines\n");
  log.write("a third\n");
  await reader.catchUp();
  log.write("heard again\n");
  log.write("and again\n");
  await reader.catchUp();
  const [first, note = "", ...rest] = reader.texts;
  expect(first).toBe(most);
  expect(JSON.parse(note)).toMatchObject({
    level: "warn",
    lines: 3,
    msg: expect.stringContaining("dropped") as unknown,
  });
  expect(rest).toEqual(["heard again\n", "and again\n"]);
});

test("a stream that breaks breaks nothing else", () => {
  const { stream } = new Reader();
  const log = new LogStream(stream);
  expect(() => stream.emit("error", new Error("EPIPE"))).not.toThrow();
  log.write("nobody hears this\n");
});
