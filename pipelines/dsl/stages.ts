import type { Dataset } from "../data/dataset.ts";
import { located } from "../common/source_location.ts";
import type {
  ActivationsSpec,
  BestSpec,
  DecodingSpec,
  EvaluateSpec,
  MetricSpec,
  ModelSpec,
  OptimizerSpec,
  Pipeline,
  SiteSpec,
  StageSpec,
  Sweepable,
  SweepableOptions,
  TrainSpec,
  WhereSpec,
} from "../spec/mod.ts";
import type { ChoosePositions } from "../data/prompt_tokens.ts";

/** Settings of a training. */
export interface TrainOptions {
  /** The rows. */
  readonly data: Dataset;
  /** Passes over the rows. */
  readonly epochs: number;
  /** Rows whose gradients are computed together. */
  readonly batchSize: number;
  /** Batches whose gradients make one step; 1 if left out. The loss is then the mean over all their labelled tokens. */
  readonly gradientAccumulation?: number;
  /** How gradients become steps. */
  readonly optimizer: OptimizerSpec;
  /** Decides initial values and the order of rows; 42 if left out. */
  readonly seed?: number;
  /** Whether each epoch has an order of its own; file order otherwise. On if left out. */
  readonly shuffle?: boolean;
  /** Rows longer than this many tokens lose the front of their prompt; before a head, the end of their longer text. */
  readonly maxLength?: number;
}

/** Trains what is to be learned of a model on the completions' tokens, or on labels where it has a head. */
export function train(model: Sweepable<ModelSpec | BestSpec>, options: SweepableOptions<TrainOptions>): TrainSpec {
  const { gradientAccumulation = 1, seed = 42, shuffle = true, ...rest } = options;
  return located({ ...rest, gradientAccumulation, seed, shuffle, kind: "train", model } as TrainSpec);
}

/** Settings of an evaluation. */
export interface EvaluateOptions {
  /** The rows. */
  readonly data: Dataset;
  /** What to measure, at least one. */
  readonly metrics: readonly MetricSpec[];
  /** How answers are made; needed by `exactMatch` and `accuracy`. */
  readonly decoding?: DecodingSpec;
  /** Rows that run together; up to 32 if left out, as many as their keys and values take 256 MB. */
  readonly batchSize?: number;
  /** Before a head, texts longer than this many tokens lose the end of the longer one; as in its training if left out. */
  readonly maxLength?: number;
}

/** Measures a model, trained or not. */
export function evaluate(
  model: Sweepable<ModelSpec | TrainSpec | BestSpec>,
  options: SweepableOptions<EvaluateOptions>,
): EvaluateSpec {
  return located({ ...options, kind: "evaluate", model } as EvaluateSpec);
}

/** Settings of activations. */
export interface ActivationsOptions {
  /** The rows whose prompts are read; of completions nothing is. */
  readonly data: Dataset;
  /** Which of a prompt's tokens are kept, as positions of an edit are written; `"all"` if left out. */
  readonly positions?: string | ChoosePositions;
  /** Places whose representation is kept, as in `[block("all").mlp.output]`. */
  readonly sites?: readonly SiteSpec[];
  /** Whether the hidden states are kept, the embedding's and each block's; if left out, where no sites are named. */
  readonly hiddenStates?: boolean;
  /** Whether the logits are kept; not if left out. */
  readonly logits?: boolean;
}

/**
 * Writes down what a model, trained or not, computes of prompts, for probes and other studies: to
 * `members/<id>/<name>.safetensors`, a row a prompt, padded on the right. It holds `input_ids`, `attention_mask` and
 * `positions` [rows, kept tokens], `hidden_states.0` to `hidden_states.<blocks>` [rows, kept tokens, width] in
 * transformers' order, `logits`, and sites by name, as in `block.3.mlp.output`. Of T5 these are the encoder's tokens,
 * `encoder_hidden_states.0` and so on; its decoder reads the token alone that it starts with, so that what it gives,
 * `decoder_hidden_states.0` and so on, is [rows, 1, width].
 */
export function activations(
  model: Sweepable<ModelSpec | TrainSpec | BestSpec>,
  options: SweepableOptions<ActivationsOptions>,
): ActivationsSpec {
  const { positions = "all", hiddenStates = options.sites === undefined, logits = false, ...rest } = options;
  return located({ ...rest, positions, hiddenStates, logits, kind: "activations", model } as ActivationsSpec);
}

/** Settings of every way to write an answer. */
export interface WritingOptions {
  /** Writing ends here, or at an end-of-sequence token. */
  readonly maxNewTokens: number;
  /** Makes tokens that were read or written before less likely, from 1 (not at all) on (Keskar et al. 2019). */
  readonly repetitionPenalty?: number;
  /** Writing ends before any of these texts. */
  readonly stop?: readonly string[];
}

/** Settings of greedy decoding. */
export type GreedyOptions = WritingOptions;

