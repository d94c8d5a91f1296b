/** A base model with what is learned of it, as it is declared. @module */
import type { AdapterName } from "../../ops/adapters/mod.ts";
import type { ActivationName } from "../../ops/interventions/intervention.ts";
import type { InterventionName } from "../../ops/interventions/mod.ts";
import type { ChoosePositions, ChooseSubspace } from "../data/prompt_tokens.ts";
import type { SiteName, StackName } from "../models/architecture/architecture.ts";
import type { BitsName, ComputeName, QuantizationName } from "../models/weights/quantization.ts";
import type { Sweepable } from "./sweepable.ts";

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

/** Bits of a frozen model's matrices, and what its products compute in. */
export interface ComputedQuantization {
  /** How its matrices are kept. */
  readonly weights: BitsName;
  /** `int8` rounds what is multiplied with them to 8 bits, wherever the model runs. */
  readonly compute: ComputeName;
}

/** The frozen model. */
export interface BaseModelSpec {
  /** Which kind of record this is. */
  readonly kind: "baseModel";
  /** A Hugging Face id, a folder, a GGUF file, or `builtin:NAME`. */
  readonly source: Sweepable<string>;
  /** A branch, tag or commit. */
  readonly revision?: Sweepable<string>;
  /** Bits of its matrices; as they are stored if omitted. */
  readonly quantize?: Sweepable<QuantizationName | ComputedQuantization>;
}

/**
 * How a prompt of n tokens is edited that is too short for `fP+lS`: as the paper has it, the first min(P, ⌊n/2⌋) and the
 * last min(S, ⌈n/2⌉), one end alone as far as there are tokens; or as pyreft does, at most ⌊n/2⌋ tokens at either end.
 */
export type ShortPrompts = "paper" | "pyreft";

/** An edit of the representation at some sites and positions. */
export interface EditSpec {
  /** Which kind of record this is. */
  readonly kind: InterventionName;
  /** Where it acts. */
  readonly at: Sweepable<SiteSpec>;
  /**
   * Which of the prompt's tokens: `fN`, `lN`, `fN+lM`, `all`, `{field}` or those that a function chooses; or those after
   * it: `completion`, `generated`; or all of a row's: `all+completion`.
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
  /** Which kind of record this is. */
  readonly kind: "fullFinetuning";
  /** Fresh weights drawn from this seed in place of the model's own. */
  readonly initializeFrom?: Sweepable<number>;
}

/** Which tokens an adapter acts on: the prompt's, so that answers are written by the bare base, or all of a row's. */
export type AdapterPositions = "prompt" | "all+completion";

/** An adapter of some of the model's projections. */
export interface AdapterSpec {
  /** Which kind of record this is. */
  readonly kind: AdapterName;
  /** The blocks whose projections it adapts. */
  readonly blocks: Sweepable<Blocks>;
  /** Whose blocks, in a model with an encoder and a decoder; those of both if omitted. */
  readonly stack?: Sweepable<StackName>;
  /** The projections by name, as in `q_proj`; those that its kind usually has if omitted. */
  readonly modules?: Sweepable<readonly string[]>;
  /** Which tokens it acts on; every one if omitted. */
  readonly positions?: Sweepable<AdapterPositions>;
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
  /** Which kind of record this is. */
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
  /** Which kind of record this is. */
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
  /** Which kind of record this is. */
  readonly kind: "classification";
  /** The classes' names, in the order of their ids. */
  readonly labels: Sweepable<readonly string[]>;
}

/** A head that predicts a number. */
export interface RegressionSpec extends HeadSettings {
  /** Which kind of record this is. */
  readonly kind: "regression";
}

/** A head that gives each of two answers a number, by which they are compared. */
export interface RewardSpec extends HeadSettings {
  /** Which kind of record this is. */
  readonly kind: "reward";
}

/** What a model predicts of a text in place of further tokens. */
export type HeadSpec = ClassificationSpec | RegressionSpec | RewardSpec;

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
  /** Which kind of record this is. */
  readonly kind: "model";
  /** What stays frozen. */
  readonly base: Sweepable<BaseModelSpec>;
  /** In the order of application. */
  readonly edits: readonly Sweepable<AdaptationSpec>[];
}
