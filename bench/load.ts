/**
 * The load generator, as a process of its own, for one server. Its options are in its argument, in JSON; it prints what it
 * counted.
 */
import { fire } from "./cannon.ts";
import { type Load, type LoadOptions, warmUpOf } from "./load-options.ts";
import { programOptions } from "./processes.ts";

const options = programOptions() as LoadOptions;
const warmUp = warmUpOf(options);
const countsFrom = performance.now() + 1_000 * warmUp;
let calls = 0;
let firstAt = NaN;
let lastAt = NaN;
const { failed } = await fire(
  options.calls === undefined ? { ...options, seconds: warmUp + options.seconds } : options,
  {
    answered: (_, now) => {
      if (now < countsFrom) return;
      if (calls++ === 0) firstAt = now;
      lastAt = now;
    },
  },
);
const seconds = (lastAt - firstAt) / 1_000;
process.stdout.write(JSON.stringify({ calls, seconds, failed } satisfies Load));
