import type { Dataset } from "../data/dataset.ts";
import type { Truncation } from "../data/length_limits.ts";
import { declared, located } from "../common/source_location.ts";
import type {
  ActingSpec,
  ActivationsSpec,
  BestSpec,
  DecodingSpec,
  EvaluateSpec,
  FewShotSpec,
  KeptParameters,
  LossReduction,
  MetricSpec,
  ModelSpec,
  ObjectiveSpec,
  OptimizerSpec,
  Pipeline,
  SiteSpec,
  StageSpec,
  Sweepable,
  SweepableOptions,
  TaskSpec,
  TrainSpec,
  WhereSpec,
} from "../spec/mod.ts";
import type { ChoosePositions } from "../data/prompt_tokens.ts";
import { noteRunAlone } from "./alone.ts";
import { requireCall } from "./calls.ts";
import { type Training, trainingOf, type ValidateOptions } from "./training.ts";

/** Settings of a training. */
export interface TrainOptions {
  /** The rows. */
  readonly data: Dataset;
  /** The number of passes over the rows. */
  readonly epochs: number;
  /** The number of rows whose gradients are computed together. */
  readonly batchSize: number;
  /** The number of batches per training step; 1 if omitted. The loss is the mean over all their labelled tokens. */
  readonly gradientAccumulation?: number;
  /**
   * The number of parts that each batch is split into, which run at the same time, each on its own device if a run has
   * several (`--devices cpu:2x1`); 1 if omitted. Gradients are summed in the order of the parts, so that losses equal
   * those of one device up to rounding and do not depend on the number of devices.
   */
  readonly dataParallel?: number;
  /** The optimizer. */
  readonly optimizer: OptimizerSpec;
  /** The seed of initial values and of the order of rows; 42 if omitted. */
  readonly seed?: number;
  /** Whether rows are shuffled anew in each epoch instead of being read in file order; `true` if omitted. */
  readonly shuffle?: boolean;
  /**
   * Rows longer than this many tokens lose the beginning of their prompt or, with a head, the end of their longer text.
   */
  readonly maxLength?: number;
  /**
   * Which end of such rows is cut instead, like transformers' `truncation_side`. With `"right"`, the completion loses
   * its end, as in pyreft, or the prompt if an encoder reads it; with `"left"` and a head, texts lose their beginning.
   */
  readonly truncate?: Truncation;
  /**
   * Before each step, gradients are scaled down so that their 2-norm over all trained parameters is at most this, as by
   * torch's `clip_grad_norm_`; no clipping if omitted. The default of transformers' Trainer, and so of the ReFT paper's
   * runs, is 1. The norms are in results.json, the report and TensorBoard.
   */
  readonly maxGradNorm?: number;
  /**
   * The share of each label, from 0 to below 1, that is spread evenly over all tokens of the vocabulary or all classes;
   * 0 if omitted. This is torch's `label_smoothing` and transformers' `label_smoothing_factor`, whose formulas are the
   * same. Training losses then use smoothed labels; the loss of `evaluate` does not.
   */
  readonly labelSmoothing?: number;
  /** The maximum number of training steps; schedules end there, too. */
  readonly maxSteps?: number;
  /**
   * Whether the frozen model's own dropout is active in training, at the rates in its config.json, as in pyreft and
   * peft; `false` if omitted. Nothing that the model computes is then constant, and every step runs over whole rows;
   * `plan` shows the cost. BERT, RoBERTa, DistilBERT, DeBERTa, GPT-2 and T5 have such dropout. Evaluations never use
   * it.
   */
  readonly baseDropout?: boolean;
  /**
   * What the loss of a step is averaged over if `gradientAccumulation` is above 1. `"tokens"`, the default: all
   * labelled tokens of its batches. `"microbatches"`: its batches, each averaged over its own tokens, as in
   * transformers' Trainer up to 4.45 and thus pyreft; a last step with fewer batches is divided by the full number.
   */
  readonly lossReduction?: LossReduction;
  /** The objective for preferences, for example `dpo({ beta: 0.1 })`; omitted for other rows. */
  readonly objective?: ObjectiveSpec;
  /**
   * Measures the model on other rows during training; the values are in results.json (`validation`), the report and
   * TensorBoard. Nothing is compiled or encoded twice for it. Refract warns about rows that are also trained on, with
   * their number.
   */
  readonly validate?: SweepableOptions<ValidateOptions>;
  /**
   * The parameters that the training returns: with `"best"`, those of the validation with the best value of its `best`
   * metric, the earliest on a tie; with `"last"`, the default, those after the last step.
   */
  readonly keep?: KeptParameters;
  /** Ends the training after this many validations in a row without a new best value. */
  readonly patience?: number;
  /** The epochs, counted from 1, after which the parameters are kept for {@linkcode Training.at}. */
  readonly checkpoints?: readonly number[];
}

