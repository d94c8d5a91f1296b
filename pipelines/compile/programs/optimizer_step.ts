/** The optimizer's step for every parameter, as part of a program. @module */
import * as o from "../../../ops/operators.ts";
import { schedules } from "../../../ops/optimizers/schedule.ts";
import { input, leafName, type Value } from "../../../ops/program/program.ts";
import { mapRecord } from "../../common/map_record.ts";
import type { CompiledModel } from "./forward.ts";
import { groupOf, groupPrefix, parameterKinds } from "./parameter_groups.ts";
import type { Stepping } from "./stepping.ts";
import { exemptParameters } from "./weight_decay.ts";

/** A tensor that the host has to create. */
export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

const scalarInput = (name: string) => input(name, []);
const shapeOf = ({ shape }: Value) => shape as readonly number[];

/** The name of a part of the optimizer's state for a parameter. */
const stateName = (part: string, parameter: Value) => `${part}.${leafName(parameter)}`;

/** The optimizer's state for the parameters. */
export function stateTensors(parameters: readonly Value[], { optimizer }: Pick<Stepping, "optimizer">): TensorShape[] {
  return parameters.flatMap((parameter) =>
    Object.entries(optimizer.init(shapeOf(parameter))).map(([part, shape]) => ({
      name: stateName(part, parameter),
      shape,
    }))
  );
}

/** The parameters and their state after a step with some gradients, each named `next.` and its name. */
export function nextOf(
  model: CompiledModel,
  parameters: readonly Value[],
  gradients: readonly Value[],
  { optimizer, schedule, groups }: Stepping,
): Record<string, Value> {
  const exempt = exemptParameters(model), kinds = parameterKinds(model), step = scalarInput("step.index");
  const factor = schedules[schedule]({
    step,
    warmupSteps: scalarInput("step.warmupSteps"),
    totalSteps: scalarInput("step.totalSteps"),
    power: scalarInput("step.power"),
    end: scalarInput("step.end"),
  });
  const numbers = {
    count: o.add(step, 1),
    settings: mapRecord(optimizer.settings, (_, name) => scalarInput(`step.${name}`)),
  };
  const outputs: Record<string, Value> = {};
  parameters.forEach((value, index) => {
    const state = mapRecord(optimizer.init(shapeOf(value)), (shape, part) => input(stateName(part, value), shape));
    const name = leafName(value), prefix = groupPrefix(groupOf(kinds.get(name) ?? [], groups));
    const own = {
      learningRate: o.mul(scalarInput(`${prefix}learningRate`), factor),
      weightDecay: scalarInput(`${prefix}${exempt.has(name) ? "exemptDecay" : "weightDecay"}`),
    };
    const next = optimizer.update({ value, state }, gradients[index]!, { ...numbers, ...own });
    outputs[`next.${name}`] = next.value;
    for (const [part, each] of Object.entries(next.state)) outputs[`next.${stateName(part, value)}`] = each;
  });
  return outputs;
}
