/**
 * What a pipeline declares, as plain data: the DSL's functions return these records, and every later room reads them.
 *
 * @module
 */
import type { AdapterName } from "../../ops/adapters/mod.ts";
import type { ActivationName } from "../../ops/interventions/intervention.ts";
import type { InterventionName } from "../../ops/interventions/mod.ts";
import type { ScheduleName } from "../../ops/optimizers/schedule.ts";
import type { Dataset } from "../data/dataset.ts";
import type { ChoosePositions, ChooseSubspace } from "../data/prompt_tokens.ts";
import type { MetricName } from "../metrics/mod.ts";
import type { SiteName, StackName } from "../models/architecture/architecture.ts";
import type { QuantizationName } from "../models/weights/quantization.ts";

/** A named list of values; a pipeline has one member for each point of its axes. */
export interface Axis<out T> {
  /** Tells the kinds of record apart. */
  readonly kind: "axis";
  /** Names it in results. */
  readonly name: string;
  /** At least one. */
  readonly values: readonly T[];
  /** The order of declaration. */
  readonly order: number;
  /** Equal for axes that move together: the n-th value of one goes with the n-th of each other. */
  readonly zipped?: number;
  /** Whether its members repeat one experiment, so that results report their mean and deviation. */
  readonly repeats?: true;
}

/** A plain value, an axis of such values, or the value that the best of several members has. */
export type Sweepable<T> = T | Axis<T> | BestValueSpec<T>;

/** Options of which each may be swept. */
export type SweepableOptions<T> = { readonly [K in keyof T]: Sweepable<Exclude<T[K], undefined>> };

/** A declaration with every axis replaced by one of its values. */
export type Resolved<T> = T extends Axis<infer V> ? Resolved<V>
  : T extends BestValueSpec<infer V> ? Resolved<V>
  : T extends BestSpec ? never
  : T extends (...inputs: never[]) => unknown ? T
  : T extends readonly (infer E)[] ? readonly Resolved<E>[]
  : T extends object ? { readonly [K in keyof T]: Resolved<T[K]> }
  : T;

/** Which blocks: one, several in order, or all. */
export type Blocks = number | readonly number[] | "all";

/** A site of some blocks, or of none: the embedding and the final norm. */
export interface SiteSpec {
  /** From 0. */
  readonly blocks?: Sweepable<Blocks>;
  /** Whose blocks, in a model with an encoder and a decoder. */
  readonly stack?: Sweepable<StackName>;
  /** The place within a block. */
  readonly site: SiteName;
  /** The attention head, from 0, of sites that are edited by head. */
  readonly head?: Sweepable<number>;
}

/** The frozen model. */
export interface BaseModelSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "baseModel";
  /** A Hugging Face id, a folder, a GGUF file, or `builtin:NAME`. */
  readonly source: Sweepable<string>;
  /** A branch, tag or commit. */
  readonly revision?: Sweepable<string>;
  /** Bits of the weights of its blocks' projections; as they are stored if omitted. */
  readonly quantize?: Sweepable<QuantizationName>;
}

/**
 * How a prompt of n tokens is edited that is too short for `fP+lS`: as the paper has it, the first min(P, ⌊n/2⌋) and the
 * last min(S, ⌈n/2⌉), one end alone as far as there are tokens; or as pyreft does, at most ⌊n/2⌋ tokens at either end.
 */
export type ShortPrompts = "paper" | "pyreft";

/** An edit of the representation at some sites and positions. */
export interface EditSpec {
  /** Tells the kinds of record apart. */
  readonly kind: InterventionName;
  /** Where it acts. */
  readonly at: Sweepable<SiteSpec>;
  /**
   * Which of the prompt's tokens: `fN`, `lN`, `fN+lM`, `all`, `{field}` or those that a function chooses; or those after
   * it: `completion`, `generated`.
   */
  readonly positions: Sweepable<string | ChoosePositions>;
  /** How prompts too short for `fN`, `lN` or `fN+lM` are edited; as the paper has it if omitted. */
  readonly short?: Sweepable<ShortPrompts>;
  /** Rank of the edited subspace, of kinds that have one. */
  readonly rank?: Sweepable<number>;
  /** One edit for both ends of the prompt. */
  readonly tied: Sweepable<boolean>;
  /** What follows the learned source, of kinds that have one that varies; nothing if omitted. */
  readonly activation?: Sweepable<ActivationName>;
  /** Whether DiReFT's projection stays orthonormal. */
  readonly orthogonal?: Sweepable<boolean>;
  /** Whether NoReFT's projection has a bias. */
  readonly projectionBias?: Sweepable<boolean>;
  /** Which rows of the rank act on each example: a field of its row that lists them, or a function of its fields. */
  readonly subspace?: Sweepable<string | ChooseSubspace>;
  /** The share of an edited representation's channels that training sets to 0. */
  readonly dropout?: Sweepable<number>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** Every weight of the model trained; none frozen. */
export interface FullFinetuningSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "fullFinetuning";
  /** Fresh weights drawn from this seed in place of the model's own. */
  readonly initializeFrom?: Sweepable<number>;
}

