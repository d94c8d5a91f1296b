/** The learning rate of each step, as the train program computes it, for display. @module */
import { schedules, warmupStepsOf } from "../../../ops/optimizers/schedule.ts";
import { scalarOf } from "../../../ops/passes/scalars.ts";
import { input } from "../../../ops/program/program.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";

/** The learning rate by a step's index, from 0; undefined for an optimizer that finds its own. */
export function learningRates(
  { learningRate, schedule }: Pick<Resolved<TrainSpec>["optimizer"], "learningRate" | "schedule">,
  totalSteps: number,
): (index: number) => number | undefined {
  if (learningRate === undefined) return () => undefined;
  const factor = schedules[schedule.kind]({
    step: input("step", []),
    warmupSteps: input("warmupSteps", []),
    totalSteps: input("totalSteps", []),
    power: input("power", []),
    end: input("end", []),
  });
  const { power, end } = schedule.kind === "polynomial" ? schedule : { power: 1, end: 0 };
  const fixed = { warmupSteps: warmupStepsOf(schedule, totalSteps), totalSteps, power, end: end / learningRate };
  return (step) => learningRate * scalarOf(factor, new Map(Object.entries({ ...fixed, step })));
}
