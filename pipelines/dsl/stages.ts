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
  /** Passes over the rows. */
  readonly epochs: number;
  /** Rows whose gradients are computed together. */
  readonly batchSize: number;
  /** Batches whose gradients make one step; 1 if omitted. The loss is then the mean over all their labelled tokens. */
  readonly gradientAccumulation?: number;
  /**
   * In how many parts the rows of a batch are taken at once, each on a device of its own where a run has several
   * (`--devices cpu:2x1`); 1 if omitted. Their gradients are added in the order of the parts, so that losses are those of
   * one device but for rounding, and do not depend on how many devices there are.
   */
  readonly dataParallel?: number;
  /** How gradients become steps. */
  readonly optimizer: OptimizerSpec;
  /** Decides initial values and the order of rows; 42 if omitted. */
  readonly seed?: number;
  /** Whether each epoch has an order of its own; file order otherwise. On if omitted. */
  readonly shuffle?: boolean;
  /** Rows longer than this many tokens lose the front of their prompt; before a head, the end of their longer text. */
  readonly maxLength?: number;
  /**
   * Which end of such rows is cut in place of that, as transformers' `truncation_side`: with `"right"` a completion loses
   * its end, as in pyreft, or the prompt where an encoder reads it; with `"left"` before a head, texts lose their front.
   */
  readonly truncate?: Truncation;
  /**
   * Gradients of which the 2-norm, taken over all that is trained, is larger are scaled down to it before each step, as
   * torch's `clip_grad_norm_` does; not if omitted. transformers' Trainer has 1 by default, and so had
   * the ReFT paper's runs. Norms are in results.json, the report and TensorBoard.
   */
  readonly maxGradNorm?: number;
  /**
   * The share of each label, from 0 to below 1, that is spread evenly over all tokens of the vocabulary or all classes; 0
   * if omitted. It is torch's `label_smoothing` and transformers' `label_smoothing_factor`, whose formulas are the same:
   * the training's losses are then of smoothed labels, those of `evaluate` are not.
   */
  readonly labelSmoothing?: number;
  /** Steps after which the training ends, if its epochs do not before; schedules end there, too. */
  readonly maxSteps?: number;
  /**
   * Whether the frozen model's own dropout acts in training, at the rates of its config.json, as pyreft and peft have it;
   * not if omitted. Then nothing that the model computes is a constant, and every step runs over whole rows: `plan` says
   * what it costs. BERT, RoBERTa, DistilBERT, DeBERTa, GPT-2 and T5 have it; evaluations never do.
   */
  readonly baseDropout?: boolean;
  /**
   * Over what the loss of a step is a mean where `gradientAccumulation` is above 1: all labelled tokens of its batches
   * (`"tokens"`, and if omitted), or its batches, each the mean over its own tokens, as transformers' Trainer up to 4.45
   * and so pyreft has it (`"microbatches"`; a last step of fewer batches is divided by as many as a whole one).
   */
  readonly lossReduction?: LossReduction;
  /** What is minimized of rows with two answers, as in `dpo({ beta: 0.1 })`; other rows have none. */
  readonly objective?: ObjectiveSpec;
  /**
   * Measures the model on other rows while it is trained: in results.json (`validation`), the report and TensorBoard.
   * Nothing is compiled or encoded twice for it. Rows that are trained on, too, are counted and warned of.
   */
  readonly validate?: SweepableOptions<ValidateOptions>;
  /**
   * `"best"` gives the parameters of the validation that was best by its `best` metric, of equals the earliest;
   * `"last"`, and if omitted, those after the last step.
   */
  readonly keep?: KeptParameters;
  /** Ends the training after so many validations in a row of which none is better than the best before them. */
  readonly patience?: number;
  /** The epochs, from 1 up, after which the parameters are kept for {@linkcode Training.at}. */
  readonly checkpoints?: readonly number[];
}

/**
 * Trains what is to be learned of a model on the completions' tokens, or on labels where it has a head.
 *
 * @example Three passes over the rows in batches of 8
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
 * @example The best epoch by one half of the held-back rows, measured on the other
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
  /** What to measure, at least one. */
  readonly metrics: readonly MetricSpec[];
  /** Examples that are put before every prompt. */
  readonly fewShot?: FewShotSpec;
  /** How answers are made; needed by metrics of answers. */
  readonly decoding?: DecodingSpec;
  /** Rows that run together; up to 32 if omitted, as many as their keys and values take 256 MB. */
  readonly batchSize?: number;
  /**
   * Rows longer than this many tokens lose tokens from the start of their prompt, but no special tokens there; where answers
   * are written, `maxNewTokens` have to fit into the context, too. Before a head, texts lose the end of the longer one, as in
   * its training if omitted.
   */
  readonly maxLength?: number;
  /**
   * Which end is cut in place of that, as transformers' `truncation_side`: with `"right"` prompts that are longer by themselves
   * lose their end, as in pyreft.
   */
  readonly truncate?: Truncation;
  /** The published task that it is of, as `task(…).evaluation` has it: results and reports are then read beside the paper's. */
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

/** Settings of activations. */
export interface ActivationsOptions {
  /** The rows whose prompts or texts are read. Of completions nothing is; labels are written beside what is computed. */
  readonly data: Dataset;
  /** Which of a prompt's tokens are kept, as positions of an edit are written; `"all"` if omitted. */
  readonly positions?: string | ChoosePositions;
  /** Places whose representation is kept, as in `[block("all").mlp.output]`. */
  readonly sites?: readonly SiteSpec[];
  /** Whether the hidden states are kept, the embedding's and each block's; if omitted, where no sites are named. */
  readonly hiddenStates?: boolean;
  /** Whether the logits are kept; not if omitted. */
  readonly logits?: boolean;
}

/**
 * Writes down what a model, trained or not, computes of prompts, for probes and other studies: to
 * `members/<id>/<name>.safetensors`, a row a prompt, padded on the right. It holds `input_ids`, `attention_mask` and
 * `positions` [rows, kept tokens], `hidden_states.0` to `hidden_states.<blocks>` [rows, kept tokens, width] in
 * transformers' order, `logits`, and sites by name, as in `block.3.mlp.output`. Of T5 these are the encoder's tokens,
 * `encoder_hidden_states.0` and so on; its decoder reads the token alone that it starts with, so that what it gives,
 * `decoder_hidden_states.0` and so on, is [rows, 1, width]. Rows with labels need no head here: `labels` [rows] holds
 * them, numbers as they are, and of names the place among those that the file's metadata lists under `labels`.
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
 * A pipeline: a name and a function that declares its stages. What the function returns names the results.
 *
 * @param name Names the run's folder.
 * @param build Runs no tensor work.
 * @param conditions Leave out the members for which one of them does not hold, as in `where(({ rank }) => rank < 8)`.
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
