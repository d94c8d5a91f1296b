import { declared } from "../common/source_location.ts";
import type { ClassificationSpec, RegressionSpec, RewardSpec, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of every head. */
export interface HeadOptions {
  /** Whether it keeps its initial values while the edits below it are trained; if omitted, it is trained with them. */
  readonly frozen?: boolean;
  /**
   * Whether it is newly initialized even if the checkpoint has a head: weights normal with standard deviation 0.02,
   * biases
   * 0. The checkpoint's pooler, if any, is kept. New weights are drawn with the training's seed.
   */
  readonly fresh?: boolean;
  /** A safetensors file to start from, relative to the pipeline file. */
  readonly initial?: string;
}

/** Settings of a classification head. */
export interface ClassificationOptions extends HeadOptions {
  /** The classes' names in the order of their ids, at least two. A row's label is a class's name or id. */
  readonly labels: readonly string[];
}

/**
 * A head that classifies texts or pairs of texts, as in transformers' `…ForSequenceClassification`: everything between
 * the last block and the classes, including the pooler. It reads the text's last token in a causal model, and the first
 * in an encoder. It is trained with the mean cross-entropy of the rows' labels.
 *
 * @example CoLA with an edit of the text's first token
 * ```ts
 * import { baseModel, block, classification, loreft } from "refract";
 *
 * const edited = baseModel("FacebookAI/roberta-base").with(
 *   loreft({ at: block("all").output, positions: "f1", rank: 1 }),
 *   classification({ labels: ["unacceptable", "acceptable"] }),
 * );
 * ```
 */
export function classification(options: SweepableOptions<ClassificationOptions>): ClassificationSpec {
  requireCall("classification", arguments);
  return declared({ frozen: false, fresh: false, ...options, kind: "classification" });
}

/**
 * A head that predicts a number, trained with the mean squared error; otherwise like {@linkcode classification}.
 *
 * @example The similarity of two sentences, from 0 to 5
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, block, loreft, regression, tsv } from "refract";
 *
 * const pairs = tsv("./STS-B/train.tsv", { text: "{sentence1}", pair: "{sentence2}", label: "{score}" });
 * const edit = loreft({ at: block("all").output, positions: "f1", rank: 1 });
 * const edited = baseModel("FacebookAI/roberta-base").with(edit, regression());
 * assert.equal(edited.edits.length, 2);
 * ```
 */
export function regression(options: SweepableOptions<HeadOptions> = {}): RegressionSpec {
  requireCall("regression", arguments);
  return declared({ frozen: false, fresh: false, ...options, kind: "regression" });
}

/**
 * A head that gives an answer a score, like transformers' `…ForSequenceClassification` with one label: it reads the
 * answer's last token, the end-of-sequence token. It is trained on preferences with `bradleyTerry()`; the prompt of a
 * row is computed once for both answers. The model must be causal.
 *
 * @example A reward model
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, lora, reward } from "refract";
 *
 * const scored = baseModel("builtin:tiny").with(lora({ rank: 8 }), reward());
 * assert.equal(scored.edits.length, 2);
 * ```
 */
export function reward(options: SweepableOptions<HeadOptions> = {}): RewardSpec {
  requireCall("reward", arguments);
  return declared({ frozen: false, fresh: false, ...options, kind: "reward" });
}
