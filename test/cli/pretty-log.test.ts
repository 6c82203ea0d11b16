import type { Logger } from "pino";
import { describe, expect, test } from "vitest";
import { createLog } from "../../src/cli/log.ts";
import { prettyLog } from "../../src/cli/pretty-log.ts";

/** What a call shows, with the time replaced. */
async function shown(call: (log: Logger) => void, colors = false): Promise<string> {
  const format = await prettyLog({ colors });
  let text = "";
  call(createLog({ write: (line) => (text += format(line)) }, "debug"));
  return text.replace(/^\[\d\d:\d\d:\d\d\]/, "[T]");
}

describe("a line for people", () => {
  test("has time, level, message and fields", async () => {
    const line = await shown((log) => {
      log.info({ port: 9443, images: { OSImage: 2 } }, "serving");
    });
    expect(line).toBe('[T] INFO: serving {"port":9443,"images":{"OSImage":2}}\n');
  });

  test("is coloured where colours are wanted", async () => {
    const warn = (log: Logger): void => {
      log.warn("m");
    };
    expect(await shown(warn, true)).toContain("\u001b[33mWARN\u001b[39m");
    expect(await shown(warn)).toBe("[T] WARN: m\n");
  });

  test("is one line without control characters, whatever a client sent", async () => {
    const hostile = 'web"}\n[00:00:00] INFO: forged\r\u001b[2K\u009b2K\u0000';
    const line = await shown((log) => {
      log.info({ name: hostile, field: hostile, object: { name: hostile } }, hostile);
    });
    expect(line).toMatch(/^[^\p{Cc}]+\n$/u);
    expect(line).toContain("forged");
  });

  test("of an error has its stack on more lines", async () => {
    const lines = await shown((log) => {
      log.error({ err: new TypeError("no\u001b[2K such thing") }, "m");
    });
    expect(lines).toMatch(/^\[T\] ERROR: m *\n/);
    expect(lines).toMatch(/^ +TypeError: no\\u001b\[2K such thing\n +at /m);
  });
});
