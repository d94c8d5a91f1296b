/** An evaluation ready to run. @module */
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { EncodedPrompts } from "./generator.ts";
import type { EncodedScores } from "./shared_scores.ts";

/** An evaluation ready to run. */
export interface EvaluateJob {
  readonly stage: PreparedEvaluation;
  readonly weights: ModelWeights;
  readonly compiled: CompiledModel;
  /** The edits' tensors in their saved form. */
  readonly tensors: TensorMap;
  /** What the tensors depend on: a training's key, or their initial values. */
  readonly tensorsKey: string;
  /** Encodes the prompts for all evaluations that share them; `undefined` if caching the constant part does not pay. */
  readonly encodedPrompts: () => Promise<EncodedPrompts | undefined>;
  /** Encodes rows that are scored repeatedly; `undefined` if that does not pay. */
  readonly encodedScores?: () => Promise<EncodedScores | undefined>;
  /** Whether to hide progress for now, because other work shows its own. */
  readonly isQuiet?: () => boolean;
}
