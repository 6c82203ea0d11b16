import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { LogDestination, MAX_UNREAD } from "../../src/cli/log-destination.ts";

/** The reader of the stream: it reads when the test says so. */
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

  readOne(): void {
    this.#waiting.shift()?.();
  }

  /** Reads until the stream is empty. */
  async catchUp(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.readOne();
      // The drain event comes in a later tick.
      await new Promise(setImmediate);
    }
  }
}

const DROPPED = { level: "warn", msg: expect.stringContaining("dropped") as unknown };

describe("lines that no process reads", () => {
  test("are kept up to a limit and then counted; the count is logged once the reader has caught up", async () => {
    const reader = new Reader();
    const log = new LogDestination(reader.stream);
    const most = `${"x".repeat(MAX_UNREAD - 1)}\n`;
    for (const line of [most, "one\n", "two\n", "three\n"]) log.write(line);
    await reader.catchUp();
    log.write("read again\n");
    await reader.catchUp();
    const [first, note = "", ...rest] = reader.texts;
    expect(first).toBe(most);
    expect(JSON.parse(note)).toMatchObject({ ...DROPPED, lines: 3 });
    expect(rest).toEqual(["read again\n"]);
  });

  test("are reported before the next line that is kept", async () => {
    const reader = new Reader();
    const log = new LogDestination(reader.stream);
    const most = `${"x".repeat(MAX_UNREAD - 2)}\n`;
    for (const line of [most, "waits\n", "dropped\n"]) log.write(line);
    reader.readOne();
    log.write("kept\n");
    await reader.catchUp();
    const [first, second, note = "", ...rest] = reader.texts;
    expect([first, second]).toEqual([most, "waits\n"]);
    expect(JSON.parse(note)).toMatchObject({ ...DROPPED, lines: 1 });
    expect(rest).toEqual(["kept\n"]);
  });
});

test("a format applies to every line from then on, also to the count of dropped lines", async () => {
  const reader = new Reader();
  const log = new LogDestination(reader.stream);
  log.write("before\n");
  log.formatWith((line) => line.toUpperCase());
  for (const line of [`${"x".repeat(MAX_UNREAD)}\n`, "dropped\n"]) log.write(line);
  await reader.catchUp();
  const [before, long, note = ""] = reader.texts;
  expect([before, long?.at(0)]).toEqual(["before\n", "X"]);
  expect(note).toMatch(/^\{"LEVEL":"WARN",.*"LINES":1,.*DROPPED/);
});

describe("a flush", () => {
  test("waits for all lines before it", async () => {
    const reader = new Reader();
    const log = new LogDestination(reader.stream);
    log.write("one\n");
    log.write("two\n");
    expect(log.isWritten).toBe(false);
    const flushed = log.flush(60_000);
    await reader.catchUp();
    await flushed;
    expect(reader.texts.join("")).toBe("one\ntwo\n");
    expect(log.isWritten).toBe(true);
  });

  test("waits no longer than its limit where no process reads", async () => {
    const log = new LogDestination(new Reader().stream);
    log.write("one\n");
    await log.flush(1);
    expect(log.isWritten).toBe(false);
  });
});

test("a stream that fails throws nothing, and a flush of it ends", async () => {
  const { stream } = new Reader();
  const log = new LogDestination(stream);
  stream.destroy(new Error("EPIPE"));
  log.write("lost\n");
  await log.flush(60_000);
});
