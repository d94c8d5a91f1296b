/**
 * The evaluate stage: answers and scores for rows, then metrics.
 *
 * @module
 */
import type { Model, ModelWeights } from "../../models/open/model.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { wholeRows } from "../../compile/rows/layout.ts";
import { headOf, interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { CompiledModel } from "../../compile/programs/forward.ts";
import { scoreProgram } from "../../compile/programs/inference_programs.ts";
import type { TokenizedExample, TokenizedPrompt } from "../../data/examples.ts";
import { keyOf } from "../../store/store.ts";
import { searchBeams } from "../../decoding/beam.ts";
import type { Generator } from "../../decoding/continuation.ts";
import { generateRows } from "../../decoding/generate.ts";
import { answerOf, taughtAnswer } from "../../decoding/answer.ts";
import { chooserOf, type Writing } from "../../decoding/writing.ts";
import { inBatches, removeParts, type Rows } from "../context/batchwise.ts";
import { programKey } from "../context/keys.ts";
import { type EncodedPrompts, openGenerator } from "./generator.ts";
import type { Prediction } from "../../metrics/metric.ts";
import type { Predicted } from "../../metrics/measure.ts";
import { metricKinds } from "../../metrics/mod.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import { type Score, score, type Scorer } from "./score.ts";
import { predict, readPredictions } from "./predict.ts";
import type { RunContext } from "../context/run_context.ts";

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
}

/** What an evaluation gives. */
export interface Evaluated {
  readonly predictions: readonly Prediction[];
  /** What metrics are computed of. */
  readonly predicted: Predicted;
  readonly cached: boolean;
}

/**
 * The predictions, from the store as far as they are there: answers and scores lie apart, so that another metric of
 * either makes the other not again.
 */
export async function predictions(
  runContext: RunContext,
  job: EvaluateJob,
): Promise<Evaluated> {
  const { stage, weights, tensorsKey } = job, { decoding, metrics } = stage.spec;
  const work = {
    programs: programKey(stage, weights),
    tensors: tensorsKey,
    chosen: selectedRows(interventionsOf(stage.adaptations), stage.examples),
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
    rows: stage.rows.map(({ prompt, completion, turns }) => {
      return [prompt, completion, ...(turns === undefined ? [] : [turns])];
    }),
  };
  const choices = stage.choices?.map((choices) => choices.map(({ text }) => text)) ?? null;
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

async function generate(runContext: RunContext, job: EvaluateJob, writing: Writing, key: string): Promise<string[]> {
  const { stage } = job, { model, adaptations, batchSize } = stage;
  const encoded = await job.encodedPrompts();
  const endTokens = new Set(stage.examples.flatMap(({ endToken }) => endToken ?? []));
  const writer = { ...job, model, adaptations, endTokens };
  const generator = await openGenerator(runContext, writer, batchSize, encoded, stage.examples);
  const lengths = stage.examples.map(({ prompt }) => prompt.length);
  const rows: Rows = { key, purpose: "answer", stage: stage.name, lengths, size: batchSize };
  return await inBatches(runContext, rows, async (batch) => {
    const prompts = batch.map((row) => stage.examples[row]!);
    const written = await write(generator, prompts, batch, writing, model);
    return written.map((tokens) => answerOf(writing.stop ?? [], model.tokenizer, tokens).text);
  });
}

/** The new tokens of each prompt; what is drawn for a row depends on its number and not on the others. */
function write(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  rows: readonly number[],
  writing: Writing,
  { tokenizer }: Model,
): Promise<number[][]> {
  if (writing.kind === "beam") return searchBeams(generator, prompts, writing);
  const choose = chooserOf(writing, rows);
  const { stop = [], maxNewTokens } = writing;
  const isDone = (written: readonly number[]) => stop.length > 0 && answerOf(stop, tokenizer, written).isStopped;
  return generateRows(generator, prompts, { maxNewTokens, choose, isDone });
}

/** The first of each row's likeliest choices. */
async function choose(runContext: RunContext, job: EvaluateJob, key: string): Promise<string[]> {
  const { choices = [], examples } = job.stage;
  const pairs = choices.flatMap((ofRow, row) => ofRow.map(({ tokens }) => [row, tokens] as const));
  const scored = await scoreAll(
    runContext,
    job,
    pairs.map(([row, completion]) => {
      const { prompt, source } = examples[row]!;
      return { prompt, source, completion };
    }),
    { key, purpose: "choice" },
  );
  let at = 0;
  return choices.map((ofRow) => {
    const losses = ofRow.map(() => scored[at++]!.loss);
    return ofRow[losses.indexOf(Math.min(...losses))]!.text;
  });
}

async function scoreAll(
  runContext: RunContext,
  job: EvaluateJob,
  examples: readonly TokenizedExample[],
  kept: Pick<Rows, "key" | "purpose">,
): Promise<Score[]> {
  const { stage, weights, compiled, tensors } = job;
  const { architecture } = stage.model,
    layout = withAttentionParts(wholeRows(architecture, stage.adaptations), architecture, examples);
  const scorer: Scorer = {
    architecture,
    adaptations: stage.adaptations,
    tensors,
    session: await runContext.session(scoreProgram(compiled, layout), weights),
  };
  const lengths = examples.map(({ prompt, completion }) => prompt.length + completion.length);
  const rows: Rows = { ...kept, stage: stage.name, lengths, size: stage.batchSize };
  return await inBatches(runContext, rows, (batch) => score(scorer, batch.map((row) => examples[row]!)));
}
