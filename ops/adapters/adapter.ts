/**
 * Adapters of linear projections: the tensors they hold and how they change the projection's output. Unlike an
 * intervention, an adapter acts on every token.
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

/** The settings of an adapter in a pipeline, apart from where it acts. Each kind has some of them. */
export interface AdapterSettings {
  /** Rank of a low-rank change. */
  readonly rank: number;
  /** A low-rank change is scaled by alpha/rank. Equal to the rank if omitted. */
  readonly alpha: number;
  /** Scales by alpha/√rank instead. */
  readonly rankStabilized: boolean;
  /** Dropout rate on the input of a low-rank change during training. */
  readonly dropout: number;
}

/**
 * The options that an adapter's tensors and formula depend on. Each kind has some of them; intervention.json lists
 * them.
 */
export interface AdapterOptions {
  /** Rank of a low-rank change. */
  readonly rank: number;
  /** The factor that a low-rank change is multiplied by. */
  readonly scaling: number;
  /** Whether IA3 scales the projection's input instead of its output. */
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
  /** Its output in the frozen model [..., outputs]. */
  readonly output: Value;
  /** The input of the change in training with dropout: `input` times 0 or 1/(1 − rate), element by element. */
  readonly dropped?: Value;
}

/** The weight and bias of a projection. */
export type AffineMap = Omit<Projection, "input">;

/** How the settings of a kind of adapter are converted to options and back. */
export interface AdapterSetup {
  /** The settings of this kind. */
  readonly settings: { readonly [K in keyof AdapterSettings]?: "required" | "optional" };
  /** The options for some settings; omitted settings have their defaults. */
  options(settings: Partial<AdapterSettings>): Pick<AdapterOptions, "rank" | "scaling">;
  /** Settings for which {@linkcode AdapterSetup.options} returns these options. */
  settingsOf(options: Pick<AdapterOptions, "rank" | "scaling">): Partial<AdapterSettings>;
}

/** What a projection computes, whatever its name in a model family. A fused projection has several roles. */
export type ProjectionRole = "query" | "key" | "value" | "output" | "gate" | "up" | "down";

/** A kind of adapter. */
export interface AdapterKind extends AdapterSetup {
  /** The projections that it adapts by default. */
  readonly projections: readonly ProjectionRole[];
  /** The tensors by name, in the order in which they are saved. */
  tensors(extents: AdapterExtents, options: AdapterOptions): Readonly<Record<string, TensorRole>>;
  /**
   * The tensor that the change is linear in, by which a change is made weaker or stronger, and the tensor's value where
   * nothing is changed; `undefined` if there is no such tensor.
   */
  readonly strength: { readonly tensor: string; readonly neutral: 0 | 1 } | undefined;
  /**
   * The adapted output [..., outputs].
   *
   * @param output The frozen projection's, or what earlier adapters and edits made of it, which must not be lost.
   */
  adapt(
    output: Value,
    projection: AdaptedProjection,
    tensors: Readonly<Record<string, Value>>,
    options: AdapterOptions,
  ): Value;
  /**
   * A projection equivalent to another with this adapter applied.
   *
   * @param output The other projection: the frozen one, or the result of merging earlier adapters into it.
   * @param frozen The projection in the frozen model.
   */
  merged(
    output: AffineMap,
    frozen: AffineMap,
    tensors: Readonly<Record<string, Value>>,
    options: AdapterOptions,
  ): AffineMap;
}