/**
 * Trains a model's edits on the completions' tokens, or on labels if it has a head.
 *
 * @example Three epochs in batches of 8
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, baseModel, block, jsonl, loreft, train } from "refract";
 *
 * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: 4 }));
 * const tuned = train(edited, { data: rows, epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }) });
 * assert.equal(tuned.shuffle, true);
 * ```
 *
 * @example The best epoch on one half of the held-back rows, measured on the other half
 * ```ts
 * import { accuracy, adamw, baseModel, block, classification, evaluate, jsonl, loreft, train } from "refract";
 *
 * const fields = { text: "{sentence}", label: "{label}" }, data = jsonl("./train.jsonl", fields);
 * const held = jsonl("./dev.jsonl", fields).split({ test: 0.5, seed: 42 }), metrics = [accuracy()];
 * const edit = loreft({ at: block("all").output, positions: "f1", rank: 1 });
 * const model = baseModel("FacebookAI/roberta-base").with(edit, classification({ labels: ["no", "yes"] }));
 * const optimizer = adamw({ learningRate: 6e-4 }), validate = { data: held.train, metrics };
 * const tuned = train(model, { data, epochs: 40, batchSize: 32, optimizer, validate, keep: "best", patience: 5 });
 * const tested = evaluate(tuned, { data: held.test, metrics });
 * ```
 */
export function train(model: Sweepable<ModelSpec | BestSpec>, options: SweepableOptions<TrainOptions>): Training {
  requireCall("train", arguments);
  const { gradientAccumulation = 1, seed = 42, shuffle = true, ...rest } = options;
  const data: TrainSpec = { ...rest, gradientAccumulation, seed, shuffle, kind: "train", model };
  return trainingOf(data);
}

/** Settings of an evaluation. */
export interface EvaluateOptions {
  /** The rows. */
  readonly data: Dataset;
  /** The metrics, at least one. */
  readonly metrics: readonly MetricSpec[];
  /** Few-shot examples that are put before every prompt. */
  readonly fewShot?: FewShotSpec;
  /** How answers are generated or chosen; required by metrics that compare answers. */
  readonly decoding?: DecodingSpec;
  /** The number of rows that run together; if omitted, up to 32, as long as their keys and values fit into 256 MB. */
  readonly batchSize?: number;
  /**
   * Rows longer than this many tokens lose tokens at the beginning of their prompt, but no special tokens; if answers
   * are generated, `maxNewTokens` must fit into the context, too. With a head, the longer text loses its end, and the
   * default is the training's `maxLength`, also for a saved head.
   */
  readonly maxLength?: number;
  /**
   * Which end is cut instead, like transformers' `truncation_side`: with `"right"`, prompts that are too long by
   * themselves lose their end, as in pyreft.
   */
  readonly truncate?: Truncation;
  /**
   * The published task that is measured, as in `task(…).evaluation`; reports then show the paper's results next to it.
   */
  readonly task?: TaskSpec;
}

/**
 * Measures a model, trained or not.
 *
 * @example Before and after a training
 * ```ts
 * import { adamw, baseModel, block, evaluate, exactMatch, greedy, jsonl, loreft, train } from "refract";
 *
 * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: 4 }));
 * const { train: seen, test: data } = rows.split({ test: 0.25, seed: 7 });
 * const tuned = train(edited, { data: seen, epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }) });
 * const measured = { data, decoding: greedy({ maxNewTokens: 8 }), metrics: [exactMatch()] };
 * const [before, after] = [evaluate(baseModel("builtin:tiny"), measured), evaluate(tuned, measured)];
 * ```
 */
