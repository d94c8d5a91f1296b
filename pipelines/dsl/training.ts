import { noteDeclared } from "../common/declared.ts";
import { declared } from "../common/source_location.ts";
import type { Dataset } from "../data/dataset.ts";
import type {
  CheckpointSpec,
  DecodingSpec,
  MetricSpec,
  Sweepable,
  TrainSpec,
  ValidationInterval,
} from "../spec/mod.ts";
import { requireCall } from "./calls.ts";
import { withMethods } from "./methods.ts";

/** Settings of validation during training. */
export interface ValidateOptions {
  /** The rows. */
  readonly data: Dataset;
  /** The metrics, at least one. */
  readonly metrics: readonly MetricSpec[];
  /**
   * `"epoch"`, the default, for after each epoch, or a number of steps. There is always a validation after the last
   * step.
   */
  readonly every?: ValidationInterval;
  /** The metric that decides the best parameters and `patience`; the first of `metrics` if omitted. */
  readonly best?: MetricSpec;
  /** How answers are generated or chosen; required by metrics that compare answers. */
  readonly decoding?: DecodingSpec;
  /** The number of rows that run together; as in an evaluation if omitted. */
  readonly batchSize?: number;
  /** As in an evaluation. */
  readonly maxLength?: number;
}

/** A training, whose model can be evaluated. */
export interface Training extends TrainSpec {
  /**
   * The model after one of the epochs listed in `checkpoints`. It is also in the run's folder, and `deno task export
   * <run> --member main/epoch=1` exports it.
   *
   * @param epoch Counted from 1. If `patience` ended the training earlier, the model at its end.
   *
   * @example Each epoch's loss on held-back rows
   * ```ts
   * import assert from "node:assert/strict";
   * import { adamw, baseModel, block, evaluate, jsonl, loreft, loss, sweep, train } from "refract";
   *
   * const rows = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
   * const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: 4 }));
   * const { train: data, test } = rows.split({ test: 0.25, seed: 7 });
   * const optimizer = adamw({ learningRate: 4e-3 });
   * const tuned = train(edited, { data, epochs: 6, batchSize: 8, optimizer, checkpoints: [1, 3, 6] });
   * const score = evaluate(tuned.at(sweep("epoch", [1, 3, 6])), { data: test, metrics: [loss()] });
   * assert.equal(tuned.at(3).epoch, 3);
   * ```
   */
  at(epoch: Sweepable<number>): CheckpointSpec;
}

/** The optional settings of a training. */
type OmissibleSettings = { [K in keyof TrainSpec]-?: undefined extends TrainSpec[K] ? K : never }[keyof TrainSpec];

const omissible: Readonly<Record<OmissibleSettings, true>> = {
  dataParallel: true,
  maxLength: true,
  truncate: true,
  maxGradNorm: true,
  labelSmoothing: true,
  maxSteps: true,
  baseDropout: true,
  lossReduction: true,
  objective: true,
  validate: true,
  keep: true,
  patience: true,
  checkpoints: true,
};

/** A training with its methods. */
export function trainingOf(data: TrainSpec): Training {
  const training: Training = withMethods(
    data,
    {
      at(epoch: Sweepable<number>): CheckpointSpec {
        requireCall("tuned.at", arguments);
        return declared({ kind: "checkpoint", training, epoch });
      },
    },
    "a training",
    Object.keys(omissible),
  );
  noteDeclared(training);
  return training;
}
