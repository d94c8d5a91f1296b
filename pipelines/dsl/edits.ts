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
  /** Where, as in `block(15).output`. */
  readonly at: SiteSpec;
  /**
   * Which of the prompt's tokens: `"f7"` the first 7, `"l1"` the last, `"f7+l7"` both, `"all"` every one. `"completion"`,
   * or `"generated"`, names those after the prompt: a row's completion in training and scoring, every token that the
   * model writes in generation; `"all+completion"` every token of both. `"{country}"` names the tokens that this field of the prompt's template wrote,
   * `"{country}.l1"` their last and `"{country}.f2"` their first two. A function chooses for each prompt by itself, as in
   * `({ pieces }) => [at(pieces, " colour"), fromEnd(1)]`.
   */
  readonly positions: string | ChoosePositions;
  /**
   * What `"fP"`, `"lS"` and `"fP+lS"` are of a prompt of n tokens that is too short for them. `"paper"`, which applies if
   * omitted: of both ends the first min(P, ⌊n/2⌋) and the last min(S, ⌈n/2⌉), of one end as many as there are. `"pyreft"`:
   * at most ⌊n/2⌋ at either end, be it the only one, as pyreft's `get_intervention_locations` has it.
   */
  readonly short?: ShortPrompts;
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
  /** What follows the learned source `Wh + b`; `"linear"` (nothing) if omitted. */
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
  return declared({ tied: false, ...options, kind });
}

/**
 * LoReFT: `h + Rᵀ(Wh + b − Rh)` with orthonormal rows of R (Wu et al. 2024, equation 2). A block's edit has
 * `2 · rank · width + rank` trainable parameters.
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
 * @example A projection with a bias, and a source through a ReLU
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
 * DiReFT: `h + W₂ᵀ(W₁h + b)` (Wu et al. 2024, equation 3). This unconstrained form is what pyreft calls
 * `NodireftIntervention`; with `orthogonal: true` it is pyreft's `DireftIntervention`.
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
 * ConsReFT: `h + Rᵀ(b − Rh)`, LoReFT with a constant in place of the learned source (pyreft's `ConsreftIntervention`). A
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
 * @example A half of the rank for each language
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
 * RED: `scale ⊙ h + bias`, every channel by itself (Wu et al. 2024, *Advancing Parameter Efficiency in Fine-tuning via
 * Representation Editing*). A block's edit has `2 · width` trainable parameters.
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
 * RoAd: pairs of neighbouring channels turned and stretched, `α·(cos θ·x − sin θ·y, sin θ·x + cos θ·y)` (Liao & Monz 2024,
 * RoAd₁). A block's edit has `width` trainable parameters.
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
 * `h + ReLU(w·h)·w`, one direction that is taken by as much as a token shows it. AxBench's ReFT-r1 (Wu et al. 2025) is akin
 * to it, and differs: it adds a unit vector by the mean of a sequence's largest gates, with an L1 penalty of the others.
 *
 * @example The tokens that a field of the template wrote
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
  /** In place of the positions that it was saved with; needed if a function chose them. */
  readonly positions?: string | ChoosePositions;
  /** In place of the rule for short prompts that it was saved with. */
  readonly short?: ShortPrompts;
  /** In place of the choice of subspaces that it was saved with; needed if a function made it. */
  readonly subspace?: string | ChooseSubspace;
}

/**
 * An intervention that a run has trained (`members/<id>/intervention`) or that was imported, with its tensors: to be
 * evaluated as it is, or trained further.
 *
 * @param folder Absolute, or relative to the pipeline file.
 *
 * @example A run's edit, evaluated anew
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
  /** Starts from fresh weights drawn from this seed (the folder then needs no weights). */
  readonly initializeFrom?: number;
}

/**
 * Trains every weight of the model and freezes none.
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
