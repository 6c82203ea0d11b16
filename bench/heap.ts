import type { ChildProcess } from "node:child_process";
import { eventually } from "./processes.ts";

/** Bytes of heap that a process with `--inspect-port` uses after a garbage collection. */
export async function heapAfterCollection(child: ChildProcess, inspectPort: number): Promise<number> {
  // Opens the inspector, which needs memory itself: measure the memory of the process before this call.
  child.kill("SIGUSR1");
  const [target] = await eventually("the inspector answers", child, async () => {
    const response = await fetch(`http://127.0.0.1:${inspectPort}/json/list`);
    return (await response.json()) as { webSocketDebuggerUrl: string }[];
  });
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? "");
  await new Promise((resolve) => {
    socket.addEventListener("open", resolve, { once: true });
  });
  const call = (id: number, method: string): Promise<unknown> =>
    new Promise((resolve) => {
      socket.addEventListener("message", ({ data }) => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (message.id === id) resolve(message.result);
      });
      socket.send(JSON.stringify({ id, method }));
    });
  await call(1, "HeapProfiler.collectGarbage");
  const { usedSize } = (await call(2, "Runtime.getHeapUsage")) as { usedSize: number };
  socket.close();
  return usedSize;
}
