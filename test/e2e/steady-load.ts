import { setTimeout as delay } from "node:timers/promises";

/** Runs `act` in this number of concurrent loops until the signal, with a pause (milliseconds) between two runs. */
export async function steadyLoad(
  { loops, pause }: { readonly loops: number; readonly pause: number },
  until: AbortSignal,
  act: (nth: number) => Promise<void>,
): Promise<void> {
  let acts = 0;
  const loop = async (): Promise<void> => {
    while (!until.aborted) {
      await act(acts++);
      await delay(pause);
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
}
