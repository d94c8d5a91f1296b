/** Optimizers: the state kept for a parameter, and the update step. @module */
import { ownValue } from "../program/own_value.ts";
import type { Value } from "../program/program.ts";

/** A parameter with the state that an optimizer keeps for it between steps, by name. */
interface Parameter<Part extends string = string> {
  readonly value: Value;
  readonly state: Readonly<Record<Part, Value>>;
}

/** The scalars of a step, each a tensor without axes. */
interface Step<Setting extends string = string> {
  /** The learning rate at this step, with the schedule applied. */
  readonly learningRate: Value;
  readonly weightDecay: Value;
  /** The number of steps so far, including this one. */
  readonly count: Value;
  /** The optimizer's own settings by name. */
  readonly settings: Readonly<Record<Setting, Value>>;
}

/** An optimizer. */
export interface Optimizer<Part extends string = string, Setting extends string = string> {
  /** The settings that decide the update program: equal for optimizers with the same program. */
  readonly form: string;
  /** The settings that are fed to the program. */
  readonly settings: Readonly<Record<Setting, number>>;
  /** The shapes of the state kept for a parameter, which starts at 0. Names are lower-case words. */
  init(shape: readonly number[]): Readonly<Record<Part, readonly number[]>>;
  /** The parameter after one step along the gradient. */
  update(parameter: Parameter<Part>, gradient: Value, step: Step<Setting>): Parameter<Part>;
}

/** A part of a parameter's state that is kept only with some settings; its absence is a bug. */
export function partOf({ state }: Parameter, name: string): Value {
  const found = ownValue(state, name);
  if (found === undefined) throw new TypeError(`The optimizer's state lacks ${name}`);
  return found;
}
