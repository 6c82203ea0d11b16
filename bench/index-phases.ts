import { request, Agent } from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiServer } from "./api-server-orders.ts";
import { eventuallyGives } from "./processes.ts";
import type { MeasuredServer } from "./servers.ts";
import { createReview, displayNameOf, imageObject, MEANT } from "./workload.ts";

export interface Indexed {
  readonly api: ApiServer;
  readonly webhook: MeasuredServer;
}

/** A name that an image of MEANT's namespace and a cluster image take turns to mean: both answers are a hit. */
const SHARED_NAME = displayNameOf(0);
const NAMESPACED = MEANT.position;
const OBJECT_NAMES = { namespaced: MEANT.name, cluster: imageObject(0, "1").metadata.name };

/** Milliseconds; longer is a watch that was lost. */
const LONGEST_STALENESS = 30_000;

/** Milliseconds of a complete list. */
export async function listTime(api: ApiServer): Promise<number> {
  return eventuallyGives("a complete list", async () => {
    const { listTime: time } = await api.order({ do: "listTime" });
    if (time === undefined) throw new Error("not yet");
    return time;
  });
}

/** Seconds of the longest stall of the event loop since the last scrape, and processor seconds since the start. */
export async function scrape({ opsPort }: MeasuredServer): Promise<{ stall: number; cpu: number; resident: number }> {
  const metrics = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1] ?? NaN);
  return {
    stall: value("nodejs_eventloop_lag_max_seconds"),
    cpu: value("process_cpu_seconds_total"),
    resident: value("process_resident_memory_bytes"),
  };
}

/**
 * Milliseconds from the writing of an image to the first answer that knows of it, so many times. The next answer is asked
 * for as soon as the last one is here, so that a review's own time is in it.
 */
export async function staleness({ api, webhook }: Indexed, times: number): Promise<readonly number[]> {
  const agent = new Agent({ ca: webhook.ca, keepAlive: true, maxSockets: 1 });
  const found: number[] = [];
  for (let time = 0; time < times; time++) {
    const isNamespaced = time % 2 === 0;
    const wanted = isNamespaced ? OBJECT_NAMES.namespaced : OBJECT_NAMES.cluster;
    const displayName = isNamespaced ? SHARED_NAME : MEANT.displayName;
    const { at } = await api.order({ do: "write", position: NAMESPACED, displayName });
    while (!(await ask(agent, webhook)).includes(`resolved":"spec.imageName=${wanted}"`)) {
      if (Number(process.hrtime.bigint() - BigInt(at ?? 0)) / 1e6 > LONGEST_STALENESS)
        throw new Error("no answer knows of an event");
    }
    found.push(Number(process.hrtime.bigint() - BigInt(at ?? 0)) / 1e6);
    await delay(10);
  }
  agent.destroy();
  return found;
}

function ask(agent: Agent, { port }: MeasuredServer): Promise<string> {
  const body = createReview({ namespace: MEANT.namespace, displayName: SHARED_NAME });
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const asked = request({ host: "127.0.0.1", port, agent, method: "POST", path: "/mutate", headers }, (response) => {
      text(response).then(resolve, reject);
    });
    asked.on("error", reject).end(body);
  });
}
