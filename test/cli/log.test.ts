import type { Logger } from "pino";
import { describe, expect, test } from "vitest";
import { createLog, type LogLevel } from "../../src/cli/log.ts";

/** The line that a call writes, without the time. */
function written(call: (log: Logger) => void, level: LogLevel = "debug"): string {
  let lines = "";
  call(createLog({ write: (line) => (lines += line) }, level));
  return lines.replaceAll(/"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"time":"T"');
}

describe("a line of the log", () => {
  test("has its level as text, the time in UTC, the fields in order, and the message last", () => {
    const line = written((log) => {
      log.info({ b: "x", a: [1, null] }, "m");
    });
    expect(line).toBe('{"level":"info","time":"T","b":"x","a":[1,null],"msg":"m"}\n');
  });

  test("of an error has its type, message and stack", () => {
    const line = written((log) => {
      log.error({ err: new TypeError("no such thing"), a: 1 }, "m");
    });
    expect(line).toContain('"err":{"type":"TypeError","message":"no such thing","stack":"TypeError: no such thing');
  });

  test("is one line, even with newlines in its texts", () => {
    const hostile = 'web"}\n{"level":"info"}\r\n\u001b[2K\u0000';
    const line = written((log) => {
      log.info({ name: hostile }, "m");
    });
    expect(line).toMatch(/^[^\p{Cc}]+\n$/u);
    expect(JSON.parse(line)).toMatchObject({ name: hostile });
  });

  test("below the level is not written", () => {
    expect(
      written((log) => {
        log.info("m");
      }, "warn"),
    ).toBe("");
  });
});
