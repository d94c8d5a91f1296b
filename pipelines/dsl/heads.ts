import { declared } from "../common/source_location.ts";
import type { ClassificationSpec, RegressionSpec, RewardSpec, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of every head. */
export interface HeadOptions {
  /** Whether it stays as it starts while the edits below it are trained; trained with them if omitted. */
  readonly frozen?: boolean;
  /**
   * Whether it starts anew where the checkpoint has one: weights normal with deviation 0.02, biases 0. A pooler that the
   * checkpoint has is kept. Where the checkpoint has no head, or with `fresh`, the training's seed decides.
   */
  readonly fresh?: boolean;
  /** A safetensors file to start from, relative to the pipeline file. */
  readonly initial?: string;
}

/** Settings of a head that classifies. */
export interface ClassificationOptions extends HeadOptions {
  /** The classes' names in the order of their ids, at least two. Rows name a class, or give its id. */
  readonly labels: readonly string[];
}

/**
 * A head that classifies texts or pairs of texts, as transformers' `…ForSequenceClassification` has it: what lies between
 * the last block and the classes, the pooler counted. A causal model's reads the text's last token, an encoder's the first.
 * It is trained on the mean cross-entropy of the rows' labels.
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
 * A head that predicts a number; it is trained on the mean squared error. Otherwise like {@linkcode classification}.
 *
 * @example How alike two sentences are, from 0 to 5
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
 * A head that gives an answer a number, as transformers' `…ForSequenceClassification` with one label does: it reads the
 * answer's last token, the end-of-sequence token counted. It is trained on preferences by `bradleyTerry()`; both
 * answers of a row share what is computed of their prompt. The model has to be causal.
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
