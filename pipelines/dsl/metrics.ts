import { located } from "../common/source_location.ts";
import type { CombinedName } from "../metrics/declared.ts";
import type { MeasuredRow } from "../metrics/prediction.ts";
import type { MetricSpec } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of every metric. */
export interface MetricOptions {
  /** The metric's name in results, one word; required if an evaluation has two metrics of the same kind. */
  readonly name?: string;
}

/** Settings of metrics that compare classes. */
export interface ClassMetricOptions extends MetricOptions {
  /** Returns the name of the class to compare instead of the predicted one. */
  readonly map?: (label: string, row: MeasuredRow) => string;
}

/** Settings of metrics that compare numbers. */
export interface NumberMetricOptions extends MetricOptions {
  /** Returns the number to compare instead of the predicted one. */
  readonly map?: (number: number, row: MeasuredRow) => number;
}

/**
 * The mean negative log-likelihood of the completions' tokens or of the labels, in nats; for numbers, the mean squared
 * error.
 *
 * @example A metric that needs no decoding
 * ```ts
 * import { baseModel, evaluate, jsonl, loss } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, metrics: [loss()] });
 * ```
 */
export function loss(options: MetricOptions = {}): MetricSpec {
  requireCall("loss", arguments);
  return located({ ...options, kind: "loss" });
}

/**
 * The perplexity of completions: the exponential of their mean negative log-likelihood per token, including the
 * end-of-sequence token.
 *
 * @param options The metric's name in results.
 *
 * @example Before and after a training
 * ```ts
 * import { baseModel, evaluate, jsonl, perplexity } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, metrics: [perplexity()] });
 * ```
 */
export function perplexity(options: MetricOptions = {}): MetricSpec {
  requireCall("perplexity", arguments);
  return located({ ...options, kind: "perplexity" });
}

/**
 * The negative log-likelihood of completions in bits, including the end-of-sequence token, divided by the number of
 * UTF-8 bytes of their texts. Unlike a loss per token, it can compare models with different tokenizers.
 *
 * @param options The metric's name in results.
 *
 * @example Two models side by side
 * ```ts
 * import { baseModel, bitsPerByte, evaluate, jsonl, sweep } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const source = sweep("model", ["builtin:tiny", "HuggingFaceTB/SmolLM2-135M"]);
 * const measured = evaluate(baseModel(source), { data, metrics: [bitsPerByte()] });
 * ```
 */
export function bitsPerByte(options: MetricOptions = {}): MetricSpec {
  requireCall("bitsPerByte", arguments);
  return located({ ...options, kind: "bitsPerByte" });
}

/** Settings of F1. */
export interface F1Options extends ClassMetricOptions {
  /**
   * `binary`, the default: F1 of the second of two classes, as in GLUE. `macro`: the mean over the classes that occur
   * among the labels or the predictions.
   */
  readonly average?: "binary" | "macro";
}

/**
 * F1, the harmonic mean of precision and recall, as in scikit-learn: 0 if the class occurs neither among the labels nor
 * among the predictions. It is called `f1` or `macroF1` in results.
 *
 * @example F1 of the second class, and the mean over all classes
 * ```ts
 * import assert from "node:assert/strict";
 * import { f1 } from "refract";
 *
 * const names = [f1(), f1({ average: "macro" })].map(({ kind }) => kind);
 * assert.deepEqual(names, ["f1", "macroF1"]);
 * ```
 */
export function f1({ average = "binary", ...options }: F1Options = {}): MetricSpec {
  requireCall("f1", arguments);
  return located({ ...options, kind: average === "macro" ? "macroF1" : "f1" });
}

/**
 * Matthews' correlation of classes, GLUE's metric for CoLA, as in scikit-learn: 0 if all labels or all predictions are
 * the same class.
 *
 * @example CoLA, with the checkpoint's own head
 * ```ts
 * import { baseModel, classification, evaluate, matthews, tsv } from "refract";
 *
 * const columns = ["source", "label", "mark", "sentence"];
 * const data = tsv("./CoLA/dev.tsv", { text: "{sentence}", label: "{label}" }, { header: false, columns });
 * const classifier = baseModel("./cola-model").with(classification({ labels: ["unacceptable", "acceptable"] }));
 * const measured = evaluate(classifier, { data, metrics: [matthews()] });
 * ```
 */
export function matthews(options: ClassMetricOptions = {}): MetricSpec {
  requireCall("matthews", arguments);
  return located({ ...options, kind: "matthews" });
}