export function evaluate(
  model: Sweepable<ActingSpec>,
  options: SweepableOptions<EvaluateOptions>,
): EvaluateSpec {
  requireCall("evaluate", arguments);
  return declared({ ...options, kind: "evaluate", model });
}

/** Settings of {@linkcode activations}. */
export interface ActivationsOptions {
  /** The rows whose prompts or texts are read. Completions are ignored; labels are written next to the activations. */
  readonly data: Dataset;
  /** Which of a prompt's tokens are kept, written like the positions of an edit; `"all"` if omitted. */
  readonly positions?: string | ChoosePositions;
  /** The sites whose representations are kept, for example `[block("all").mlp.output]`. */
  readonly sites?: readonly SiteSpec[];
  /** Whether the hidden states of the embedding and of each block are kept; if omitted, only if no sites are named. */
  readonly hiddenStates?: boolean;
  /** Whether the logits are kept; `false` if omitted. */
  readonly logits?: boolean;
}

/**
 * Saves the activations of a model, trained or not, on prompts, for probes and other studies: to
 * `members/<id>/<name>.safetensors`, one row per prompt, padded on the right. The file has `input_ids`,
 * `attention_mask` and `positions` [rows, kept tokens], `hidden_states.0` to `hidden_states.<blocks>` [rows, kept
 * tokens, width] in transformers' order, `logits`, and sites by name, for example `block.3.mlp.output`. For T5,
 * `encoder_hidden_states.0` and so on belong to the encoder's tokens; the decoder reads only its start token, so that
 * `decoder_hidden_states.0` and so on are [rows, 1, width]. Rows with labels need no head here: `labels` [rows] holds
 * numbers as they are and, for names, the index into the list `labels` in the file's metadata.
 *
 * @example The last token's hidden states and the MLPs' outputs
 * ```ts
 * import assert from "node:assert/strict";
 * import { activations, baseModel, block, jsonl } from "refract";
 *
 * const data = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const sites = [block("all").mlp.output];
 * const stage = activations(baseModel("builtin:tiny"), { data, positions: "l1", sites, hiddenStates: true });
 * assert.equal(stage.logits, false);
 * ```
 */
export function activations(
  model: Sweepable<ActingSpec>,
  options: SweepableOptions<ActivationsOptions>,
): ActivationsSpec {
  requireCall("activations", arguments);
  const { positions = "all", hiddenStates = options.sites === undefined, logits = false, ...rest } = options;
  return declared({ ...rest, positions, hiddenStates, logits, kind: "activations", model });
}

/**
 * A pipeline: a name and a function that declares its stages. The keys of the record that the function returns name the
 * results.
 *
 * @param name The name of the pipeline and of its runs' folder.
 * @param build Declares the stages; it does no tensor work.
 * @param conditions Conditions that a member must satisfy to run, for example `where(({ rank }) => rank < 8)`.
 *
 * @example A training and its evaluation, for four members
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   adamw,
 *   baseModel,
 *   block,
 *   evaluate,
 *   exactMatch,
 *   greedy,
 *   jsonl,
 *   loreft,
 *   pipeline,
 *   sweep,
 *   train,
 * } from "refract";
 *
 * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const { train: seen, test: unseen } = rows.split({ test: 0.25, seed: 7 });
 *
 * const first = pipeline("first", () => {
 *   const at = block(sweep("layer", [1, 2])).output, rank = sweep("rank", [1, 4]);
 *   const edited = baseModel("builtin:tiny").with(loreft({ at, positions: "l1", rank }));
 *   const tuned = train(edited, { data: seen, epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }) });
 *   return { tuned: evaluate(tuned, { data: unseen, decoding: greedy({ maxNewTokens: 8 }), metrics: [exactMatch()] }) };
 * });
 * assert.deepEqual(Object.keys(first.build()), ["tuned"]);
 * ```
 */
export function pipeline(
  name: string,
  build: () => Readonly<Record<string, StageSpec>>,
  ...conditions: readonly WhereSpec[]
): Pipeline {
  requireCall("pipeline", arguments);
  return noteRunAlone(located({ kind: "pipeline", name, build, conditions }));
}
