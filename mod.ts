/**
 * Refract: a compiler for representation finetuning. A pipeline declares what to finetune; Refract finds what never
 * changes, computes it once, and compiles only the rest.
 *
 * @module
 */
export { jsonl, records, type Rows, type SplitOptions } from "./pipelines/dsl/data.ts";
export {
  consreft,
  direft,
  type DireftOptions,
  type EditOptions,
  fullFinetuning,
  type FullFinetuningOptions,
  lobireft,
  loreft,
  noreft,
  type NoreftOptions,
  type SourceOptions,
} from "./pipelines/dsl/edits.ts";
export { baseModel, type BaseModelOptions, block, type BlockSites, type Model } from "./pipelines/dsl/model.ts";
export {
  adamw,
  type AdamWOptions,
  constantSchedule,
  linearSchedule,
  type ScheduleOptions,
} from "./pipelines/dsl/optimizer.ts";
export {
  accuracy,
  choices,
  evaluate,
  type EvaluateOptions,
  exactMatch,
  greedy,
  type GreedyOptions,
  loss,
  pipeline,
  train,
  type TrainOptions,
} from "./pipelines/dsl/stages.ts";
export { sweep } from "./pipelines/dsl/sweep.ts";
export type { ActivationName } from "./ops/interventions/intervention.ts";
export type { InterventionName } from "./ops/interventions/mod.ts";
export type { ScheduleName } from "./ops/optimizers/schedule.ts";
export type {
  Dataset,
  JsonlSource,
  RecordsSource,
  SkipView,
  Source,
  SplitView,
  TakeView,
  Template,
} from "./pipelines/data/dataset.ts";
export type { SiteName } from "./pipelines/models/architecture.ts";
export type {
  AdaptationSpec,
  Axis,
  BaseModelSpec,
  Blocks,
  DecodingSpec,
  EditSpec,
  EvaluateSpec,
  FullFinetuningSpec,
  MetricSpec,
  ModelSpec,
  OptimizerSpec,
  Pipeline,
  ScheduleSpec,
  SiteSpec,
  StageSpec,
  Sweepable,
  SweepableOptions,
  TrainSpec,
} from "./pipelines/spec.ts";