/** An adapter of some of the model's projections; it acts on every token. */
export interface AdapterSpec {
  /** Tells the kinds of record apart. */
  readonly kind: AdapterName;
  /** The blocks whose projections it adapts. */
  readonly blocks: Sweepable<Blocks>;
  /** Whose blocks, in a model with an encoder and a decoder; those of both if omitted. */
  readonly stack?: Sweepable<StackName>;
  /** The projections by name, as in `q_proj`. */
  readonly modules: Sweepable<readonly string[]>;
  /** Rank of LoRA's change. */
  readonly rank?: Sweepable<number>;
  /** LoRA's change is scaled by alpha/rank; the rank if omitted. */
  readonly alpha?: Sweepable<number>;
  /** Scales by alpha/√rank instead. */
  readonly rankStabilized?: Sweepable<boolean>;
  /** The share of what a low-rank change reads that training sets to 0. */
  readonly dropout?: Sweepable<number>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** An intervention that was trained or imported before. */
export interface SavedSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "saved";
  /** The folder with its intervention.json. */
  readonly folder: Sweepable<string>;
  /** In place of the positions that it was saved with. */
  readonly positions?: Sweepable<string | ChoosePositions>;
  /** In place of the rule for short prompts that it was saved with. */
  readonly short?: Sweepable<ShortPrompts>;
  /** In place of the choice of subspaces that it was saved with. */
  readonly subspace?: Sweepable<string | ChooseSubspace>;
}

/** Trained keys and values before every prompt. */
export interface PrefixTuningSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "prefixTuning";
  /** How many tokens they stand for. */
  readonly tokens: Sweepable<number>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** What all heads have. */
export interface HeadSettings {
  /** Whether it stays as it starts while what is below it is trained. */
  readonly frozen: Sweepable<boolean>;
  /** Whether it starts anew where the checkpoint has one. */
  readonly fresh: Sweepable<boolean>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** A head that predicts one of several classes. */
export interface ClassificationSpec extends HeadSettings {
  /** Tells the kinds of record apart. */
  readonly kind: "classification";
  /** The classes' names, in the order of their ids. */
  readonly labels: Sweepable<readonly string[]>;
}

/** A head that predicts a number. */
export interface RegressionSpec extends HeadSettings {
  /** Tells the kinds of record apart. */
  readonly kind: "regression";
}

/** What a model predicts of a text in place of further tokens. */
export type HeadSpec = ClassificationSpec | RegressionSpec;

/** What is learned beside frozen weights. */
export type TrainableSpec = EditSpec | AdapterSpec | PrefixTuningSpec | HeadSpec;

/**
 * What is learned beside frozen weights.
 *
 * @deprecated Renamed to {@linkcode TrainableSpec}.
 */
export type PieceSpec = TrainableSpec;

/** What is learned of a model. */
export type AdaptationSpec = TrainableSpec | SavedSpec | FullFinetuningSpec;

/** A base model with what is learned of it, in the order of application. */
export interface ModelSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "model";
  /** What stays frozen. */
  readonly base: Sweepable<BaseModelSpec>;
  /** In the order of application. */
  readonly edits: readonly Sweepable<AdaptationSpec>[];
}

/** A learning-rate schedule. */
export interface ScheduleSpec {
  /** Tells the kinds of record apart. */
  readonly kind: ScheduleName;
  /** Share of the steps over which the rate rises from 0; their number is rounded up. */
  readonly warmup: Sweepable<number>;
}

/** What weight decay acts on: every parameter as in torch, or all but biases and norms as transformers' Trainer has it. */
export type DecayScope = "all" | "weights";

/** AdamW's settings. */
export interface OptimizerSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "adamw";
  /** The rate that the schedule scales. */
  readonly learningRate: Sweepable<number>;
  /** A factor on the rate at each step. */
  readonly schedule: Sweepable<ScheduleSpec>;
  /** Decoupled decay a step, times the rate. */
  readonly weightDecay: Sweepable<number>;
  /** What it acts on. */
  readonly decay: Sweepable<DecayScope>;
  /** Decay of the first moment. */
  readonly beta1: Sweepable<number>;
  /** Decay of the second moment. */
  readonly beta2: Sweepable<number>;
  /** Added to the deviation. */
  readonly epsilon: Sweepable<number>;
}

