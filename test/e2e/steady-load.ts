import { setTimeout as delay } from "node:timers/promises";

/** So many people who act again and again until the signal, with a pause (milliseconds) between two acts. */
export async function steadyLoad(
  { people, pause }: { readonly people: number; readonly pause: number },
  until: AbortSignal,
  act: (nth: number) => Promise<void>,
): Promise<void> {
  let acts = 0;
  const goOn = async (): Promise<void> => {
    while (!until.aborted) {
      await act(acts++);
      await delay(pause);
    }
  };
  await Promise.all(Array.from({ length: people }, goOn));
}
