import { setTimeout as delay } from "node:timers/promises";
import type { ClusterWebhook } from "./cluster-webhook.ts";
import { Inspector } from "./inspector.ts";

/** Milliseconds. */
const INTERVAL = 2_000;

/** Memory of a process right after a garbage collection; bytes. */
export interface MemorySample {
  /** Heap of V8, and external memory. */
  readonly used: number;
  readonly resident: number;
}

/** Samples of a process that was started with INSPECTED, until the signal, oldest first. */
export async function memorySamples(webhook: ClusterWebhook, until: AbortSignal): Promise<readonly MemorySample[]> {
  const inspector = await Inspector.of(webhook);
  const samples: MemorySample[] = [];
  while (!until.aborted) {
    await inspector.collectGarbage();
    const [heap, external, resident] = await Promise.all([
      webhook.metric("nodejs_heap_size_used_bytes"),
      webhook.metric("nodejs_external_memory_bytes"),
      webhook.metric("process_resident_memory_bytes"),
    ]);
    samples.push({ used: heap + external, resident });
    await delay(INTERVAL);
  }
  inspector.close();
  return samples;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;
}
