import { RequestError } from "../common/errors.ts";
import { located } from "../common/source_location.ts";
import type { Axis, BestSpec, BestValueSpec, EvaluateSpec, HalvingSpec, MetricSpec } from "../spec/mod.ts";
import { withMethods } from "./methods.ts";

/** The best member of an evaluation. */
export interface Best extends BestSpec {
  /** The value that it has on one of the axes that the evaluation depends on. */
  value<T>(axis: Axis<T>): BestValueSpec<T>;
}

/**
 * The best member of an evaluation, to go on with: evaluated elsewhere it brings its trained edit; trained again, its model
 * as declared. It is chosen among the members of all axes that the evaluation depends on; repetitions count by their mean.
 *
 * @param stage Measures what members are compared by.
 * @param by A metric of the stage (the lowest `loss`, the highest of others), or a {@linkcode halving}.
 *
 * @example Tuned on held-back rows, trained and tested with what was found
 * ```ts ignore
 * const found = best(evaluate(tuned, { data: heldBack, decoding, metrics: [exactMatch()] }), exactMatch());
 * const final = train(found, { ...settings, optimizer: adamw({ learningRate: found.value(rate) }), seed: repeat({ seeds }) });
 * return { test: evaluate(final, { data: test, decoding, metrics: [exactMatch()] }) };
 * ```
 */
export function best(stage: EvaluateSpec, by: MetricSpec | HalvingSpec): Best {
  const data: BestSpec = { kind: "best", stage, by };
  const self = withMethods(data, {
    value: <T>(axis: Axis<T>): BestValueSpec<T> => located({ kind: "bestValue", best: self, axis }),
  });
  return self;
}

/** Settings of a halving. */
export interface HalvingOptions {
  /** A metric of the stage. */
  readonly by: MetricSpec;
  /** How often members are compared, from 1 on. */
  readonly rounds: number;
  /** The share that each round keeps, between 0 and 1; at least one member stays. */
  readonly keep: number;
}

/**
 * Successive halving (Jamieson & Talwalkar 2016): all members are trained for few epochs, and each round keeps the better
 * ones and trains them anew for more, so that every round costs the same and all of them what the plain sweep would.
 */
export function halving({ by, rounds, keep }: HalvingOptions): HalvingSpec {
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new RequestError(`expected halving's rounds to be a whole number from 1 on but found ${rounds}; correct it`);
  }
  if (!(keep > 0 && keep < 1)) {
    throw new RequestError(
      `expected halving's keep to be a share between 0 and 1 but found ${keep}; correct it, as in 0.5`,
    );
  }
  return located({ kind: "halving", by, rounds, keep });
}
