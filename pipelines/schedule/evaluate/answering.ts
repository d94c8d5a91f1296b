/** How a decoding answers. @module */
import type { EngineShare } from "../../decoding/engine_share.ts";
import type { RowList } from "../../common/row_list.ts";
import type { Prediction } from "../../metrics/prediction.ts";
import type { DecodingSpec, Resolved } from "../../spec/mod.ts";
import type { RunContext } from "../context/run_context.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { EvaluateJob } from "./evaluate_job.ts";

/** A decoding's answers for the rows. */
export interface Answered {
  readonly rows: RowList<Partial<Prediction>>;
  readonly cached: boolean;
  /** For the tokens generated in this run. */
  readonly tokensPerSecond?: number;
  /**
   * How long they took to generate, with their share of what the engine did for several evaluations at once; omitted if
   * nothing else was done in the meantime.
   */
  readonly seconds?: number;
}

/** An evaluation that is answered with an engine that others may use at the same time. */
export interface AnsweringJob extends EvaluateJob {
  readonly share: EngineShare;
  /** Whether it begins before its turn, while the engine works for others. */
  readonly isAhead: boolean;
  /** Called when the engine has all its prompts, so that soon there is room for others. */
  readonly handedOver: () => void;
}

/** What is needed to answer with a kind of decoding. */
export interface Answering<D extends Resolved<DecodingSpec>> {
  /**
   * Answers the rows of an evaluation, from the store if they are there.
   *
   * @param work What they depend on besides the decoding.
   */
  answers(
    runContext: RunContext,
    job: AnsweringJob,
    decoding: D,
    work: Readonly<Record<string, unknown>>,
  ): Promise<Answered>;
  /** The store's key of the answers. */
  key(stage: PreparedEvaluation, decoding: D, work: Readonly<Record<string, unknown>>): string;
}
