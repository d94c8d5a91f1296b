/**
 * Refract: a compiler for representation finetuning. A pipeline declares what to finetune; Refract finds what never
 * changes, computes it once, and compiles only the rest.
 *
 * @module
 */
export { jsonl, records, type Rows, type SplitOptions } from "./pipelines/dsl/data.ts";
export {
  direft,
  type DireftOptions,
  type EditOptions,
  fullFinetuning,
  type FullFinetuningOptions,
  loreft,
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
