import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { Axis, BestSpec, BestValueSpec, EvaluateSpec, HalvingSpec, MetricSpec } from "../spec/mod.ts";
import { withMethods } from "./methods.ts";
import { anything, leaf } from "../common/checks.ts";
import { requireCall, type SettingChecks } from "./calls.ts";

/** The best member of an evaluation. */
export interface Best extends BestSpec<EvaluateSpec> {
  /**
   * The best member's value on one of the axes that the evaluation depends on.
   *
   * @example Training on more rows with the best member's rank
   * ```ts
   * import { adamw, baseModel, best, block, evaluate, jsonl, loreft, loss, sweep, train } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const settings = { epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }) };
   * const rank = sweep("rank", [1, 4]), base = baseModel("builtin:tiny"), at = block(2).output;
   * const small = train(base.with(loreft({ at, positions: "l1", rank })), { data: rows.take(100), ...settings });
   * const found = best(evaluate(small, { data: rows.skip(900), metrics: [loss()] }), loss());
   *
   * const edited = base.with(loreft({ at, positions: "l1", rank: found.value(rank) }));
   * const final = train(edited, { data: rows.take(900), ...settings });
   * ```
   */
  value<T>(axis: Axis<T>): BestValueSpec<T>;
}

/**
 * The best member of an evaluation, for use in later stages: an evaluation of it uses its trained edit, and a training
 * of it starts from its model as declared. It is chosen among the members of all axes that the evaluation depends on,
 * by the mean over repetitions.
 *
 * @param stage The evaluation by which members are compared.
 * @param by A metric of the stage, whose highest value is best, or whose lowest if less is better; or a
 * {@linkcode halving}.
 *
 * @example Settings chosen on held-back rows, then used for training and testing
 * ```ts
 * import {
 *   adamw,
 *   baseModel,
 *   best,
 *   block,
 *   evaluate,
 *   exactMatch,
 *   greedy,
 *   jsonl,
 *   loreft,
 *   repeat,
 *   sweep,
 *   train,
 * } from "refract";
 *
 * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const { train: seen, test: heldBack } = rows.split({ test: 0.2, seed: 7 });
 * const test = jsonl("./test.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const rate = sweep("rate", [1e-3, 4e-3]);
 * const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: 4 }));
 * const settings = { data: seen, epochs: 3, batchSize: 8 };
 * const measured = { decoding: greedy({ maxNewTokens: 8 }), metrics: [exactMatch()] };
 *
 * const tuned = train(edited, { ...settings, optimizer: adamw({ learningRate: rate }) });
 * const found = best(evaluate(tuned, { data: heldBack, ...measured }), exactMatch());
 * const seed = repeat({ seeds: [42, 43, 44] });
 * const final = train(found, { ...settings, optimizer: adamw({ learningRate: found.value(rate) }), seed });
 * const tested = evaluate(final, { data: test, ...measured });
 * ```
 */
export function best(stage: EvaluateSpec, by: MetricSpec | HalvingSpec): Best {
  requireCall("best", arguments);
  const data: BestSpec<EvaluateSpec> = { kind: "best", stage, by };
  const self = withMethods(data, {
    value<T>(axis: Axis<T>): BestValueSpec<T> {
      requireCall("value", arguments);
      return located({ kind: "bestValue", best: self, axis });
    },
  }, "the best member");
  return self;
}

/** Settings of successive halving. */
export interface HalvingOptions {
  /** A metric of the stage. */
  readonly by: MetricSpec;
  /** The number of rounds in which members are compared, at least 1. */
  readonly rounds: number;
  /** The share of members that each round keeps, between 0 and 1; at least one is kept. */
  readonly keep: number;
}

const halvingOptions: SettingChecks<HalvingOptions> = {
  by: leaf("a metric, as in exactMatch()", (value) => typeof value === "object" && value !== null && "kind" in value),
  rounds: anything,
  keep: anything,
};

/**
 * Successive halving (Jamieson & Talwalkar 2016): all members are first trained for a few epochs, and each round keeps
 * the better ones and trains them from scratch for more epochs. Every round costs the same, and all rounds together
 * cost as much as the plain sweep.
 *
 * @example Three rounds that keep half of the members each
 * ```ts
 * import assert from "node:assert/strict";
 * import { exactMatch, halving } from "refract";
 *
 * const search = halving({ by: exactMatch(), rounds: 3, keep: 0.5 });
 * assert.equal(search.rounds, 3);
 * assert.throws(() => halving({ by: exactMatch(), rounds: 3, keep: 2 }), /between 0 and 1/);
 * ```
 */
export function halving(options: HalvingOptions): HalvingSpec {
  requireCall("halving", arguments, halvingOptions);
  const { by, rounds, keep } = options;
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new RequestError(`expected halving's rounds to be a whole number from 1 up but found ${rounds}; correct it`);
  }
  if (!(keep > 0 && keep < 1)) {
    throw new RequestError(
      `expected halving's keep to be a share between 0 and 1 but found ${keep}; correct it, as in 0.5`,
    );
  }
  return located({ kind: "halving", by, rounds, keep });
}
