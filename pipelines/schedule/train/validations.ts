/** When a training is validated, and what follows from its validations. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isLowerBetter, metricNameOf } from "../../metrics/mod.ts";
import type { ValidationRecord } from "../../results/results.ts";
import { stepsInEpoch } from "../prepare/steps_in_epoch.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import { stepCount } from "./steps.ts";

/** Whether a training is validated after this many steps. */
export function isValidatedAt(stage: PreparedTraining, step: number): boolean {
  if (stage.validation === undefined || step === 0) return false;
  return step % stage.validation.interval === 0 || step === stepCount(stage);
}

/** How often a training is validated if it runs to its end. */
export function validationCount(stage: PreparedTraining): number {
  return stage.validation === undefined ? 0 : Math.ceil(stepCount(stage) / stage.validation.interval);
}

/** The index of the best of a training's validations, the earliest among equals; -1 if there is none. */
export function bestOf({ validation }: Pick<PreparedTraining, "validation">, records: readonly ValidationRecord[]) {
  if (validation === undefined) return -1;
  const { best } = validation, name = metricNameOf(best), sign = isLowerBetter(best) ? -1 : 1;
  const values = records.map(({ metrics }) => sign * (ownValue(metrics, name) ?? NaN));
  return values.indexOf(Math.max(...values));
}

/** Whether a training ends because its last `patience` validations were no better than the best. */
export function isOutOfPatience(stage: PreparedTraining, records: readonly ValidationRecord[]): boolean {
  const { patience = Infinity } = stage.spec;
  return records.length > 0 && records.length - 1 - bestOf(stage, records) >= patience;
}

/** The epoch that a training has completed after exactly this many steps, if it is to be kept. */
export function keptEpochAt({ spec, rows }: PreparedTraining, step: number): number | undefined {
  const epoch = step / stepsInEpoch({ spec, rows });
  return spec.checkpoints?.includes(epoch) ? epoch : undefined;
}
