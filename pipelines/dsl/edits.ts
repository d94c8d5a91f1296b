import type { ActivationName } from "../../ops/interventions/intervention.ts";
import { located } from "../places.ts";
import type { EditSpec, FullFinetuningSpec, SiteSpec, SweepableOptions } from "../spec.ts";

/** Settings that every edit shares. */
export interface EditOptions {
  /** Where, as in `block(15).output`. */
  readonly at: SiteSpec;
  /** Which of the prompt's tokens: `"f7"` the first 7, `"l1"` the last, `"f7+l7"` both, `"all"` every one. */
  readonly positions: string;
  /** Rank of the edited subspace. */
  readonly rank: number;
  /** One edit for both the first and the last tokens; otherwise each side gets its own. */
  readonly tied?: boolean;
  /** What follows the learned source `Wh + b`; `"linear"` (nothing) if left out. */
  readonly activation?: ActivationName;
  /** A safetensors file, relative to the pipeline file, with `i.rotate`, `i.weight`, `i.bias` for each intervention. */
  readonly initial?: string;
}

/** Settings of DiReFT. */
export interface DireftOptions extends EditOptions {
  /** Keeps the projection's columns orthonormal (pyreft's `DireftIntervention`). */
  readonly orthogonal?: boolean;
}

function edit(kind: EditSpec["kind"], options: SweepableOptions<DireftOptions>, orthogonal: boolean): EditSpec {
  return located({ tied: false, activation: "linear", orthogonal, ...options, kind } as EditSpec);
}

/**
 * LoReFT: `h + Rᵀ(Wh + b − Rh)` with orthonormal rows of R (Wu et al. 2024, equation 2). A block's edit has
 * `2 · rank · width + rank` trainable parameters.
 */
export function loreft(options: SweepableOptions<EditOptions>): EditSpec {
  return edit("loreft", options, true);
}

/**
 * DiReFT: `h + W₂ᵀ(W₁h + b)` (Wu et al. 2024, equation 3). This unconstrained form is what pyreft calls
 * `NodireftIntervention`; with `orthogonal: true` it is pyreft's `DireftIntervention`.
 */
export function direft(options: SweepableOptions<DireftOptions>): EditSpec {
  return edit("direft", options, false);
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
