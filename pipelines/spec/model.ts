/** Base models and their edits, as declared. @module */
import type { AdapterName } from "../../ops/adapters/mod.ts";
import type { ActivationName } from "../../ops/interventions/intervention.ts";
import type { InterventionName } from "../../ops/interventions/mod.ts";
import type { ChoosePositions, ChooseSubspace } from "../data/prompt_tokens.ts";
import type { SiteName, StackName } from "../models/architecture/architecture.ts";
import type { BitsName, ComputeName, QuantizationName } from "../models/weights/quantization.ts";
import type { Sweepable } from "./sweepable.ts";

/** Which blocks: one, several in order, or all. */
export type Blocks = number | readonly number[] | "all";

/** A site in some blocks, or outside the blocks: the embedding or the final norm. */
export interface SiteSpec {
  /** The blocks, counted from 0. */
  readonly blocks?: Sweepable<Blocks>;
  /** In a model with an encoder and a decoder, which of them the site is in. */
  readonly stack?: Sweepable<StackName>;
  /** The place within a block. */
  readonly site: SiteName;
  /** The attention head, from 0, for sites that are edited per head. */
  readonly head?: Sweepable<number>;
}

/** The bits of a frozen model's matrices, and the type in which its matrix products are computed. */
export interface ComputedQuantization {
  /** The format of its matrices. */
  readonly weights: BitsName;
  /** `int8` rounds the inputs of matrix products to 8 bits wherever the model runs. */
  readonly compute: ComputeName;
}

/** The types that weights are stored in. */
export type StoredDtype = "float32" | "float16" | "bfloat16";

/** The frozen model. */
export interface BaseModelSpec {
  /** Which kind of record this is. */
  readonly kind: "baseModel";
  /** A Hugging Face id, a folder, a GGUF file, or `builtin:NAME`. */
  readonly source: Sweepable<string>;
  /** A branch, tag or commit. */
  readonly revision?: Sweepable<string>;
  /** The type that its weights are expected to be stored in; any if omitted, or `float32`. */
  readonly dtype?: Sweepable<StoredDtype>;
  /** The bits of its matrices; as stored if omitted. */
  readonly quantize?: Sweepable<QuantizationName | ComputedQuantization>;
}

/**
 * How a prompt of n tokens that is too short for `fP+lS` is edited: as in the paper, the first min(P, ⌊n/2⌋) and the
 * last min(S, ⌈n/2⌉), or with one end only, as many tokens as there are; or as in pyreft, at most ⌊n/2⌋ tokens at each
 * end.
 */
export type ShortPrompts = "paper" | "pyreft";

