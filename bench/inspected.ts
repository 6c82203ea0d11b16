import { eventuallyGives } from "./processes.ts";

interface HeapUsage {
  readonly usedSize: number;
}

/** Bytes of heap that are in use after a garbage collection, of a process with `--inspect-port`. */
export async function heapAfterCollection(pid: number, inspectPort: number): Promise<number> {
  // Opens the inspector, which costs memory of its own: measure that of the process first.
  process.kill(pid, "SIGUSR1");
  const [target] = await eventuallyGives("the inspector answers", async () => {
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
  const usage = (await call(2, "Runtime.getHeapUsage")) as HeapUsage;
  socket.close();
  return usage.usedSize;
}
