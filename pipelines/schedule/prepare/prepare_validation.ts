/** Prepares validations and the epochs that trainings keep. @module */
import { namingFunctions } from "../../common/function_name.ts";
import { RequestError } from "../../common/errors.ts";
import { withLocationOf } from "../../common/source_location.ts";
import { metricNameOf, metricOf } from "../../metrics/mod.ts";
import type { EvaluateSpec, Resolved, TrainSpec } from "../../spec/mod.ts";
import { formatSize } from "../../common/size.ts";
import { prepareEvaluation } from "./prepare_evaluation.ts";
import type { PreparedTraining, PreparedValidation } from "./prepared.ts";
import type { SharedPreparation } from "./shared_preparation.ts";
import { type EpochRows, stepsInEpoch } from "./steps_in_epoch.ts";

type Settings = Resolved<TrainSpec>;

/**
 * Prepares the validations of a training; `undefined` if it has none.
 *
 * @throws {RequestError} If their rows or settings are invalid, or a setting needs validations and there are none.
 */
export async function prepareValidation(
  shared: SharedPreparation,
  training: PreparedTraining,
): Promise<PreparedValidation | undefined> {
  const { name, spec } = training, { validate, keep, patience } = spec;
  const remedy = "add validate: { data, metrics } to it";
  if (validate === undefined) {
    if (keep === "best") {
      throw new RequestError(
        `the training ${name} should keep its best parameters but has no validation to compare them by; ${remedy}`,
      );
    }
    if (patience !== undefined) {
      throw new RequestError(`the training ${name} has patience but no validation; ${remedy}`);
    }
    return undefined;
  }
  const { every = "epoch", best, ...measured } = validate;
  const evaluated: Resolved<EvaluateSpec> = withLocationOf(spec, { ...measured, kind: "evaluate", model: spec });
  const acting = { model: training, training, epoch: undefined };
  const evaluation = await prepareEvaluation(shared, `the validation of ${name}`, evaluated, acting);
  const { metrics } = validate, decides = best ?? metrics[0]!;
  if (!metrics.some((metric) => metricNameOf(metric) === metricNameOf(decides))) {
    throw new RequestError(
      `the validation of ${name} is compared by ${metricNameOf(decides)}, which it does not measure; add ` +
        `${metricOf(decides).call} to its metrics`,
    );
  }
  const interval = every === "epoch" ? stepsInEpoch(training) : every;
  return { evaluation, interval, best: decides };
}

/** What determines the size of the epochs that a training keeps. */
interface CheckpointSizes {
  /** Those that it is trained on. */
  readonly rows: EpochRows["rows"];
  readonly trainableParameters: number;
}

/**
 * Requires that a training reaches the epochs that it keeps, and that the store has room for them.
 *
 * @throws {RequestError} If it does not.
 */
export function requireCheckpoints(
  shared: SharedPreparation,
  name: string,
  spec: Settings,
  { rows, trainableParameters }: CheckpointSizes,
): void {
  const { checkpoints = [], epochs, maxSteps = Infinity } = spec,
    last = Math.min(
      epochs,
      Math.floor(maxSteps / stepsInEpoch({ spec, rows })),
    );
  const beyond = checkpoints.find((epoch) => epoch > last);
  const twice = checkpoints.find((epoch, at) => checkpoints.indexOf(epoch) !== at);
  if (beyond !== undefined) {
    const why = last < epochs ? `maxSteps, ${maxSteps}, ends it in epoch ${last + 1}` : `it has ${epochs}`;
    throw new RequestError(`the training ${name} should keep epoch ${beyond}, but ${why}; correct its checkpoints`);
  }
  if (twice !== undefined) {
    throw new RequestError(`the checkpoints of the training ${name} list epoch ${twice} twice; list it once`);
  }
  if (checkpoints.length === 0) return;
  const bytes = 4 * trainableParameters * checkpoints.length;
  const { all, limit } = shared.takeRoom(JSON.stringify(spec, namingFunctions), bytes);
  if (all <= limit) return;
  const others = all > bytes ? `, and those of all trainings ${formatSize(all)}` : "";
  throw new RequestError(
    `the checkpoints of the training ${name}, ${checkpoints.length} in number, take ${
      formatSize(bytes)
    }${others}, and ` +
      `the store may hold ${formatSize(limit)}; keep fewer, or raise --cache-disk`,
  );
}

/**
 * Requires that a training keeps an epoch.
 *
 * @throws {RequestError} If it does not.
 */
export function requireKept({ name, spec: { checkpoints = [] } }: PreparedTraining, epoch: number): void {
  if (checkpoints.includes(epoch)) return;
  const listed = [...checkpoints, epoch].sort((a, b) => a - b).join(", ");
  throw new RequestError(`the training ${name} does not keep epoch ${epoch}; give it checkpoints: [${listed}]`);
}
