/** The outcomes of a live read of one kind. */
export const LIVE_READ_OUTCOMES = {
  read: "the API server answered",
  joined: "a read that was under way, or over a moment ago, was used, whether it answered or failed",
  refused: "no read was left for now: an index that is live or absent decides, any other gives 503",
  failed: "the API server did not answer as it should, or not in time: 503, whatever the index says",
} as const;

/** How many live reads had each outcome since the start. */
export type LiveReadCounts = Readonly<Record<keyof typeof LIVE_READ_OUTCOMES, number>>;
