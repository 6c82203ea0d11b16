import { Agent, type RequestOptions, request } from "node:https";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { HONEST_REVIEW, isRightAnswer } from "./bodies.ts";

/** Milliseconds between two reviews on the kept connection, and between two new connections. */
const KEPT_PERIOD = 100;
const NEW_PERIOD = 1_000;
/** The default of a webhook's timeoutSeconds. */
const TIMEOUT = 10_000;
/** How often a 503 with Retry-After is repeated, as an API server does. */
const MAX_REPEATS = 5;
const REPEAT_DELAY = 1_000;

export interface CallTally {
  answered: number;
  /** Reviews without a decision, by status or error. */
  readonly failed: Map<string, number>;
  /** The time of each answer 503, even where a repetition got a decision: seconds since the start of the attack. */
  readonly refusedAt: number[];
  readonly handshakes: { ok: number; readonly failed: Map<string, number> };
  /** How many connections the kept connection needed: more than 1 where it was cut. */
  keptConnections: number;
}

interface Answer {
  /** An HTTP status, "wrong answer", or an error. */
  readonly outcome: string;
  readonly mayRepeat: boolean;
}

/** Calls as an API server does, on one kept connection and on a new one each second, and counts the outcomes. */
export class HonestCaller {
  readonly tally: CallTally = {
    answered: 0,
    failed: new Map(),
    refusedAt: [],
    handshakes: { ok: 0, failed: new Map() },
    keptConnections: 0,
  };
  readonly #port: number;
  readonly #ca: string;
  readonly #kept: Agent;
  readonly #keptSockets = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #attackedAt = Infinity;

  constructor(port: number, ca: string) {
    this.#port = port;
    this.#ca = ca;
    this.#kept = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  start(): void {
    this.#timer = setInterval(() => void this.#review(false), NEW_PERIOD);
    void this.#keepAsking();
  }

  /** Starts the clock of `refusedAt`. */
  attackBegins(): void {
    this.#attackedAt = performance.now();
  }

  /** Reviews that are still under way are not counted. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#kept.destroy();
  }

  /** Whether a review on the kept connection and one on a new connection are answered now, at the first try. */
  async isServed(): Promise<boolean> {
    const answers = await Promise.all([this.#ask(this.#kept), this.#ask(false)]);
    return answers.every(({ outcome }) => outcome === "200");
  }

  async #keepAsking(): Promise<void> {
    while (this.#timer !== undefined) {
      await this.#review(this.#kept);
      await delay(KEPT_PERIOD);
    }
  }

  async #review(agent: Agent | false): Promise<void> {
    for (let repeats = 0; ; repeats++) {
      const { outcome, mayRepeat } = await this.#ask(agent);
      if (this.#timer === undefined) return;
      if (outcome === "503") this.tally.refusedAt.push((performance.now() - this.#attackedAt) / 1_000);
      if (outcome === "200") {
        this.tally.answered++;
        return;
      }
      if (!mayRepeat || repeats === MAX_REPEATS) {
        count(this.tally.failed, outcome);
        return;
      }
      await delay(REPEAT_DELAY);
    }
  }

  async #ask(agent: Agent | false): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const asked = request({ ...this.#options(), agent }, (response) => {
      const { statusCode, headers } = response;
      text(response).then(
        (body) => {
          const outcome = statusCode === 200 && !isRightAnswer(body) ? "wrong answer" : String(statusCode);
          resolve({ outcome, mayRepeat: statusCode === 503 && headers["retry-after"] !== undefined });
        },
        (error: unknown) => {
          resolve({ outcome: reasonOf(error), mayRepeat: false });
        },
      );
    });
    const timer = setTimeout(() => asked.destroy(new Error("timeout")), TIMEOUT);
    asked.on("error", (error) => {
      resolve({ outcome: reasonOf(error), mayRepeat: false });
    });
    asked.on("socket", (socket) => {
      if (agent === false) this.#watchHandshake(socket);
      else this.tally.keptConnections = this.#keptSockets.add(socket).size;
    });
    asked.end(HONEST_REVIEW);
    const answer = await promise;
    clearTimeout(timer);
    return answer;
  }

  #options(): RequestOptions {
    const headers = { "content-type": "application/json" };
    return { host: "127.0.0.1", port: this.#port, ca: this.#ca, method: "POST", path: "/mutate?timeout=10s", headers };
  }

  #watchHandshake(socket: Socket): void {
    const { handshakes } = this.tally;
    let isSecure = false;
    let reason = "closed";
    socket.once("secureConnect", () => {
      isSecure = true;
      handshakes.ok++;
    });
    socket.once("error", (error) => {
      reason = reasonOf(error);
    });
    socket.once("close", () => {
      if (!isSecure && this.#timer !== undefined) count(handshakes.failed, reason);
    });
  }
}

/** The code of an error, or its message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}

export function count(tally: Map<string, number>, what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1);
}
