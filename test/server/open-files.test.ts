import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { MAX_CONNECTIONS, MAX_OPS_CONNECTIONS, MAX_REVIEWS, OTHER_FILES } from "../../src/server/limits.ts";
import { connectionLimits } from "../../src/server/open-files.ts";
import { ofCheckout } from "../support/command-run.ts";
import type { LogLine } from "../support/log-lines.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ALL = { admission: MAX_CONNECTIONS, ops: MAX_OPS_CONNECTIONS, reviews: MAX_REVIEWS };

describe("limits of connections", () => {
  test.each([
    ["none", undefined, ALL],
    ["enough", MAX_CONNECTIONS + MAX_OPS_CONNECTIONS + OTHER_FILES, ALL],
    [
      "half",
      (MAX_CONNECTIONS + MAX_OPS_CONNECTIONS) / 2 + OTHER_FILES,
      { admission: 1_000, ops: 100, reviews: MAX_REVIEWS },
    ],
    ["next to nothing", 50, { admission: 4, ops: 4, reviews: 3 }],
  ])("fit a limit of open files: %s", (_, openFiles, expected) => {
    expect(connectionLimits(openFiles)).toEqual(expected);
  });
});

describe("serve under a low limit of open files", () => {
  test("warns with the number of connections that it accepts instead", async () => {
    const args = ["serve", "--images", ofCheckout("examples/images"), "--self-signed", "--cert-dir", temporaryFolder()];
    const ports = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    const program = [process.execPath, ofCheckout("src/main.ts"), ...args, ...ports];
    const server = spawn("sh", ["-c", 'ulimit -n 320; exec "$@"', "sh", ...program], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    onTestFinished(() => {
      server.kill("SIGKILL");
    });
    const warnings: LogLine[] = [];
    for await (const line of createInterface(server.stderr)) {
      const logged = line.startsWith("{") ? (JSON.parse(line) as LogLine) : {};
      if (logged["level"] === "warn") warnings.push(logged);
      if (logged["msg"] === "serving") break;
    }
    expect(warnings).toContainEqual(
      expect.objectContaining({ connections: 200, instead: MAX_CONNECTIONS, openFiles: 320 }),
    );
  });
});