/**
 * Pearson's correlation of predicted numbers with the labels, one of GLUE's metrics for STS-B. It is 0 if all
 * predictions are equal, where scipy returns NaN.
 *
 * @example STS-B, with the checkpoint's own head
 * ```ts
 * import { baseModel, evaluate, pearson, regression, tsv } from "refract";
 *
 * const data = tsv("./STS-B/dev.tsv", { text: "{sentence1}", pair: "{sentence2}", label: "{score}" });
 * const measured = evaluate(baseModel("./sts-model").with(regression()), { data, metrics: [pearson()] });
 * ```
 */
export function pearson(options: NumberMetricOptions = {}): MetricSpec {
  requireCall("pearson", arguments);
  return located({ ...options, kind: "pearson" });
}

/**
 * Spearman's correlation: Pearson's correlation of the ranks, where equal numbers share a rank.
 *
 * @example Both of GLUE's metrics for STS-B
 * ```ts
 * import { baseModel, evaluate, pearson, regression, spearman, tsv } from "refract";
 *
 * const data = tsv("./STS-B/dev.tsv", { text: "{sentence1}", pair: "{sentence2}", label: "{score}" });
 * const measured = evaluate(baseModel("./sts-model").with(regression()), { data, metrics: [pearson(), spearman()] });
 * ```
 */
export function spearman(options: NumberMetricOptions = {}): MetricSpec {
  requireCall("spearman", arguments);
  return located({ ...options, kind: "spearman" });
}

/**
 * The mean squared error of the numbers that a regression head predicts, in the squared unit of the labels; less is
 * better.
 *
 * @example The learning rate with the smallest error, for use in later stages
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
export function mse(options: NumberMetricOptions = {}): MetricSpec {
  requireCall("mse", arguments);
  return located({ ...options, kind: "mse" });
}

/**
 * The share of preferences whose chosen answer has the larger reward. The reward is defined by the objective that the
 * model was trained with, by its head, or, for a model that was not trained on preferences, by the answers'
 * log-likelihoods.
 *
 * @example DPO's implicit rewards on unseen rows
 * ```ts
 * import { adamw, baseModel, block, dpo, evaluate, jsonl, loreft, prefer, rewardAccuracy, rewardMargin, train } from "refract";
 *
 * const rows = jsonl("./pairs.jsonl", prefer({ prompt: "{question}\n", chosen: "{better}", rejected: "{worse}" }));
 * const { train: data, test } = rows.split({ test: 0.25, seed: 7 });
 * const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: 4 }));
 * const settings = { epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }) };
 * const tuned = train(edited, { data, ...settings, objective: dpo({ beta: 0.1 }) });
 * const measured = evaluate(tuned, { data: test, metrics: [rewardAccuracy(), rewardMargin()] });
 * ```
 */
export function rewardAccuracy(options: MetricOptions = {}): MetricSpec {
  requireCall("rewardAccuracy", arguments);
  return located({ ...options, kind: "rewardAccuracy" });
}

/**
 * The mean difference between the rewards of the chosen and the rejected answer; rewards are those of
 * {@linkcode rewardAccuracy}.
 *
 * @example The log-ratio of both answers under the base model
 * ```ts
 * import { baseModel, evaluate, jsonl, prefer, rewardMargin } from "refract";
 *
 * const data = jsonl("./pairs.jsonl", prefer({ prompt: "{question}\n", chosen: "{better}", rejected: "{worse}" }));
 * const measured = evaluate(baseModel("builtin:tiny"), { data, metrics: [rewardMargin()] });
 * ```
 */
export function rewardMargin(options: MetricOptions = {}): MetricSpec {
  requireCall("rewardMargin", arguments);
  return located({ ...options, kind: "rewardMargin" });
}

/**
 * The mean of several metrics of a head, such as GLUE's combined score for MRPC and QQP (accuracy and F1) and for STS-B
 * (Pearson's and Spearman's correlation).
 *
 * @param parts The metrics, all for classes or all for numbers.
 * @param options The metric's name in results.
 *
 * @example GLUE's MRPC
 * ```ts
 * import { accuracy, combined, f1 } from "refract";
 *
 * const metrics = [accuracy(), f1(), combined(["accuracy", "f1"], { name: "combined_score" })];
 * ```
 */
export function combined(parts: readonly CombinedName[], options: MetricOptions = {}): MetricSpec {
  requireCall("combined", arguments);
  return located({ ...options, parts, kind: "combined" });
}
