import type { ActivationName } from "../../ops/interventions/intervention.ts";
import { located } from "../common/source_location.ts";
import type { EditSpec, FullFinetuningSpec, SavedSpec, SiteSpec, Sweepable, SweepableOptions } from "../spec/mod.ts";
import type { ChoosePositions, ChooseSubspace } from "../data/prompt_tokens.ts";

/** Where an edit acts. */
export interface EditPlace {
  /** Where, as in `block(15).output`. */
  readonly at: SiteSpec;
  /**
   * Which of the prompt's tokens: `"f7"` the first 7, `"l1"` the last, `"f7+l7"` both, `"all"` every one. `"completion"`,
   * or `"generated"`, names those behind the prompt: a row's completion in training and scoring, every token that the
   * model writes in generation. `"{country}"` names the tokens that this field of the prompt's template wrote,
   * `"{country}.l1"` their last and `"{country}.f2"` their first two. A function chooses for each prompt by itself, as in
   * `({ pieces }) => [pieces.lastIndexOf(" colour")]`.
   */
  readonly positions: string | ChoosePositions;
  /** One edit for both the first and the last tokens; otherwise each side gets its own. */
  readonly tied?: boolean;
  /**
   * The share of channels that training sets to 0, from 0 up to 1, the others divided by what is left. It takes of the whole
   * edited representation, the frozen part too, not only of what the edit adds, as pyreft does; tokens that are not edited
   * lose nothing.
   */
  readonly dropout?: number;
  /** A safetensors file, relative to the pipeline file, with `i.rotate`, `i.weight`, `i.bias` for each intervention. */
  readonly initial?: string;
}

/** Settings of edits of a subspace. */
export interface EditOptions extends EditPlace {
  /** Rank of the edited subspace. */
  readonly rank: number;
  /**
   * Lets each example edit its own rows of the rank alone, counted from 0: the name of a field of its row that lists them
   * (pyreft's `subspaces`), or a function of its fields, as in `({ language }) => language === "fr" ? [0, 1] : [2, 3]`.
   */
  readonly subspace?: string | ChooseSubspace;
}

/** Settings of edits whose source depends on the representation. */
export interface SourceOptions extends EditOptions {
  /** What follows the learned source `Wh + b`; `"linear"` (nothing) if left out. */
  readonly activation?: ActivationName;
}

/** Settings of NoReFT. */
export interface NoreftOptions extends SourceOptions {
  /** Gives the projection a bias, `i.proj_bias` (pyreft's `add_bias`). */
  readonly projectionBias?: boolean;
}

/** Settings of DiReFT. */
export interface DireftOptions extends SourceOptions {
  /** Keeps the projection's columns orthonormal (pyreft's `DireftIntervention`). */
  readonly orthogonal?: boolean;
}

function edit(kind: EditSpec["kind"], options: SweepableOptions<EditPlace>): EditSpec {
  return located({ tied: false, ...options, kind } as EditSpec);
}

/**
 * LoReFT: `h + Rᵀ(Wh + b − Rh)` with orthonormal rows of R (Wu et al. 2024, equation 2). A block's edit has
 * `2 · rank · width + rank` trainable parameters.
 */
export function loreft(options: SweepableOptions<SourceOptions>): EditSpec {
  return edit("loreft", options);
}

/**
 * NoReFT: `h + W₂ᵀ(W₁h + b − W₂h)`, LoReFT without the constraint on its projection (pyreft's `NoreftIntervention`). A
 * block's edit has `2 · rank · width + rank` trainable parameters, and `rank` more with a projection bias.
 */
export function noreft(options: SweepableOptions<NoreftOptions>): EditSpec {
  return edit("noreft", options);
}

/**
 * DiReFT: `h + W₂ᵀ(W₁h + b)` (Wu et al. 2024, equation 3). This unconstrained form is what pyreft calls
 * `NodireftIntervention`; with `orthogonal: true` it is pyreft's `DireftIntervention`.
 */
export function direft(options: SweepableOptions<DireftOptions>): EditSpec {
  return edit("direft", options);
}

/**
 * ConsReFT: `h + Rᵀ(b − Rh)`, LoReFT with a constant in place of the learned source (pyreft's `ConsreftIntervention`). A
 * block's edit has `rank · width + rank` trainable parameters.
 */
export function consreft(options: SweepableOptions<EditOptions>): EditSpec {
  return edit("consreft", options);
}

/**
 * LobiReFT: `h + Rᵀb`, one learned shift (pyreft's `LobireftIntervention`). A block's edit has `rank · width + rank`
 * trainable parameters.
 */
export function lobireft(options: SweepableOptions<EditOptions>): EditSpec {
  return edit("lobireft", options);
}

/**
 * RED: `scale ⊙ h + bias`, every channel by itself (Wu et al. 2024, *Advancing Parameter Efficiency in Fine-tuning via
 * Representation Editing*). A block's edit has `2 · width` trainable parameters.
 */
export function red(options: SweepableOptions<EditPlace>): EditSpec {
  return edit("red", options);
}

/**
 * RoAd: pairs of neighbouring channels turned and stretched, `α·(cos θ·x − sin θ·y, sin θ·x + cos θ·y)` (Liao & Monz 2024,
 * RoAd₁). A block's edit has `width` trainable parameters.
 */
export function road(options: SweepableOptions<EditPlace>): EditSpec {
  return edit("road", options);
}

/**
 * ReFT-r1: `h + ReLU(w·h)·w`, one direction taken by as much as a token shows it (after Wu et al. 2025, *AxBench*). A
 * block's edit has `width` trainable parameters.
 */
export function reftR1(options: SweepableOptions<EditPlace>): EditSpec {
  return edit("reftR1", options);
}

/** Settings of a saved intervention. */
export interface SavedOptions {
  /** In place of the positions that it was saved with; needed if a function chose them. */
  readonly positions?: string | ChoosePositions;
  /** In place of the choice of subspaces that it was saved with; needed if a function made it. */
  readonly subspace?: string | ChooseSubspace;
}

/**
 * An intervention that a run has trained (`members/<id>/intervention`) or that was imported, with its tensors: to be
 * evaluated as it is, or trained further.
 *
 * @param folder Absolute, or relative to the pipeline file.
 */
export function saved(folder: Sweepable<string>, options: SweepableOptions<SavedOptions> = {}): SavedSpec {
  return located({ ...options, kind: "saved", folder });
}

/** Settings of full finetuning. */
export interface FullFinetuningOptions {
  /** Starts from fresh weights drawn from this seed (the folder then needs no weights). */
  readonly initializeFrom?: number;
}

/** Trains every weight of the model and freezes none. */
export function fullFinetuning(options: SweepableOptions<FullFinetuningOptions> = {}): FullFinetuningSpec {
  return located({ ...options, kind: "fullFinetuning" });
}
