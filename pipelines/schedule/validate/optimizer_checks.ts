/** Checks of optimizers and schedules: one for each setting of each kind. @module */
import type { OptimizerName } from "../../../ops/optimizers/mod.ts";
import type { ScheduleName } from "../../../ops/optimizers/schedule.ts";
import {
  among,
  amount,
  belowOne,
  type Fields,
  flag,
  index,
  leaf,
  listOf,
  oneOf,
  optional,
  positive,
  record,
  share,
} from "../../common/checks.ts";
import type * as spec from "../../spec/mod.ts";

const decayScopes: Readonly<Record<spec.DecayScope, true>> = { all: true, weights: true };

const warm = { warmup: share, warmupSteps: optional(index) };
const scheduleKinds = {
  constant: warm,
  cosine: warm,
  inverseSqrt: warm,
  linear: warm,
  polynomial: { ...warm, power: positive, end: amount },
} satisfies {
  readonly [K in ScheduleName]: Fields<K extends "polynomial" ? spec.PolynomialScheduleSpec : spec.PlainScheduleSpec>;
};

const schedule = among("a schedule, as in linearSchedule(…)", scheduleKinds);

const parameterKinds: Readonly<Record<spec.ParameterKind, true>> = {
  edits: true,
  adapters: true,
  lora_A: true,
  lora_B: true,
  prefixTuning: true,
  head: true,
  base: true,
};
const parameterKind = oneOf(Object.keys(parameterKinds));

const kindsOfParameters = listOf(`kinds of parameters, as in ["edits", "head"]`, parameterKind);

const group = {
  match: (value: unknown, name: string) =>
    Array.isArray(value) ? kindsOfParameters(value, name) : parameterKind(value, name),
  learningRate: optional(amount),
  weightDecay: optional(amount),
} satisfies Fields<spec.ParameterGroup>;

const groups = listOf(
  `a list of groups, as in [{ match: "head", learningRate: 1e-3 }]`,
  record(`a group, as in { match: "head", learningRate: 1e-3 }`, group),
);

const common = { groups: optional(groups), schedule, weightDecay: amount, decay: oneOf(Object.keys(decayScopes)) };

const kinds = {
  adamw: { ...common, learningRate: amount, beta1: belowOne, beta2: belowOne, epsilon: amount },
  sgd: { ...common, learningRate: amount, momentum: belowOne, nesterov: flag },
  lion: { ...common, learningRate: amount, beta1: belowOne, beta2: belowOne },
  adafactor: {
    ...common,
    learningRate: optional(amount),
    scaleParameter: flag,
    warmupInit: flag,
    beta1: optional(belowOne),
    decayRate: leaf("a number below 0", (value) => Number.isFinite(value) && Number(value) < 0),
    clipThreshold: positive,
    epsilon: positive,
    scaleEpsilon: amount,
  },
} satisfies { readonly [K in OptimizerName]: Fields<Extract<spec.OptimizerSpec, { readonly kind: K }>> };

/** The check of an optimizer. */
export const optimizer = among("an optimizer, as in adamw(…)", kinds);
