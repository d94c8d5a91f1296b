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
  /** The edits' tensors in saved form. */
  readonly tensors: TensorMap;
  /** What the tensors depend on: a training's key, or what they start from. */
  readonly tensorsKey: string;
  /** Encodes the prompts for all evaluations that share them; `undefined` if it does not pay to keep what is constant. */
  readonly encodedPrompts: () => Promise<EncodedPrompts | undefined>;
  /** Encodes the rows that are scored, where they are scored again and again; `undefined` if that does not pay. */
  readonly encodedScores?: () => Promise<EncodedScores | undefined>;
  /** Whether how far it is is not shown, as it is a part of something that is. */
  readonly isQuiet?: boolean;
}
