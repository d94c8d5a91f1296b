/** What the predictions of an evaluation depend on: their keys in the store. @module */
import { joinedRows, madeOf } from "../../common/row_list.ts";
import { headOf, interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import { readsRewards, readsScores } from "../../metrics/mod.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { programKey } from "../keys/program_key.ts";
import { answeredExamples } from "../prepare/choices.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import { answeringOf } from "./answers.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { isPrefixed } from "./shared_prefix.ts";

/** What every result of an evaluation depends on. */
export type EvaluationWork = Readonly<Record<string, unknown>>;

/** The part of a job that determines its keys. */
type Keyed = Pick<EvaluateJob, "stage" | "weights" | "tensorsKey">;

/** What predictions of any kind depend on. */
export function commonWork(
  { machine }: Pick<RunContext, "machine">,
  { stage, weights, tensorsKey }: Keyed,
): EvaluationWork {
  return {
    programs: programKey(stage, weights),
    tensors: tensorsKey,
    chosen: selectedRows(interventionsOf(stage.adaptations), joinedRows(stage.examples, answeredExamples(stage))),
    batchSize: stage.batchSize,
    machine,
    // Reading in two parts may change the last bits.
    ...isPrefixed(stage) ? { prefixed: true } : {},
  };
}

/** What answers and scores of texts depend on besides the request. */
export function textWork({ model, examples }: PreparedEvaluation, work: EvaluationWork): EvaluationWork {
  return {
    ...work,
    tokenizer: model.tokenizer.digest,
    rows: madeOf(examples, ({ prompt, completion, taught = null }) => [prompt, completion, taught]),
  };
}

/** The key of a head's predictions. */
export function headKey({ examples }: PreparedEvaluation, work: EvaluationWork): string {
  return keyOf({ ...work, rows: madeOf(examples, ({ prompt, typeIds }) => [prompt, typeIds]) });
}

/** The key of the completions' log-likelihoods. */
export const scoresKey = (textual: EvaluationWork) => keyOf({ ...textual, scores: true });

/** The key of both rewards of each row. */
export function rewardsKey({ examples, training }: PreparedEvaluation, work: EvaluationWork): string {
  const pairs = madeOf(examples, ({ prompt, completion, rejected = [] }) => [prompt, completion, rejected]);
  return keyOf({ ...work, pairs, objective: training?.spec.objective ?? null });
}

/** The key of the answers of an evaluation with a decoding. */
export function answersKey(runContext: Pick<RunContext, "machine">, job: Keyed): string {
  const { stage } = job, { decoding } = stage.spec;
  if (decoding === undefined) throw new TypeError(`${stage.name} answers nothing`);
  return answeringOf(decoding).key(stage, decoding, textWork(stage, commonWork(runContext, job)));
}

/** The keys of everything that an evaluation computes. */
export function evaluationKeys(runContext: Pick<RunContext, "machine">, job: Keyed): readonly string[] {
  const { stage } = job, { decoding, metrics } = stage.spec, work = commonWork(runContext, job);
  const head = headOf(stage.adaptations);
  if (head !== undefined) return [head.kind === "reward" ? rewardsKey(stage, work) : headKey(stage, work)];
  const textual = textWork(stage, work);
  return [
    ...decoding === undefined ? [] : [answersKey(runContext, job)],
    ...readsScores(metrics) ? [scoresKey(textual)] : [],
    ...readsRewards(metrics) ? [rewardsKey(stage, textual)] : [],
  ];
}
