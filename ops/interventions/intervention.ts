/**
 * What an edit of a representation is: the tensors it holds and what it does with them.
 *
 * @module
 */
import { ownValue } from "../program/own_value.ts";
import { linear } from "../nn/linear.ts";
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";

/** How a tensor of an edit is trained and where it starts. */
export interface TensorRole {
  readonly shape: readonly number[];
  /**
   * `orthogonal`: columns kept orthonormal; `linear`: as torch's Linear starts, uniform within ±1/√inputs; `unit`: uniform
   * from 0 to 1; `normal`: of mean 0 and deviation 1; `narrow`: of deviation 0.02; `zero` and `one`: there; `rowNorms`, of an adapter: at the Euclidean norms of the projection's rows.
   */
  readonly start: "orthogonal" | "linear" | "unit" | "normal" | "narrow" | "zero" | "one" | "rowNorms";
  /** Whether no formula reads it, so that it stays as it is: what another library keeps with an edit. */
  readonly isUnread?: true;
  /** Whether weight decay acts on it where biases and norms are exempt. */
  readonly decays: boolean;
}

/** The extents that an edit is made for. */
export interface InterventionExtents {
  /** Width of the representation. */
  readonly width: number;
  /** Rank of the subspace. */
  readonly rank: number;
}

/** Options of a kind of edit that change its tensors or formula. */
export interface InterventionOptions {
  readonly activation: ActivationName;
  /** For kinds that exist in both forms: whether the projection is kept orthonormal. */
  readonly orthogonal: boolean;
  /** Whether NoReFT's projection has a bias; DiReFT's plain form keeps one that it never reads, as pyreft does. */
  readonly projectionBias: boolean;
}

/** The options where a pipeline says nothing. */
export const usualOptions: InterventionOptions = { activation: "linear", orthogonal: false, projectionBias: false };

/**
 * What a representation and its edited form have to do with each other: `shift`, the same is added to each; `affine`, a
 * matrix times it plus a constant; `other`, none of these.
 */
type Linearity = "shift" | "affine" | "other";

/** An edit. */
export interface InterventionKind {
  /** Whether it edits a subspace whose rank is chosen, and of which each example may edit rows alone. */
  readonly hasRank: boolean;
  /** The options that it has. */
  readonly has: readonly (keyof InterventionOptions)[];
  /**
   * The tensors by name, in the order in which they are saved.
   *
   * @throws {RangeError} If there is none for the extents; the message says why.
   */
  tensors(extents: InterventionExtents, options: InterventionOptions): Readonly<Record<string, TensorRole>>;
  /** Which kind of map it is. */
  linearity(options: InterventionOptions): Linearity;
  /**
   * The edited representation.
   *
   * @param hidden [batch, tokens, width].
   * @param tensors By name.
   * @param mask 1 where the edit acts and 0 elsewhere [batch, tokens, 1].
   */
  edit(hidden: Value, tensors: Readonly<Record<string, Value>>, mask: Value, options: InterventionOptions): Value;
}

/** The name of an activation. */
export type ActivationName = "linear" | "relu" | "gelu" | "silu" | "sigmoid" | "tanh";

/** The activations that may follow the learned source. */
export const activations: Readonly<Record<ActivationName, (x: Value) => Value>> = {
  linear: (x) => x,
  relu: o.relu,
  gelu: o.gelu,
  silu: o.silu,
  sigmoid: o.sigmoid,
  tanh: o.tanh,
};

/** The linearity of an edit with a learned source, which its activation decides. */
export function ofActivation({ activation }: InterventionOptions): Linearity {
  return activation === "linear" ? "affine" : "other";
}

/** A tensor that an edit must have; its absence is a bug. */
export function tensorOf(tensors: Readonly<Record<string, Value>>, name: string): Value {
  const found = ownValue(tensors, name);
  if (found === undefined) throw new TypeError(`The edit lacks its tensor ${name}`);
  return found;
}

/** The learned source `Wh + b` [batch, tokens, rank] after its activation. */
export function learnedSource(
  hidden: Value,
  tensors: Readonly<Record<string, Value>>,
  activation: ActivationName,
): Value {
  return activations[activation](linear(hidden, tensorOf(tensors, "weight"), tensorOf(tensors, "bias")));
}
