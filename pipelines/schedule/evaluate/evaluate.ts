/**
 * The evaluate stage: answers and scores for rows, of which metrics are computed.
 *
 * @module
 */
import { headOf, interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import { readsScores } from "../../metrics/mod.ts";
import type { Predicted } from "../../metrics/predicted.ts";
import type { Prediction } from "../../metrics/prediction.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { programKey } from "../keys/program_key.ts";
import { answeredExamples } from "../prepare/choices.ts";
import { answeringOf } from "./answers.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { inStore } from "./in_store.ts";
import { predict, readPredictions } from "./predict.ts";
import { scoreAll } from "./score.ts";
import { isPrefixed } from "./shared_prefix.ts";
import { joinedRows, madeOf } from "../../common/row_list.ts";

/** What an evaluation gives. */
interface Evaluated {
  readonly predictions: readonly Prediction[];
  /** What metrics are computed of. */
  readonly predicted: Predicted;
  readonly cached: boolean;
}

/**
 * The predictions, from the store as far as they are there. Answers and scores are separate entries, so that a metric of
 * one does not make the other again; metrics themselves are no part of their keys.
 */
export async function predictions(
  runContext: RunContext,
  job: EvaluateJob,
): Promise<Evaluated> {
  const { stage, weights, tensorsKey } = job, { decoding, metrics } = stage.spec;
  const work = {
    programs: programKey(stage, weights),
    tensors: tensorsKey,
    chosen: selectedRows(interventionsOf(stage.adaptations), joinedRows(stage.examples, answeredExamples(stage))),
    batchSize: stage.batchSize,
    machine: runContext.machine,
    // What is read in two parts may differ in its last bits.
    ...isPrefixed(stage) ? { prefixed: true } : {},
  };
  if (headOf(stage.adaptations) !== undefined) {
    const rows = madeOf(stage.examples, ({ prompt, typeIds }) => [prompt, typeIds]);
    const { found, cached } = await inStore(
      runContext,
      keyOf({ ...work, rows }),
      (key) => predict(runContext, job, key),
    );
    return { ...readPredictions(stage, found), cached };
  }
  const common = {
    ...work,
    tokenizer: stage.model.tokenizer.digest,
    rows: madeOf(stage.examples, ({ prompt, completion, taught = null }) => [prompt, completion, taught]),
  };
  const answers = decoding === undefined
    ? undefined
    : await answeringOf(decoding).answers(runContext, job, decoding, common);
  const scores = readsScores(metrics)
    ? await inStore(runContext, keyOf({ ...common, scores: true }), (key) => {
      return scoreAll(runContext, job, stage.examples, { key, purpose: "score" });
    })
    : undefined;
  const found = stage.rows.map(({ prompt, completion }, row) => {
    return { prompt, completion, ...answers?.rows[row], ...scores?.found[row] };
  });
  const rows = found.map((prediction, row) => {
    const { fields, place } = stage.rows.at(row)!;
    return { ...prediction, fields, place };
  });
  return {
    predictions: found,
    predicted: { kind: "texts", rows },
    cached: [answers, scores].every((part) => part?.cached ?? true),
  };
}
