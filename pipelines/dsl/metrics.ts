import { located } from "../common/source_location.ts";
import type { MetricSpec } from "../spec/mod.ts";
import { oneOf, optional } from "../common/checks.ts";
import { requireCall, type SettingChecks } from "./calls.ts";

/**
 * The share of answers equal to the row's completion, spaces around both left aside.
 *
 * @example Answers compared with the rows' completions
 * ```ts
 * import { baseModel, evaluate, exactMatch, greedy, jsonl } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const decoding = greedy({ maxNewTokens: 8 });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [exactMatch()] });
 * ```
 */
export function exactMatch(): MetricSpec {
  requireCall("exactMatch", arguments);
  return located({ kind: "exactMatch" });
}

/**
 * The share of rows whose answer is the row's completion, for `choices`, or whose class is the row's, for a head.
 *
 * @example Which of two answers is the likelier
 * ```ts
 * import { accuracy, baseModel, choices, evaluate, jsonl } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const decoding = choices(["yes", "no"]);
 * const measured = evaluate(baseModel("builtin:tiny"), { data, decoding, metrics: [accuracy()] });
 * ```
 */
export function accuracy(): MetricSpec {
  requireCall("accuracy", arguments);
  return located({ kind: "accuracy" });
}

/**
 * The mean negative log-likelihood of the completions' tokens or of the labels, in nats; of numbers the squared error.
 *
 * @example A measure that needs no decoding
 * ```ts
 * import { baseModel, evaluate, jsonl, loss } from "refract";
 *
 * const data = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const measured = evaluate(baseModel("builtin:tiny"), { data, metrics: [loss()] });
 * ```
 */
export function loss(): MetricSpec {
  requireCall("loss", arguments);
  return located({ kind: "loss" });
}

/** Settings of F1. */
export interface F1Options {
  /**
   * `binary`: of the second of two classes, as GLUE has it, and meant if omitted. `macro`: the mean over the classes that
   * are a row's or were predicted for one.
   */
  readonly average?: "binary" | "macro";
}

const f1Options: SettingChecks<F1Options> = { average: optional(oneOf(["binary", "macro"])) };

/**
 * F1, the harmonic mean of precision and recall, as scikit-learn has it: 0 where there is nothing to find. In results it
 * is `f1`, or `macroF1`.
 *
 * @example Of the second class, and the mean over all classes
 * ```ts
 * import assert from "node:assert/strict";
 * import { f1 } from "refract";
 *
 * const names = [f1(), f1({ average: "macro" })].map(({ kind }) => kind);
 * assert.deepEqual(names, ["f1", "macroF1"]);
 * ```
 */
export function f1(options: F1Options = {}): MetricSpec {
  requireCall("f1", arguments, f1Options);
  const { average = "binary" } = options;
  return located({ kind: average === "macro" ? "macroF1" : "f1" });
}

/**
 * Matthews' correlation of classes, GLUE's measure of CoLA, as scikit-learn has it: 0 where all rows are of one class or
 * were predicted to be.
 *
 * @example CoLA, with a head that the checkpoint has
 * ```ts
 * import { baseModel, classification, evaluate, matthews, tsv } from "refract";
 *
 * const columns = ["source", "label", "mark", "sentence"];
 * const data = tsv("./CoLA/dev.tsv", { text: "{sentence}", label: "{label}" }, { header: false, columns });
 * const classifier = baseModel("./cola-model").with(classification({ labels: ["unacceptable", "acceptable"] }));
 * const measured = evaluate(classifier, { data, metrics: [matthews()] });
 * ```
 */
export function matthews(): MetricSpec {
  requireCall("matthews", arguments);
  return located({ kind: "matthews" });
}

/**
 * Pearson's correlation of a regression's numbers with the rows', one of GLUE's measures of STS-B. It is 0 where all numbers
 * predictions are equal (scipy has no value there).
 *
 * @example STS-B, with a head that the checkpoint has
 * ```ts
 * import { baseModel, evaluate, pearson, regression, tsv } from "refract";
 *
 * const data = tsv("./STS-B/dev.tsv", { text: "{sentence1}", pair: "{sentence2}", label: "{score}" });
 * const measured = evaluate(baseModel("./sts-model").with(regression()), { data, metrics: [pearson()] });
 * ```
 */
export function pearson(): MetricSpec {
  requireCall("pearson", arguments);
  return located({ kind: "pearson" });
}

/**
 * Spearman's correlation: Pearson's of the ranks, which equal numbers share.
 *
 * @example Both of GLUE's measures of STS-B
 * ```ts
 * import { baseModel, evaluate, pearson, regression, spearman, tsv } from "refract";
 *
 * const data = tsv("./STS-B/dev.tsv", { text: "{sentence1}", pair: "{sentence2}", label: "{score}" });
 * const measured = evaluate(baseModel("./sts-model").with(regression()), { data, metrics: [pearson(), spearman()] });
 * ```
 */
export function spearman(): MetricSpec {
  requireCall("spearman", arguments);
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
  requireCall("mse", arguments);
  return located({ kind: "mse" });
}
