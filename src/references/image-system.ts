import type { ImageIndex } from "../images/image-index.ts";
import type { CheckFacts } from "./check.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Policy } from "./policy.ts";
import type { CompiledRow } from "./row.ts";
import type { AdmissionTarget } from "./target.ts";

/** The objects of one API that name images. Admission knows an image system by this alone. */
export interface ImageSystem<P extends Policy> {
  /** The places where its objects name images. */
  readonly rows: readonly CompiledRow[];
  readonly checks: readonly CheckFacts[];
  /** Prepares what depends on the policy alone. */
  readonly evaluatorFor: (policy: P) => Evaluate;
}

/** Evaluates an object of one of the system's rows against the index: no I/O, no clock, no promise. */
export type Evaluate = (target: AdmissionTarget, index: ImageIndex) => Evaluation;
