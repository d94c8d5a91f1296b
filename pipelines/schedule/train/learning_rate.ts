/** The learning rate of each step, as the train program computes it, for those who watch. @module */
import { schedules, warmupStepsOf } from "../../../ops/optimizers/schedule.ts";
import { scalarOf } from "../../../ops/passes/scalars.ts";
import { input } from "../../../ops/program/program.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";

/** The learning rate by a step's index, from 0. */
export function learningRates(
  { learningRate, schedule }: Pick<Resolved<TrainSpec>["optimizer"], "learningRate" | "schedule">,
  totalSteps: number,
): (index: number) => number {
  const factor = schedules[schedule.kind]({
    step: input("step", []),
    warmupSteps: input("warmupSteps", []),
    totalSteps: input("totalSteps", []),
  });
  const warmupSteps = warmupStepsOf(schedule, totalSteps);
  return (step) => learningRate * scalarOf(factor, new Map(Object.entries({ step, warmupSteps, totalSteps })));
}
