import fc from "fast-check";
import { SEED_VARIABLE, testSeed } from "./seed.ts";

// Without the variable every run has cases of its own; a failure prints fast-check's seed.
if (process.env[SEED_VARIABLE] !== undefined) fc.configureGlobal({ seed: testSeed() });
