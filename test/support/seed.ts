/** The environment variable that repeats a failure. */
export const SEED_VARIABLE = "TEST_SEED";

/** The seed of the variable, else `otherwise`, which differs in each run by default. */
export function testSeed(otherwise = Date.now() % 1_000_000): number {
  const said = process.env[SEED_VARIABLE] ?? "";
  const seed = said === "" ? otherwise : Number(said);
  if (!Number.isInteger(seed)) throw new Error(`${SEED_VARIABLE} is "${said}"; it must be a whole number`);
  return seed;
}

/** mulberry32, the same on every machine. Each call returns a whole number from 0 to below its argument. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
