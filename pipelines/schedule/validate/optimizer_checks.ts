/** Checks of optimizers and schedules: one for each setting of each kind. @module */
import type { OptimizerName } from "../../../ops/optimizers/mod.ts";
import { schedules } from "../../../ops/optimizers/schedule.ts";
import {
  among,
  amount,
  belowOne,
  type Fields,
  flag,
  index,
  leaf,
  oneOf,
  optional,
  positive,
  share,
} from "../../common/checks.ts";
import { mapRecord } from "../../common/map_record.ts";
import type * as spec from "../../spec/mod.ts";

const decayScopes: Readonly<Record<spec.DecayScope, true>> = { all: true, weights: true };

const schedule = among(
  "a schedule, as in linearSchedule(…)",
  mapRecord(schedules, () => ({ warmup: share, warmupSteps: optional(index) }) satisfies Fields<spec.ScheduleSpec>),
);

const common = { schedule, weightDecay: amount, decay: oneOf(Object.keys(decayScopes)) };

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
