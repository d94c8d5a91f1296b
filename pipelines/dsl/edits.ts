import type { ActivationName } from "../../ops/interventions/intervention.ts";
import { declared } from "../common/source_location.ts";
import type {
  EditSpec,
  FullFinetuningSpec,
  SavedSpec,
  ShortPrompts,
  SiteSpec,
  Sweepable,
  SweepableOptions,
} from "../spec/mod.ts";
import type { ChoosePositions, ChooseSubspace } from "../data/prompt_tokens.ts";
import { requireCall } from "./calls.ts";

/** Where an edit acts. */
export interface EditPlace {
  /** The site, for example `block(15).output`. */
  readonly at: SiteSpec;
  /**
   * Which of the prompt's tokens to edit: `"f7"` the first 7, `"l1"` the last one, `"f7+l7"` the first and last 7,
   * `"all"` all of them. `"completion"`, or `"generated"`, means the tokens after the prompt: a row's completion in
   * training and scoring, and every token that the model generates; `"all+completion"` means all tokens of both.
   * `"{country}"` means the tokens that come from this field of the prompt's template, `"{country}.l1"` the last of
   * them and `"{country}.f2"` the first two. A function chooses the tokens of each prompt, for example `({ pieces }) =>
   * [at(pieces, " colour"), fromEnd(1)]`.
   */
  readonly positions: string | ChoosePositions;
  /**
   * What `"fP"`, `"lS"` and `"fP+lS"` mean for a prompt of n tokens that is too short for them. `"paper"`, the default:
   * with both ends, the first min(P, ⌊n/2⌋) and the last min(S, ⌈n/2⌉); with one end, as many as there are. `"pyreft"`:
   * at most ⌊n/2⌋ at each end, even if there is only one, as in pyreft's `get_intervention_locations`.
   */
  readonly short?: ShortPrompts;
  /** Whether the first and the last tokens share one edit; by default each end has its own. */
  readonly tied?: boolean;
  /**
   * Dropout rate in training, from 0 to below 1. As in pyreft, it applies to the channels of the whole edited
   * representation, including the frozen part, not only to what the edit adds; tokens that are not edited are
   * unaffected.
   */
  readonly dropout?: number;
  /** A safetensors file, relative to the pipeline file, with `i.rotate`, `i.weight`, `i.bias` for each intervention. */
  readonly initial?: string;
}

/** Settings of edits that act on a subspace. */
export interface EditOptions extends EditPlace {
  /** Rank of the edited subspace. */
  readonly rank: number;
  /**
   * Makes each example edit only some of the rank's rows, counted from 0: the name of the row's field that lists them
   * (pyreft's `subspaces`), or a function of its fields, as in `({ language }) => language === "fr" ? [0, 1] : [2, 3]`.
   */
  readonly subspace?: string | ChooseSubspace;
}

/** Settings of edits whose source depends on the representation. */
export interface SourceOptions extends EditOptions {
  /** The activation applied to the learned source `Wh + b`; `"linear"` (none) if omitted. */
  readonly activation?: ActivationName;
}

/** Settings of NoReFT. */
export interface NoreftOptions extends SourceOptions {
  /** Whether the projection has a bias, `i.proj_bias` (pyreft's `add_bias`). */
  readonly projectionBias?: boolean;
}

/** Settings of DiReFT. */
export interface DireftOptions extends SourceOptions {
  /** Whether the projection's columns are kept orthonormal (pyreft's `DireftIntervention`). */
  readonly orthogonal?: boolean;
}

function edit(kind: EditSpec["kind"], options: SweepableOptions<EditPlace>): EditSpec {
  return declared({ tied: false, ...options, kind });
}

/**
 * LoReFT: `h + Rᵀ(Wh + b − Rh)`, where R has orthonormal rows (Wu et al. 2024, equation 2). A block's edit has `2 ·
 * rank · width + rank` trainable parameters.
 *
 * @example The prompt's last token in block 15, at three ranks
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, block, loreft, sweep } from "refract";
 *
 * const rank = sweep("rank", [1, 4, 8]);
 * const edit = loreft({ at: block(15).output, positions: "l1", rank });
 * const edited = baseModel("HuggingFaceTB/SmolLM2-135M").with(edit);
 * assert.equal(edit.rank, rank);
 * ```
 */
export function loreft(options: SweepableOptions<SourceOptions>): EditSpec {
  requireCall("loreft", arguments);
  return edit("loreft", options);
}

/**
 * NoReFT: `h + W₂ᵀ(W₁h + b − W₂h)`, LoReFT without the constraint on its projection (pyreft's `NoreftIntervention`). A
 * block's edit has `2 · rank · width + rank` trainable parameters, and `rank` more with a projection bias.
 *
 * @example A projection with a bias, and a source with a ReLU
 * ```ts
 * import { block, noreft } from "refract";
 *
 * const edit = noreft({ at: block(15).output, positions: "l1", rank: 4, projectionBias: true, activation: "relu" });
 * ```
 */
export function noreft(options: SweepableOptions<NoreftOptions>): EditSpec {
  requireCall("noreft", arguments);
  return edit("noreft", options);
}

/**
 * DiReFT: `h + W₂ᵀ(W₁h + b)` (Wu et al. 2024, equation 3). This unconstrained form is called `NodireftIntervention` in
 * pyreft; with `orthogonal: true` it is pyreft's `DireftIntervention`.
 *
 * @example The paper's form and pyreft's
 * ```ts
 * import assert from "node:assert/strict";
 * import { block, direft } from "refract";
 *
 * const place = { at: block(15).output, positions: "l1", rank: 4 };
 * const paper = direft(place);
 * const pyreft = direft({ ...place, orthogonal: true });
 * assert.equal(paper.orthogonal, undefined);
 * assert.equal(pyreft.orthogonal, true);
 * ```
 */
