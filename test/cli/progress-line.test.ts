import { expect, test } from "vitest";
import { type Progress, ProgressLine } from "../../src/cli/progress-line.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const CLEAR = "\r\u001b[K";

/** A step that ends when the test says so, and what the terminal got. */
function start(what: string): {
  clock: VirtualClock;
  line: ProgressLine;
  written: string[];
  progress: Progress;
  end: () => Promise<void>;
} {
  const clock = new VirtualClock(new Date(0));
  const { monotonic, setTimer } = clock.timing();
  const written: string[] = [];
  const line = new ProgressLine({ write: (text) => written.push(text), clock: { monotonic }, setTimer });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let progress: Progress = () => undefined;
  const running = line.during(what, (given) => {
    progress = given;
    return promise;
  });
  return {
    clock,
    line,
    written,
    progress: (...parts) => {
      progress(...parts);
    },
    end: async () => {
      resolve(undefined);
      await running;
    },
  };
}

test("a step of less than a second shows nothing", async () => {
  const { clock, written, progress, end } = start("reading");
  progress(1, 2);
  await clock.advance(999);
  await end();
  expect(written).toEqual([]);
});

test("a step that waits is shown after a second, and its line is cleared at the end", async () => {
  const { clock, written, end } = start("reading");
  await clock.advance(3_000);
  expect(written).toEqual(["reading ..."]);
  await end();
  expect(written.slice(1)).toEqual([CLEAR]);
  expect(clock.pending).toBe(0);
});

test("a step that reports is drawn at intervals, with and without a total, also where no timer runs", async () => {
  const { clock, written, progress, end } = start("reading");
  clock.jump(1_500);
  progress(1);
  progress(2, 10);
  expect(written).toEqual(["reading: 1"]);
  clock.jump(200);
  progress(3, 10);
  expect(written.slice(1)).toEqual([`${CLEAR}reading: 3 of 10`]);
  await end();
});

test("other output clears the line, once", async () => {
  const { clock, line, written, end } = start("reading");
  await clock.advance(1_000);
  line.clear();
  line.clear();
  await end();
  expect(written).toEqual(["reading ...", CLEAR]);
});

test("a step that fails clears its line and fails", async () => {
  const { clock, line, written } = start("waiting");
  await clock.advance(1_000);
  await expect(line.during("failing", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(written.at(-1)).toBe(CLEAR);
});
