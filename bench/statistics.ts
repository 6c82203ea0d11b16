/** The middle of the values; of an even number the mean of the two. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** The least value that so much of all (0 to 1) does not exceed. NaN of none. */
export function percentile(values: readonly number[] | Float64Array, share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** The median of the ratios of what was measured in the same round: a machine that slows down slows both. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, round) => value / (theirs[round] ?? NaN)));
}

/** Nobody always comes first, nor always after the same one. */
export function rotated<T>(all: readonly T[], round: number): readonly T[] {
  const start = round % all.length;
  const turned = [...all.slice(start), ...all.slice(0, start)];
  return Math.floor(round / all.length) % 2 === 0 ? turned : turned.toReversed();
}
