/**
 * The evaluate stage: answers and scores for rows, then metrics.
 *
 * @module
 */
import { answeredExamples } from "../prepare/choices.ts";
import { headOf, interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import { taughtAnswer } from "../../decoding/answer.ts";
import type { Predicted } from "../../metrics/measure.ts";
import type { Prediction } from "../../metrics/metric.ts";
import { metricKinds } from "../../metrics/mod.ts";
import { keyOf } from "../../store/store.ts";
import { removeParts } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import { programKey } from "../keys/program_key.ts";
import { choose, generate } from "./answers.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { predict, readPredictions } from "./predict.ts";
import { scoreAll } from "./score.ts";

/** What an evaluation gives. */
interface Evaluated {
  readonly predictions: readonly Prediction[];
  /** What metrics are computed of. */
  readonly predicted: Predicted;
  readonly cached: boolean;
}

/**
 * The predictions, from the store as far as they are there. Answers and scores are separate entries, so that a metric of
 * one does not make the other again.
 */
export async function predictions(
  runContext: RunContext,
  job: EvaluateJob,
): Promise<Evaluated> {
  const { stage, weights, tensorsKey } = job, { decoding, metrics } = stage.spec;
  const work = {
    programs: programKey(stage, weights),
    tensors: tensorsKey,
    chosen: selectedRows(interventionsOf(stage.adaptations), [...stage.examples, ...answeredExamples(stage)]),
    batchSize: stage.batchSize,
    machine: runContext.machine,
  };
  if (headOf(stage.adaptations) !== undefined) {
    const rows = stage.examples.map(({ prompt, typeIds }) => [prompt, typeIds]);
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
    rows: stage.examples.map(({ prompt, completion, taught = null }) => [prompt, completion, taught]),
  };
  const choices = stage.choices?.map((ofRow) => {
    return ofRow.map(({ text, example: { prompt, completion } }) => [text, prompt, completion]);
  }) ?? null;
  const answers = decoding === undefined
    ? undefined
    : await inStore(runContext, keyOf({ ...common, decoding, choices }), (key) => {
      return decoding.kind === "choices" ? choose(runContext, job, key) : generate(runContext, job, decoding, key);
    });
  const scores = metrics.some(({ kind }) => metricKinds[kind].measures.texts?.reads === "scores")
    ? await inStore(runContext, keyOf({ ...common, scores: true }), (key) => {
      return scoreAll(runContext, job, stage.examples, { key, purpose: "score" });
    })
    : undefined;
  const isWritten = decoding !== undefined && decoding.kind !== "choices";
  const found = stage.rows.map(({ prompt, completion }, row) => {
    const { tokenizer } = stage.model, tokens = stage.examples[row]!.completion;
    const taught = isWritten ? taughtAnswer(completion, tokenizer, tokens) : undefined;
    return {
      prompt,
      completion,
      ...(taught === undefined ? {} : { taught }),
      ...(answers === undefined ? {} : { prediction: answers.found[row]! }),
      ...(scores?.found[row] ?? {}),
    };
  });
  const predicted: Predicted = { kind: "texts", rows: found };
  return { predictions: found, predicted, cached: [answers, scores].every((part) => part?.cached ?? true) };
}

/** A document of the store, made if it is not there. */
async function inStore<T>(
  { store }: RunContext,
  key: string,
  make: (key: string) => Promise<T>,
): Promise<{ readonly found: T; readonly cached: boolean }> {
  const stored = await store.getJson("predictions", key) as T | undefined;
  const found = stored ?? await make(key);
  if (stored === undefined) await store.putJson("predictions", key, found);
  // Also what a run left that died between the two.
  removeParts(store, key);
  return { found, cached: stored !== undefined };
}
