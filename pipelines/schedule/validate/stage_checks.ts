/** Checks of stages: one for each setting of each kind. @module */
import { objectives } from "../../../ops/objectives/mod.ts";
import type { ObjectiveSetting } from "../../../ops/objectives/objective.ts";
import {
  among,
  amount,
  belowOne,
  type Check,
  count,
  type Fields,
  flag,
  from,
  index,
  integer,
  leaf,
  listOf,
  oneOf,
  optional,
  positive,
  record,
  text,
} from "../../common/checks.ts";
import type { Truncation } from "../../data/length_limits.ts";
import { mapRecord } from "../../common/map_record.ts";
import { metricKinds } from "../../metrics/mod.ts";
import type * as spec from "../../spec/mod.ts";
import { decoding } from "./decoding_checks.ts";
import { dataset, model } from "./model_checks.ts";
import { optimizer } from "./optimizer_checks.ts";
import { positions, site } from "./site_checks.ts";

const truncations: Readonly<Record<Truncation, true>> = { left: true, right: true };
const lossReductions: Readonly<Record<spec.LossReduction, true>> = { tokens: true, microbatches: true };

const settingRanges: Readonly<Record<ObjectiveSetting["range"], Check>> = {
  positive,
  amount,
  belowHalf: leaf("a number of at least 0 and below 0.5", (value) => from(0, 0.5)(value) && value !== 0.5),
};

const objective = among(
  `one of ${Object.values(objectives).map(({ call }) => call).join(", ")}`,
  mapRecord(objectives, ({ settings }) => mapRecord(settings, ({ range }) => settingRanges[range])),
);

const metric = among(
  `one of ${Object.values(metricKinds).map(({ call }) => call).join(", ")}`,
  mapRecord(metricKinds, ({ settings }) => settings),
);
const metrics = listOf("a list of metrics, as in [exactMatch()]", metric);

const intervals = leaf('"epoch" or a whole number of steps, 1 or more', (value) => {
  return value === "epoch" || Number.isSafeInteger(value) && from(1)(value);
});
const validation = record(
  "what to measure while it trains, as in { data: rows, metrics: [loss()] }",
  {
    data: dataset,
    metrics,
    every: optional(intervals),
    best: optional(metric),
    decoding: optional(decoding),
    batchSize: optional(count),
    maxLength: optional(count),
  } satisfies Fields<spec.ValidateSpec>,
);
const keptParameters: Readonly<Record<spec.KeptParameters, true>> = { last: true, best: true };

const train = {
  model: among("a model, as in baseModel(…).with(…)", { model }),
  data: dataset,
  epochs: count,
  batchSize: count,
  gradientAccumulation: count,
  optimizer,
  seed: integer,
  shuffle: flag,
  maxLength: optional(count),
  truncate: optional(oneOf(Object.keys(truncations))),
  maxGradNorm: optional(positive),
  labelSmoothing: optional(belowOne),
  maxSteps: optional(count),
  baseDropout: optional(flag),
  lossReduction: optional(oneOf(Object.keys(lossReductions))),
  objective: optional(objective),
  validate: optional(validation),
  keep: optional(oneOf(Object.keys(keptParameters))),
  patience: optional(count),
  checkpoints: optional(listOf("a list of epochs, as in [1, 3]", count)),
  dataParallel: optional(count),
} satisfies Fields<spec.TrainSpec>;

/** What evaluations and activations use. */
const acting = among("a model, as in baseModel(…) or train(…)", {
  model,
  train,
  checkpoint: {
    training: among("a training, as in train(…)", { train }),
    epoch: count,
  } satisfies Fields<spec.CheckpointSpec>,
});

const evaluate = {
  model: acting,
  data: dataset,
  metrics,
  fewShot: optional(
    among("examples, as in fewShot(rows, 5, 42)", {
      fewShot: {
        examples: dataset,
        count: index,
        seed: integer,
        separator: text,
        inOrder: optional(flag),
      } satisfies Fields<spec.FewShotSpec>,
    }),
  ),
  decoding: optional(decoding),
  batchSize: optional(count),
  maxLength: optional(count),
  truncate: optional(oneOf(Object.keys(truncations))),
  task: optional(
    among("a task, as in task(…).evaluation", {
      task: { suite: text, name: text, scoring: text, metric: text } satisfies Fields<spec.TaskSpec>,
    }),
  ),
} satisfies Fields<spec.EvaluateSpec>;

const activations = {
  model: acting,
  data: dataset,
  positions,
  sites: optional(listOf("a list of sites, as in [block(3).mlp.output]", site)),
  hiddenStates: flag,
  logits: flag,
} satisfies Fields<spec.ActivationsSpec>;

/** The checks of a stage's settings, by its kind. */
export const stageSettings = { train, evaluate, activations } satisfies {
  [K in spec.StageKind]: Fields<Extract<spec.StageSpec, { kind: K }>>;
};