export function direft(options: SweepableOptions<DireftOptions>): EditSpec {
  requireCall("direft", arguments);
  return edit("direft", options);
}

/**
 * ConsReFT: `h + Rᵀ(b − Rh)`, LoReFT with a constant instead of the learned source (pyreft's `ConsreftIntervention`). A
 * block's edit has `rank · width + rank` trainable parameters.
 *
 * @example One edit for the first and the last seven tokens
 * ```ts
 * import assert from "node:assert/strict";
 * import { block, consreft } from "refract";
 *
 * const edit = consreft({ at: block(15).output, positions: "f7+l7", rank: 4, tied: true });
 * assert.equal(edit.tied, true);
 * ```
 */
export function consreft(options: SweepableOptions<EditOptions>): EditSpec {
  requireCall("consreft", arguments);
  return edit("consreft", options);
}

/**
 * LobiReFT: `h + Rᵀb`, one learned shift (pyreft's `LobireftIntervention`). A block's edit has `rank · width + rank`
 * trainable parameters.
 *
 * @example Half of the rank for each language
 * ```ts
 * import { block, lobireft } from "refract";
 *
 * const edit = lobireft({
 *   at: block(15).output,
 *   positions: "all",
 *   rank: 8,
 *   subspace: ({ language }) => language === "fr" ? [0, 1, 2, 3] : [4, 5, 6, 7],
 * });
 * ```
 */
export function lobireft(options: SweepableOptions<EditOptions>): EditSpec {
  requireCall("lobireft", arguments);
  return edit("lobireft", options);
}

/**
 * RED: `scale ⊙ h + bias` for each channel on its own (Wu et al. 2024, *Advancing Parameter Efficiency in Fine-tuning
 * via Representation Editing*). A block's edit has `2 · width` trainable parameters.
 *
 * @example Every token in every block
 * ```ts
 * import { block, red } from "refract";
 *
 * const edit = red({ at: block("all").output, positions: "all" });
 * ```
 */
export function red(options: SweepableOptions<EditPlace>): EditSpec {
  requireCall("red", arguments);
  return edit("red", options);
}

/**
 * RoAd: pairs of neighbouring channels are rotated and scaled, `α·(cos θ·x − sin θ·y, sin θ·x + cos θ·y)` (Liao & Monz
 * 2024, RoAd₁). A block's edit has `width` trainable parameters.
 *
 * @example The queries of one block
 * ```ts
 * import { block, road } from "refract";
 *
 * const edit = road({ at: block(15).attention.query, positions: "all" });
 * ```
 */
export function road(options: SweepableOptions<EditPlace>): EditSpec {
  requireCall("road", arguments);
  return edit("road", options);
}

/**
 * `h + ReLU(w·h)·w`: each token moves along one direction in proportion to how strongly it already shows it. AxBench's
 * ReFT-r1 (Wu et al. 2025) is related, but adds a unit vector scaled by the mean of a sequence's largest gates, with an
 * L1 penalty on the others.
 *
 * @example The tokens that come from a field of the template
 * ```ts
 * import { block, records, gatedDirection } from "refract";
 *
 * const rows = records([{ country: "Peru" }], { prompt: "The capital of {country} is", completion: " Lima" });
 * const edit = gatedDirection({ at: block(10).output, positions: "{country}" });
 * ```
 */
export function gatedDirection(options: SweepableOptions<EditPlace>): EditSpec {
  requireCall("gatedDirection", arguments);
  return edit("gatedDirection", options);
}

/** Settings of a saved intervention. */
export interface SavedOptions {
  /** Replaces the saved positions; required if a function chose them. */
  readonly positions?: string | ChoosePositions;
  /** Replaces the saved rule for short prompts. */
  readonly short?: ShortPrompts;
  /** Replaces the saved choice of subspaces; required if it was a function. */
  readonly subspace?: string | ChooseSubspace;
}

/**
 * An intervention, with its tensors, that a run has trained (`members/<id>/intervention`) or that was imported. It can
 * be evaluated as it is or trained further.
 *
 * @param folder Absolute, or relative to the pipeline file.
 *
 * @example A run's edit, evaluated on other rows
 * ```ts
 * import { baseModel, evaluate, jsonl, loss, saved } from "refract";
 *
 * const tuned = baseModel("builtin:tiny").with(saved("./runs/first/members/main/intervention"));
 * const data = jsonl("./more.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const measured = evaluate(tuned, { data, metrics: [loss()] });
 * ```
 */
export function saved(folder: Sweepable<string>, options: SweepableOptions<SavedOptions> = {}): SavedSpec {
  requireCall("saved", arguments);
  return declared({ ...options, kind: "saved", folder });
}

/** Settings of full finetuning. */
export interface FullFinetuningOptions {
  /** Starts from random weights drawn with this seed; the model's folder then needs no weights. */
  readonly initializeFrom?: number;
}

/**
 * Trains all weights of the model.
 *
 * @example A model trained from random weights
 * ```ts
 * import { baseModel, fullFinetuning } from "refract";
 *
 * const fresh = baseModel("./config-and-tokenizer").with(fullFinetuning({ initializeFrom: 1 }));
 * ```
 */
export function fullFinetuning(options: SweepableOptions<FullFinetuningOptions> = {}): FullFinetuningSpec {
  requireCall("fullFinetuning", arguments);
  return declared({ ...options, kind: "fullFinetuning" });
}