/** The likeliest token at each step. */
export function greedy(options: SweepableOptions<GreedyOptions>): DecodingSpec {
  return located({ ...options, kind: "greedy" } as DecodingSpec);
}

/** Settings of sampling. */
export interface SampleOptions extends WritingOptions {
  /** Divides the logits; 1 if left out. */
  readonly temperature?: number;
  /** Only that many of the likeliest tokens are drawn from; all if 0 or left out. */
  readonly topK?: number;
  /** Only the likeliest tokens whose probabilities sum to this are drawn from; 1 if left out. */
  readonly topP?: number;
  /** Decides what is drawn; 42 if left out. */
  readonly seed?: number;
}

/** Tokens drawn by their probabilities, after temperature, top-k and top-p in this order (Holtzman et al. 2020). */
export function sample(options: SweepableOptions<SampleOptions>): DecodingSpec {
  return located({ temperature: 1, topK: 0, topP: 1, seed: 42, ...options, kind: "sample" } as DecodingSpec);
}

/** Settings of beam search. */
export interface BeamOptions extends WritingOptions {
  /** How many continuations are followed. */
  readonly beams: number;
  /** A continuation's log-likelihood is divided by its length to this power; 1 if left out. */
  readonly lengthPenalty?: number;
}

/** The likeliest continuation that a beam search finds, as in transformers' `generate`. */
export function beam(options: SweepableOptions<BeamOptions>): DecodingSpec {
  return located({ lengthPenalty: 1, ...options, kind: "beam" } as DecodingSpec);
}

/**
 * The likeliest of some answers, by the sum of their tokens' log-likelihoods after the prompt.
 *
 * @param options The answers, or the name of the rows' field that lists them.
 */
export function choices(options: Sweepable<readonly string[] | string>): DecodingSpec {
  return located({ kind: "choices", options });
}

/** The share of answers equal to the row's completion, spaces around both left aside. */
export function exactMatch(): MetricSpec {
  return located({ kind: "exactMatch" });
}

/** The share of rows whose answer is the row's completion, for `choices`, or whose class is the row's, for a head. */
export function accuracy(): MetricSpec {
  return located({ kind: "accuracy" });
}

/** The mean negative log-likelihood of the completions' tokens or of the labels, in nats; of numbers the squared error. */
export function loss(): MetricSpec {
  return located({ kind: "loss" });
}

/** Settings of F1. */
export interface F1Options {
  /**
   * `binary`: of the second of two classes, as GLUE has it, and meant if left out. `macro`: the mean over the classes that
   * are a row's or were told of one.
   */
  readonly average?: "binary" | "macro";
}

/**
 * F1, the harmonic mean of precision and recall, as scikit-learn has it: 0 where there is nothing to find. In results it
 * is `f1`, or `macroF1`.
 */
export function f1({ average = "binary" }: F1Options = {}): MetricSpec {
  return located({ kind: average === "macro" ? "macroF1" : "f1" });
}

/**
 * Matthews' correlation of classes, GLUE's measure of CoLA, as scikit-learn has it: 0 where all rows are of one class or
 * were told to be.
 */
export function matthews(): MetricSpec {
  return located({ kind: "matthews" });
}

/**
 * Pearson's correlation of a regression's numbers with the rows', one of GLUE's measures of STS-B. It is 0 where all numbers
 * told are equal (scipy has no value there).
 */
export function pearson(): MetricSpec {
  return located({ kind: "pearson" });
}

/** Spearman's correlation: Pearson's of the ranks, which equal numbers share. */
export function spearman(): MetricSpec {
  return located({ kind: "spearman" });
}

/**
 * The mean squared error of the numbers that a regression head predicts, in the square of the rows' unit; less is better.
 *
 * @example Going on with the rate that predicts the numbers most closely
 * ```ts
 * import { adamw, baseModel, best, evaluate, mse, records, regression, sweep, train } from "refract";
 *
 * const data = records([{ text: "warm", degrees: 20 }, { text: "cold", degrees: 2 }], {
 *   text: "{text}",
 *   label: "{degrees}",
 * });
 * const optimizer = adamw({ learningRate: sweep("rate", [1e-4, 1e-3]) });
 * const tuned = train(baseModel("builtin:tiny").with(regression()), { data, epochs: 2, batchSize: 2, optimizer });
 * const found = best(evaluate(tuned, { data, metrics: [mse()] }), mse());
 * ```
 */
export function mse(): MetricSpec {
  return located({ kind: "mse" });
}

/**
 * A pipeline: a name and a function that declares its stages. What the function returns names the results.
 *
 * @param name Names the run's folder.
 * @param build Runs no tensor work.
 * @param conditions Leave out the members for which one of them does not hold, as in `where(({ rank }) => rank < 8)`.
 */
export function pipeline(
  name: string,
  build: () => Readonly<Record<string, StageSpec>>,
  ...conditions: readonly WhereSpec[]
): Pipeline {
  return located({ kind: "pipeline", name, build, conditions });
}
