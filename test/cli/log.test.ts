import { type Logger, pino } from "pino";
import { describe, expect, test } from "vitest";
import { createLog } from "../../src/cli/log.ts";

/** What createLog writes of a call, and what pino by itself does; without the time. */
function written(call: (log: Logger) => void): readonly [ours: string, pinos: string] {
  const [ours, pinos]: [string[], string[]] = [[], []];
  const formatters = { level: (label: string) => ({ level: label }) };
  call(createLog({ printError: (line) => ours.push(line) }, "debug"));
  const timestamp = (): string => ',"time":"2026-01-15T10:00:00.000Z"';
  call(pino({ level: "debug", base: null, formatters, timestamp }, { write: (line: string) => pinos.push(line) }));
  return [ours.join("").replaceAll(/"time":"[^"]+Z"/g, '"time":"2026-01-15T10:00:00.000Z"'), pinos.join("")];
}

const HOSTILE = 'web"}\n{"level":"info"}\r\n\u001b[2K\u2028\u0000\ud800 \\ %s %d ü';
const selfish: Record<string, unknown> = { a: 1 };
selfish["self"] = selfish;

describe("a line of the log is what pino writes", () => {
  test.each<[string, (log: Logger) => void]>([
    [
      "of texts, numbers and lists",
      (log) => {
        log.info({ a: "x", n: 1.5, no: null, yes: true, list: ["x", 1, {}] }, "m");
      },
    ],
    [
      "of hostile texts",
      (log) => {
        log.info({ name: HOSTILE, list: [HOSTILE], in: { [HOSTILE]: HOSTILE } }, HOSTILE);
      },
    ],
    [
      "of what has no JSON",
      (log) => {
        log.warn({ u: undefined, f: () => 1, nan: NaN, inf: Infinity, s: Symbol("s") }, "m");
      },
    ],
    [
      "of what makes its own JSON",
      (log) => {
        log.debug({ at: new Date(0), map: { toJSON: () => ({ a: 1 }) } }, "m");
      },
    ],
    [
      "of no fields",
      (log) => {
        log.info({}, "m");
      },
    ],
    [
      "of a message alone",
      (log) => {
        log.error("m");
      },
    ],
    [
      "of fields alone",
      (log) => {
        log.info({ a: 1 });
      },
    ],
    [
      "of a message with values",
      (log) => {
        log.info({ a: 1 }, "%s of %d", "x", 2);
      },
    ],
    [
      "of a field that holds itself",
      (log) => {
        log.info(selfish, "m");
      },
    ],
    [
      "of a big number",
      (log) => {
        log.info({ big: 12n, a: "x" }, "m");
      },
    ],
  ])("%s", (_, call) => {
    const [ours, pinos] = written(call);
    expect(ours).toBe(pinos);
    expect(pinos).toMatch(/^\{"level":"\w+","time":"2026-.*\}\n$/s);
  });

  test.each<[string, (log: Logger, error: Error) => void]>([
    [
      "beside fields",
      (log, err) => {
        log.error({ err, a: 1 }, "m");
      },
    ],
    [
      "by itself",
      (log, error) => {
        log.error(error, "m");
      },
    ],
  ])("of an error %s: its kind, text and place", (_, call) => {
    const error = new TypeError("no such thing");
    const [ours, pinos] = written((log) => {
      call(log, error);
    });
    expect(ours).toBe(pinos);
    expect(ours).toContain('"err":{"type":"TypeError","message":"no such thing","stack":"TypeError: no such thing');
  });

  test("and none below its level", () => {
    expect(
      written((log) => {
        log.trace({ a: 1 }, "m");
      }),
    ).toEqual(["", ""]);
  });
});
