/**
 * Refract: a compiler for representation finetuning. A pipeline declares what to finetune; Refract finds what never
 * changes, computes it once, and compiles only the rest.
 *
 * @module
 */
export {
  type AdapterOptions,
  bitfit,
  dora,
  ia3,
  lora,
  type LoraOptions,
  prefixTuning,
  type PrefixTuningOptions,
} from "./pipelines/dsl/adapters.ts";
export {
  accuracy,
  type AccuracyOptions,
  type AnswerMetricOptions,
  bleu,
  exactMatch,
  numericMatch,
  type NumericMatchOptions,
  type ReferenceMetricOptions,
  regexMatch,
  type RegexMatchOptions,
  rouge,
  tokenF1,
} from "./pipelines/dsl/answer_metrics.ts";
export { type Best, best, halving, type HalvingOptions } from "./pipelines/dsl/best.ts";
export {
  chat,
  type ChatOptions,
  csv,
  type CsvOptions,
  hub,
  type HubOptions,
  json,
  jsonl,
  type JsonOptions,
  parquet,
  prefer,
  records,
  tsv,
  type TsvOptions,
} from "./pipelines/dsl/data.ts";
export type { Rows, SplitOptions } from "./pipelines/dsl/rows.ts";
export {
  beam,
  type BeamOptions,
  beamSample,
  type BeamSampleOptions,
  choices,
  type ChoicesOptions,
  greedy,
  type GreedyOptions,
  sample,
  type SampleOptions,
  type WritingOptions,
} from "./pipelines/dsl/decoding.ts";
export {
  consreft,
  direft,
  type DireftOptions,
  type EditOptions,
  type EditPlace,
  fullFinetuning,
  type FullFinetuningOptions,
  gatedDirection,
  lobireft,
  loreft,
  noreft,
  type NoreftOptions,
  red,
  road,
  saved,
  type SavedOptions,
  type SourceOptions,
} from "./pipelines/dsl/edits.ts";
export { fewShot, type FewShotOptions } from "./pipelines/dsl/few_shot.ts";
export {
  classification,
  type ClassificationOptions,
  type HeadOptions,
  regression,
  reward,
} from "./pipelines/dsl/heads.ts";
export {
  bitsPerByte,
  type ClassMetricOptions,
  combined,
  f1,
  type F1Options,
  loss,
  matthews,
  type MetricOptions,
  mse,
  type NumberMetricOptions,
  pearson,
  perplexity,
  rewardAccuracy,
  rewardMargin,
  spearman,
} from "./pipelines/dsl/metrics.ts";
export {
  type AttentionSites,
  baseModel,
  type BaseModelOptions,
  block,
  type BlockSites,
  type CrossAttentionSites,
  decoder,
  type DecoderBlockSites,
  type DecoderSites,
  embedding,
  encoder,
  finalNorm,
  type HeadSites,
  type MlpSites,
  type Model,
  type ModelSite,
  type StackSites,
} from "./pipelines/dsl/model.ts";
export {
  bradleyTerry,
  type BradleyTerryOptions,
  dpo,
  type DpoOptions,
  ipo,
  type IpoOptions,
  reps,
  type RepsOptions,
  simpo,
  type SimpoOptions,
} from "./pipelines/dsl/objectives.ts";
export {
  adafactor,
  type AdafactorOptions,
  adamw,
  type AdamWOptions,
  lion,
  type LionOptions,
  type OptimizerOptions,
  sgd,
  type SgdOptions,
} from "./pipelines/dsl/optimizer.ts";
export { metric, type OwnMetricOptions } from "./pipelines/dsl/own_metric.ts";
export {
  constantSchedule,
  cosineSchedule,
  inverseSqrtSchedule,
  linearSchedule,
  polynomialSchedule,
  type PolynomialScheduleOptions,
  type ScheduleOptions,
} from "./pipelines/dsl/schedule.ts";
export { judge, type JudgeOptions } from "./pipelines/dsl/judge.ts";
export { settings, type SettingValue, type SettingValues, type Widened } from "./pipelines/dsl/settings.ts";
export {
  activations,
  type ActivationsOptions,
  evaluate,
  type EvaluateOptions,
  pipeline,
  train,
  type TrainOptions,
} from "./pipelines/dsl/stages.ts";
export { type DeclaredSuite, suite, type SuiteOptions } from "./pipelines/dsl/suites.ts";
export { concat, repeat, type RepeatOptions, sweep, where, zip } from "./pipelines/dsl/sweep.ts";
export {
  type DeclaredTask,
  passAtK,
  type PassAtKOptions,
  task,
  taskAccuracy,
  type TaskAccuracyOptions,
  type TaskOptions,
  type TaskScoring,
} from "./pipelines/dsl/tasks.ts";
export type { HalvesRule } from "./pipelines/data/halves/halves.ts";
export type { Training, ValidateOptions } from "./pipelines/dsl/training.ts";
export { at, fromEnd } from "./pipelines/dsl/tokens.ts";
export { generate } from "./pipelines/interface/generate.ts";
export type { GenerateOptions } from "./pipelines/interface/generate_options.ts";
export type { Prompt } from "./pipelines/interface/prompt.ts";
export { open } from "./pipelines/interface/open.ts";
export { run } from "./pipelines/interface/run.ts";
export type { Run } from "./pipelines/interface/start_run.ts";
export type { RunOptions } from "./pipelines/interface/run_options.ts";
export type { OpenedRun, RunMember } from "./pipelines/interface/opened_run.ts";
export type { AdapterName } from "./ops/adapters/mod.ts";
export type { ActivationName } from "./ops/interventions/intervention.ts";
export type { InterventionName } from "./ops/interventions/mod.ts";
export type { ScoredBy } from "./pipelines/metrics/choice_scores.ts";
export type {
  AnswerSettings,
  CombinedName,
  ExtractAnswer,
  JudgedRate,
  JudgeSettings,
  MappedSettings,
  MetricName,
  MetricSettings,
  NamedSettings,
  OwnSettings,
  ProgramsSettings,
  ReferenceSettings,
  RougeVariant,
  TakenMatch,
} from "./pipelines/metrics/declared.ts";
export type {
  ArithmeticName,
  CodeName,
  CommonsenseName,
  GlueName,
  Gsm8kName,
  InstructName,
  ReadingName,
  SuiteName,
  TaskName,
  UntrainedTaskName,
  ValidatedTaskName,
} from "./pipelines/tasks/names.ts";
export type { ScoringName } from "./pipelines/tasks/task.ts";
export type { ScoringKind, ScoringSettings, ScoringSpec, Trigger } from "./pipelines/tasks/scoring/scoring.ts";
export type { MeasuredRow, Prediction } from "./pipelines/metrics/prediction.ts";
export type { ScheduleName } from "./ops/optimizers/schedule.ts";
export type { FlagSetting, NumberSetting, SettingDeclaration, TextSetting } from "./pipelines/recipes/setting.ts";
export type { ChatMessage, ChatRow, ChatSource } from "./pipelines/data/chat/source.ts";
export type {
  CompletionTemplate,
  ConcatView,
  CsvSource,
  Dataset,
  FilterView,
  FolderSource,
  HalfView,
  HubSource,
  JsonlSource,
  JsonSource,
  LabelTemplate,
  MapView,
  ParquetSource,
  PreferenceTemplate,
  RecordsSource,
  RepeatView,
  SampleView,
  ShuffleView,
  SkipView,
  SliceView,
  Source,
  SplitView,
  TakeView,
  Template,
  Templated,
  TemplatedSource,
  Tokenization,
  TsvSource,
  UniqueView,
  View,
} from "./pipelines/data/dataset.ts";
export type {
  CsvRows,
  DeclaredRows,
  FolderRows,
  HubRows,
  JsonlRows,
  JsonRows,
  ParquetRows,
  RecordRows,
  TsvRows,
} from "./pipelines/data/files/declared.ts";
export type { Fields } from "./pipelines/data/files/raw_row.ts";
export type { SiteName, StackName } from "./pipelines/models/architecture/architecture.ts";
export type {
  ActingSpec,
  ActivationsSpec,
  AdafactorSpec,
  AdamWSpec,
  AdaptationSpec,
  AdapterPositions,
  AdapterSpec,
  Axis,
  AxisLabel,
  BaseModelSpec,
  BeamsSpec,
  BestSpec,
  BestValueSpec,
  Blocks,
  BradleyTerrySpec,
  CheckpointSpec,
  ClassificationSpec,
  ComparedSpec,
  ComputedQuantization,
  DecayScope,
  DecodingSpec,
  DpoSpec,
  EditSpec,
  EvaluateSpec,
  FewShotSpec,
  FullFinetuningSpec,
  HalvingSpec,
  HeadSettings,
  HeadSpec,
  IpoSpec,
  KeptParameters,
  LionSpec,
  LossReduction,
  MetricSpec,
  ModelSpec,
  ObjectiveSpec,
  OptimizerBase,
  OptimizerSpec,
  ParameterGroup,
  ParameterKind,
  PieceSpec,
  Pipeline,
  PlainScheduleSpec,
  PolynomialScheduleSpec,
  PrefixTuningSpec,
  RegressionSpec,
  RepsSpec,
  RewardSpec,
  SamplingSpec,
  SavedSpec,
  ScheduleBase,
  ScheduleSpec,
  SgdSpec,
  ShortPrompts,
  SimpoSpec,
  SiteSpec,
  StageSpec,
  StoredDtype,
  Sweepable,
  SweepableOptions,
  TaskSpec,
  TrainableSpec,
  TrainSpec,
  ValidateSpec,
  ValidationInterval,
  WhereSpec,
  WritingSpec,
} from "./pipelines/spec/mod.ts";
export type { ChoosePositions, ChooseSubspace, FromEnd, PromptTokens } from "./pipelines/data/prompt_tokens.ts";
export type {
  EpochDone,
  Evaluated,
  MemberDone,
  MemberOutline,
  MemberPlace,
  MembersReady,
  MemberStep,
  Noted,
  RunDone,
  RunEvent,
  RunFailed,
  RunStarted,
  StageDone,
  StageOutline,
  StageStarted,
  StepDone,
  StepRewards,
  TrainingStarted,
  Validated,
  WorkName,
  WorkProgress,
  WorkUnit,
} from "./pipelines/results/events.ts";
export type { Provider } from "./ops/onnx/model.ts";
export type { Scalar } from "./pipelines/recipes/overrides.ts";
export type {
  ActivationsRecord,
  AverageRecord,
  EncodeRecord,
  EvaluateRecord,
  MemberRecord,
  MetricSummary,
  ReferenceRecord,
  RepeatedRecord,
  Results,
  RewardRecord,
  RunTime,
  StageRecord,
  StageRecords,
  TaskRecord,
  TrainRecord,
  ValidationRecord,
} from "./pipelines/results/results.ts";
export type { Truncation } from "./pipelines/data/length_limits.ts";
export type { BitsName, ComputeName, QuantizationName } from "./pipelines/models/weights/quantization.ts";
export type { SourceLocation } from "./pipelines/common/errors.ts";