/** A training. */
export interface TrainSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "train";
  /** What it is done with; of a best member its model as it was before it was trained. */
  readonly model: Sweepable<ModelSpec | BestSpec>;
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** Passes over the rows. */
  readonly epochs: Sweepable<number>;
  /** Rows whose work is done together. */
  readonly batchSize: Sweepable<number>;
  /** Batches to a step. */
  readonly gradientAccumulation: Sweepable<number>;
  /** How gradients become steps. */
  readonly optimizer: Sweepable<OptimizerSpec>;
  /** Decides initial values and the order of rows. */
  readonly seed: Sweepable<number>;
  /** Whether each epoch has an order of its own. */
  readonly shuffle: Sweepable<boolean>;
  /** Tokens beyond which a prompt loses its front, and a text before a head its end. */
  readonly maxLength?: Sweepable<number>;
}

/** What all ways to write an answer share. */
export interface WritingSpec {
  /** Writing ends here, or at an end-of-sequence token. */
  readonly maxNewTokens: Sweepable<number>;
  /** Makes what was read or written before less likely; 1 for none. */
  readonly repetitionPenalty?: Sweepable<number>;
  /** Writing ends before any of these texts. */
  readonly stop?: Sweepable<readonly string[]>;
}

/** How an evaluation turns a prompt into an answer. */
export type DecodingSpec =
  | { readonly kind: "greedy" } & WritingSpec
  | {
    readonly kind: "sample";
    readonly temperature: Sweepable<number>;
    readonly topK: Sweepable<number>;
    readonly topP: Sweepable<number>;
    readonly seed: Sweepable<number>;
  } & WritingSpec
  | { readonly kind: "beam"; readonly beams: Sweepable<number>; readonly lengthPenalty: Sweepable<number> }
    & WritingSpec
  | { readonly kind: "choices"; readonly options: Sweepable<readonly string[] | string> };

/** A number computed from an evaluation's predictions. */
export type MetricSpec = { readonly kind: MetricName };

/** An evaluation. */
export interface EvaluateSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "evaluate";
  /** What it is done with. */
  readonly model: Sweepable<ModelSpec | TrainSpec | BestSpec>;
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** What to measure. */
  readonly metrics: Sweepable<readonly MetricSpec[]>;
  /** How answers are made. */
  readonly decoding?: Sweepable<DecodingSpec>;
  /** Rows whose work is done together. */
  readonly batchSize?: Sweepable<number>;
  /** Tokens beyond which a text before a head loses its end. */
  readonly maxLength?: Sweepable<number>;
}

/** What a model computes of prompts, written down. */
export interface ActivationsSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "activations";
  /** What computes it. */
  readonly model: Sweepable<ModelSpec | TrainSpec | BestSpec>;
  /** The rows whose prompts are read. */
  readonly data: Sweepable<Dataset>;
  /** Which tokens' representations are kept. */
  readonly positions: Sweepable<string | ChoosePositions>;
  /** Places whose representation is kept. */
  readonly sites?: Sweepable<readonly SiteSpec[]>;
  /** Whether the hidden states between all blocks are kept. */
  readonly hiddenStates: Sweepable<boolean>;
  /** Whether the logits are kept. */
  readonly logits: Sweepable<boolean>;
}

/** A stage of a pipeline. */
export type StageSpec = TrainSpec | EvaluateSpec | ActivationsSpec;

/** What stages there are. */
export type StageKind = StageSpec["kind"];

/** Members stopped early: each round keeps a share of them and gives these the budget of those that it stops. */
export interface HalvingSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "halving";
  /** What they are compared by. */
  readonly by: MetricSpec;
  /** How often they are compared. */
  readonly rounds: number;
  /** The share that each round keeps. */
  readonly keep: number;
}

/** The model of that member of an evaluation which is best by a metric. */
export interface BestSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "best";
  /** What its members are compared in. */
  readonly stage: EvaluateSpec;
  /** What they are compared by. */
  readonly by: MetricSpec | HalvingSpec;
}

/** The value that a best member has on an axis. */
export interface BestValueSpec<out T> {
  /** Tells the kinds of record apart. */
  readonly kind: "bestValue";
  /** Which member. */
  readonly best: BestSpec;
  /** One of those that its evaluation depends on. */
  readonly axis: Axis<T>;
}

/** A condition on members, by what results call their values. */
export interface WhereSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "where";
  /** Whether a member is to run. */
  readonly holds: (member: Readonly<Record<string, AxisLabel>>) => boolean;
}

/** What results call an axis's value: a number, text or boolean as it is, other values by their kind or their number. */
export type AxisLabel = string | number | boolean;

/** A pipeline file's default export. */
export interface Pipeline {
  /** Tells the kinds of record apart. */
  readonly kind: "pipeline";
  /** Names it in results. */
  readonly name: string;
  /** Declares the stages; runs no tensor work. */
  readonly build: () => Readonly<Record<string, StageSpec>>;
  /** All must hold for a member to run. */
  readonly conditions: readonly WhereSpec[];
}
