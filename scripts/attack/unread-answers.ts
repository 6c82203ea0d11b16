import { readFileSync } from "node:fs";
import type { Target } from "./case.ts";

/** Established, and closed by the other side only (kernel include/net/tcp_states.h). */
const OPEN_STATES = new Set(["01", "08"]);

interface Waiting {
  /** Bytes that the kernel holds in either direction. */
  readonly queues: string;
  /** Since when they are the same, by `performance.now()`. */
  readonly since: number;
}

/** Watches how long the server keeps connections whose other side takes nothing of what was answered. */
export class UnreadAnswers {
  /** Of all, in seconds. */
  longest = 0;
  readonly #ports: ReadonlySet<string>;
  #waiting = new Map<string, Waiting>();

  constructor({ port, opsPort }: Target) {
    this.#ports = new Set([port, opsPort].map((each) => each.toString(16).toUpperCase().padStart(4, "0")));
  }

  /** Looks at the kernel's list of connections (Documentation/networking/proc_net_tcp.rst). */
  sample(): void {
    const now = performance.now();
    const waiting = new Map<string, Waiting>();
    for (const row of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
      const [, local = "", peer = "", state = "", queues = ""] = row.trim().split(/\s+/);
      const isOpen = OPEN_STATES.has(state) && this.#ports.has(local.split(":")[1] ?? "");
      if (!isOpen || queues.startsWith("00000000:")) continue;
      const before = this.#waiting.get(peer);
      const since = before?.queues === queues ? before.since : now;
      waiting.set(peer, { queues, since });
      this.longest = Math.max(this.longest, (now - since) / 1_000);
    }
    this.#waiting = waiting;
  }
}
