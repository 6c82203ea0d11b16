import { readFileSync } from "node:fs";
import type { Target } from "./case.ts";

/** Established, and closed by the other side only (kernel include/net/tcp_states.h). */
const OPEN_STATES = new Set(["01", "08"]);

interface Waiting {
  /** Bytes that the kernel holds in either direction. */
  readonly queues: string;
  /** When they last changed, by `performance.now()`. */
  readonly since: number;
}

/** Measures for how long the server keeps connections whose client does not read its answer. */
export class UnreadAnswers {
  /** The longest time of all connections, in seconds. */
  longest = 0;
  readonly #ports: ReadonlySet<string>;
  #waiting = new Map<string, Waiting>();

  constructor({ port, opsPort }: Target) {
    this.#ports = new Set([port, opsPort].map((each) => each.toString(16).toUpperCase().padStart(4, "0")));
  }

  /** Reads the kernel's list of connections (Documentation/networking/proc_net_tcp.rst). */
  sample(): void {
    const now = performance.now();
    const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
    const unread = new Map(rows.map((row) => row.trim().split(/\s+/)).flatMap((columns) => this.#unread(columns)));
    this.#waiting = new Map(
      [...unread].map(([peer, queues]): [string, Waiting] => {
        const before = this.#waiting.get(peer);
        const since = before?.queues === queues ? before.since : now;
        this.longest = Math.max(this.longest, (now - since) / 1_000);
        return [peer, { queues, since }];
      }),
    );
  }

  /** Peer and queues of a connection of the server with bytes to send; empty for any other connection. */
  #unread([, local = "", peer = "", state = "", queues = ""]: readonly string[]): readonly [string, string][] {
    const isOpen = OPEN_STATES.has(state) && this.#ports.has(local.split(":")[1] ?? "");
    return isOpen && !queues.startsWith("00000000:") ? [[peer, queues]] : [];
  }
}