/** An edit of the representation at some sites and positions. */
export interface EditSpec {
  /** Which kind of record this is. */
  readonly kind: InterventionName;
  /** The site that it acts at. */
  readonly at: Sweepable<SiteSpec>;
  /**
   * The tokens that it acts on: those of the prompt given by `fN`, `lN`, `fN+lM`, `all`, `{field}` or a function; those
   * after the prompt, `completion` or `generated`; or all tokens of a row, `all+completion`.
   */
  readonly positions: Sweepable<string | ChoosePositions>;
  /** How prompts too short for `fN`, `lN` or `fN+lM` are edited; as in the paper if omitted. */
  readonly short?: Sweepable<ShortPrompts>;
  /** Rank of the edited subspace, for kinds that have one. */
  readonly rank?: Sweepable<number>;
  /** Whether both ends of the prompt share one edit. */
  readonly tied: Sweepable<boolean>;
  /** The activation after the learned source, for kinds that have a source that is not constant; none if omitted. */
  readonly activation?: Sweepable<ActivationName>;
  /** Whether DiReFT's projection is kept orthonormal. */
  readonly orthogonal?: Sweepable<boolean>;
  /** Whether NoReFT's projection has a bias. */
  readonly projectionBias?: Sweepable<boolean>;
  /** Which rows of the rank act on each example: a field of its row that lists them, or a function of its fields. */
  readonly subspace?: Sweepable<string | ChooseSubspace>;
  /** Dropout rate on the edited representation in training. */
  readonly dropout?: Sweepable<number>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** Training of all of the model's weights. */
export interface FullFinetuningSpec {
  /** Which kind of record this is. */
  readonly kind: "fullFinetuning";
  /** Start from random weights drawn with this seed instead of the model's own. */
  readonly initializeFrom?: Sweepable<number>;
}

/**
 * The tokens that an adapter acts on: the prompt's, so that the bare base model generates answers, or all of a row's.
 */
export type AdapterPositions = "prompt" | "all+completion";

/** An adapter of some of the model's projections. */
export interface AdapterSpec {
  /** Which kind of record this is. */
  readonly kind: AdapterName;
  /** The blocks whose projections it adapts. */
  readonly blocks: Sweepable<Blocks>;
  /** In a model with an encoder and a decoder, which of them the blocks belong to; both if omitted. */
  readonly stack?: Sweepable<StackName>;
  /** The projections by name, for example `q_proj`; the usual ones for its kind if omitted. */
  readonly modules?: Sweepable<readonly string[]>;
  /** The tokens that it acts on; all if omitted. */
  readonly positions?: Sweepable<AdapterPositions>;
  /** Rank of LoRA's change. */
  readonly rank?: Sweepable<number>;
  /** LoRA's change is scaled by alpha/rank. Equal to the rank if omitted. */
  readonly alpha?: Sweepable<number>;
  /** Scales by alpha/√rank instead. */
  readonly rankStabilized?: Sweepable<boolean>;
  /** Dropout rate on the input of a low-rank change in training. */
  readonly dropout?: Sweepable<number>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** An intervention that was trained or imported earlier. */
export interface SavedSpec {
  /** Which kind of record this is. */
  readonly kind: "saved";
  /** The folder with its intervention.json. */
  readonly folder: Sweepable<string>;
  /** Replaces the saved positions. */
  readonly positions?: Sweepable<string | ChoosePositions>;
  /** Replaces the saved rule for short prompts. */
  readonly short?: Sweepable<ShortPrompts>;
  /** Replaces the saved choice of subspaces. */
  readonly subspace?: Sweepable<string | ChooseSubspace>;
}

/** Trained keys and values before every prompt. */
export interface PrefixTuningSpec {
  /** Which kind of record this is. */
  readonly kind: "prefixTuning";
  /** The number of virtual tokens. */
  readonly tokens: Sweepable<number>;
  /** A safetensors file to start from. */
  readonly initial?: Sweepable<string>;
}

/** Settings of every head. */
export interface HeadSettings {
  /** Whether it keeps its initial values while the edits below it are trained. */
  readonly frozen: Sweepable<boolean>;
  /** Whether it is newly initialized even if the checkpoint has a head. */
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

/** A head that gives each of two answers a score, by which they are compared. */
export interface RewardSpec extends HeadSettings {
  /** Which kind of record this is. */
  readonly kind: "reward";
}

/** A head that predicts something other than further tokens. */
export type HeadSpec = ClassificationSpec | RegressionSpec | RewardSpec;

/** A trainable part that is added to frozen weights. */
export type TrainableSpec = EditSpec | AdapterSpec | PrefixTuningSpec | HeadSpec;

/**
 * A trainable part that is added to frozen weights.
 *
 * @deprecated Renamed to {@linkcode TrainableSpec}.
 */
export type PieceSpec = TrainableSpec;

/** Anything that adapts a model. */
export type AdaptationSpec = TrainableSpec | SavedSpec | FullFinetuningSpec;

/** A base model with its edits. */
export interface ModelSpec {
  /** Which kind of record this is. */
  readonly kind: "model";
  /** The frozen model. */
  readonly base: Sweepable<BaseModelSpec>;
  /** The edits, in the order in which they are applied. */
  readonly edits: readonly Sweepable<AdaptationSpec>[];
}
