/** What a rule of update is: the state that it keeps of a parameter, and its step. @module */
import { ownValue } from "../program/own_value.ts";
import type { Value } from "../program/program.ts";

/** A parameter with what a rule keeps of it from step to step, by name. */
interface Parameter<Part extends string = string> {
  readonly value: Value;
  readonly state: Readonly<Record<Part, Value>>;
}

/** The numbers of a step, each a tensor without axes. */
interface Step<Setting extends string = string> {
  /** The rate at this step, its schedule applied. */
  readonly learningRate: Value;
  readonly weightDecay: Value;
  /** Steps taken, this one included. */
  readonly count: Value;
  /** The rule's own settings, by name. */
  readonly settings: Readonly<Record<Setting, Value>>;
}

/** A rule of update. */
export interface Optimizer<Part extends string = string, Setting extends string = string> {
  /** Equal for rules with the same program: what of the settings decides it. */
  readonly form: string;
  /** The settings that are fed to the program. */
  readonly settings: Readonly<Record<Setting, number>>;
  /** The shapes of what it keeps of a parameter, all of which start at 0. Names are lower-case words. */
  init(shape: readonly number[]): Readonly<Record<Part, readonly number[]>>;
  /** The parameter after one step along the gradient. */
  update(parameter: Parameter<Part>, gradient: Value, step: Step<Setting>): Parameter<Part>;
}

/** A part of a parameter's state, of rules that keep it under some settings alone; its absence is a bug. */
export function partOf({ state }: Parameter, name: string): Value {
  const found = ownValue(state, name);
  if (found === undefined) throw new TypeError(`The optimizer lacks ${name} of its state`);
  return found;
}
