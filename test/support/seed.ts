/** Set it to see a failure again. */
export const SEED_VARIABLE = "VM_IMAGE_WEBHOOK_TEST_SEED";

/** What the variable says; otherwise another one each time, where nobody says which. */
export function testSeed(otherwise = Date.now() % 1_000_000): number {
  const said = process.env[SEED_VARIABLE] ?? "";
  const seed = said === "" ? otherwise : Number(said);
  if (!Number.isInteger(seed)) throw new Error(`${SEED_VARIABLE} is "${said}"; it has to be a whole number`);
  return seed;
}

/** mulberry32: small, and the same on every machine. Gives whole numbers from 0 to below the one it is called with. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
