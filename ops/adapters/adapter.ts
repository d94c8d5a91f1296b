/**
 * What an adapter of a linear projection is: the tensors it holds and what it makes of the projection's output. Unlike an
 * intervention it acts on every token.
 *
 * @module
 */
import type { TensorRole } from "../interventions/intervention.ts";
import type { Value } from "../program/program.ts";

/** The extents of the projection that an adapter is made for. */
interface AdapterExtents {
  readonly inputs: number;
  readonly outputs: number;
}

/** What a pipeline sets of an adapter beside where it acts, as far as its kind has it. */
export interface AdapterSettings {
  /** Rank of a low-rank change. */
  readonly rank: number;
  /** A low-rank change is scaled by alpha/rank; the rank if omitted. */
  readonly alpha: number;
  /** Scales by alpha/√rank instead. */
  readonly rankStabilized: boolean;
  /** The share of what a low-rank change reads that training sets to 0. */
  readonly dropout: number;
}

/** What an adapter's tensors and formula depend on, as far as its kind does; intervention.json lists it. */
export interface AdapterOptions {
  /** Rank of a low-rank change. */
  readonly rank: number;
  /** What a low-rank change is multiplied by. */
  readonly scaling: number;
  /** Whether IA3 scales what the projection reads instead of what it gives. */
  readonly scalesInput: boolean;
}

/** A projection `x·weightᵀ + bias` as it is in the frozen model. */
export interface Projection {
  /** [..., inputs]. */
  readonly input: Value;
  /** [outputs, inputs]. */
  readonly weight: Value;
  /** [outputs]. */
  readonly bias: Value | undefined;
}

/** A projection as an adapter sees it. */
interface AdaptedProjection extends Projection {
  /** In training with dropout: `input` times 0 or 1/(1 − rate), element by element, which is what the change reads. */
  readonly dropped?: Value;
}

/** The weight and bias of a projection, which make it up. */
export type AffineMap = Omit<Projection, "input">;

/** How the settings of a kind of adapter become options, and options settings again. */
export interface AdapterSetup {
  /** The settings that it has. */
  readonly settings: { readonly [K in keyof AdapterSettings]?: "required" | "optional" };
  /** What settings mean; those omitted have their usual values. */
  options(settings: Partial<AdapterSettings>): Pick<AdapterOptions, "rank" | "scaling">;
  /** Settings of which {@linkcode AdapterSetup.options} makes these. */
  settingsOf(options: Pick<AdapterOptions, "rank" | "scaling">): Partial<AdapterSettings>;
}

/** What a projection is for, whatever a family calls it. One that gives several of these has all of their roles. */
export type ProjectionRole = "query" | "key" | "value" | "output" | "gate" | "up" | "down";

/** A kind of adapter. */
export interface AdapterKind extends AdapterSetup {
  /** The projections that it adapts where none are named. */
  readonly projections: readonly ProjectionRole[];
  /** The tensors by name, in the order in which they are saved. */
  tensors(extents: AdapterExtents, options: AdapterOptions): Readonly<Record<string, TensorRole>>;
  /**
   * The tensor that the change is linear in, and what it is where nothing is changed, so that a change may be made weaker
   * or stronger; `undefined` if there is none.
   */
  readonly strength: { readonly tensor: string; readonly neutral: 0 | 1 } | undefined;
  /** The adapted output [..., outputs]. */
  adapt(
    output: Value,
    projection: AdaptedProjection,
    tensors: Readonly<Record<string, Value>>,
    options: AdapterOptions,
  ): Value;
  /**
   * The projection that gives by itself what the adapter makes of another's output.
   *
   * @param output The other: the frozen one, or what earlier adapters made of it.
   * @param frozen As it is in the frozen model.
   */
  merged(
    output: AffineMap,
    frozen: AffineMap,
    tensors: Readonly<Record<string, Value>>,
    options: AdapterOptions,
  ): AffineMap;
}
