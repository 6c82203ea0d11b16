import { get } from "node:http";
import { count, reasonOf } from "./honest.ts";

/** Milliseconds, as for the readinessProbe of the Deployment. */
const TIMEOUT = 3_000;
const PERIOD = 500;

export interface ProbeTally {
  answered: number;
  /** By status or error. */
  readonly failed: Map<string, number>;
}

/** Asks /readyz twice a second, on a new connection each time. */
export class Prober {
  readonly tally: ProbeTally = { answered: 0, failed: new Map() };
  readonly #port: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#count(), PERIOD);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** "200", another status, or an error. */
  async probe(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const request = get({ host: "127.0.0.1", port: this.#port, path: "/readyz", agent: false }, (response) => {
      response.resume().on("end", () => {
        resolve(String(response.statusCode));
      });
    });
    const timer = setTimeout(() => request.destroy(new Error("timeout")), TIMEOUT);
    request.on("error", (error) => {
      resolve(reasonOf(error));
    });
    const outcome = await promise;
    clearTimeout(timer);
    return outcome;
  }

  async #count(): Promise<void> {
    const outcome = await this.probe();
    if (this.#timer === undefined) return;
    if (outcome === "200") this.tally.answered++;
    else count(this.tally.failed, outcome);
  }
}
