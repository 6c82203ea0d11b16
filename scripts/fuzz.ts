/**
 * Sends random reviews to real servers: `npm run fuzz -- N` sends N of them, by default 20,000. Prints its seed, which
 * TEST_SEED repeats, and the number of reviews by outcome.
 */
import { setImmediate as turn } from "node:timers/promises";
import { Fuzzer } from "../test/fuzz/fuzzer.ts";
import { SEED_VARIABLE, testSeed } from "../test/support/seed.ts";

const DEFAULT_REVIEWS = 20_000;
/** Bytes by which the heap may grow in the second half: a leak of 100 a review would be 1 MB by default. */
const HEAP_NOISE = 1_000_000;

const reviews = Number(process.argv[2] ?? DEFAULT_REVIEWS);
if (!Number.isInteger(reviews) || reviews < 1) {
  process.stderr.write(`"${String(process.argv[2])}" is no number of reviews; give one, as in npm run fuzz -- 1000\n`);
  process.exit(2);
}
const gc = globalThis.gc as (() => void) | undefined;
if (gc === undefined) throw new Error("run it with `npm run fuzz`: it measures memory with --expose-gc");

const seed = testSeed();
print(`seed ${seed}: ${SEED_VARIABLE}=${seed} repeats it`);
const fuzzer = new Fuzzer();
try {
  let batch = seed;
  const runUntil = async (count: number): Promise<number> => {
    while (fuzzer.reviews < count) {
      await fuzzer.batch(batch);
      batch++;
    }
    return heapInUse(gc);
  };
  const half = await runUntil(reviews / 2);
  const end = await runUntil(reviews);
  for (const [what, count] of [...fuzzer.counts].sort()) print(`${String(count).padStart(8)}  ${what}`);
  print(`${fuzzer.reviews} reviews; heap ${megabytes(half)} MB half-way, ${megabytes(end)} MB at the end`);
  if (end - half > HEAP_NOISE) throw new Error(`the heap grows, with seed ${seed}`);
} finally {
  await fuzzer.close();
}

/** Bytes, after garbage collection. */
async function heapInUse(collect: () => void): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await turn();
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
