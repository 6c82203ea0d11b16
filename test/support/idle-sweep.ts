import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { createReview } from "./admission-review.ts";
import { JSON_HEADERS } from "./tls-client.ts";

/** Milliseconds after which the API server closes idle connections: net/http DefaultTransport.IdleConnTimeout. */
export const API_SERVER_IDLE_TIMEOUT = 90_000;
/** Milliseconds between two calls of a connection, around that time. */
const IDLE_TIMES = Array.from({ length: 14 }, (_, index) => 60_000 + index * 5_000);

export interface Idled {
  /** Milliseconds at full scale. */
  readonly idle: number;
  /** HTTP status of the second call, or the error that broke it. */
  readonly outcome: number | string;
}

/** Makes two calls over each of many connections, with an idle time between them, as the API server does. */
export function idleSweep(port: number, ca: string, scale: number): Promise<readonly Idled[]> {
  return Promise.all(
    IDLE_TIMES.map(async (idle): Promise<Idled> => {
      const agent = new Agent({ ca, keepAlive: true, maxSockets: 1, timeout: API_SERVER_IDLE_TIMEOUT * scale });
      try {
        await call(port, agent);
        await delay(idle * scale);
        return { idle, outcome: await call(port, agent) };
      } catch (error) {
        return { idle, outcome: String(error) };
      } finally {
        agent.destroy();
      }
    }),
  );
}

function call(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, agent, method: "POST", path: "/mutate", headers: JSON_HEADERS });
    asked.on("error", reject);
    asked.on("response", (response) => {
      response.resume();
      response.on("end", () => {
        resolve(response.statusCode ?? 0);
      });
    });
    asked.end(JSON.stringify(createReview()));
  });
}
