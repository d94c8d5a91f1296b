/**
 * Edits of representations: the tensors they hold and what they do with them.
 *
 * @module
 */
import { ownValue } from "../program/own_value.ts";
import { linear } from "../nn/linear.ts";
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";

/** How a tensor of an edit is trained and initialized. */
export interface TensorRole {
  readonly shape: readonly number[];
  /**
   * The initial values. `orthogonal`: orthonormal columns, kept orthonormal in training; `linear`: uniform within
   * ±1/√inputs, like torch's Linear; `unit`: uniform from 0 to 1; `normal`: mean 0 and standard deviation 1; `narrow`:
   * standard deviation 0.02; `zero` and `one`: these constants; `rowNorms` (adapters): the Euclidean norms of the
   * projection's rows.
   */
  readonly start: "orthogonal" | "linear" | "unit" | "normal" | "narrow" | "zero" | "one" | "rowNorms";
  /** Whether no formula reads it, so that it never changes: another library stores it with an edit. */
  readonly isUnread?: true;
  /** Whether weight decay applies to it when biases and norms are exempt. */
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
  /** Whether the projection is kept orthonormal, for kinds that exist in both forms. */
  readonly orthogonal: boolean;
  /** Whether NoReFT's projection has a bias. DiReFT's plain form has one that it never reads, like pyreft's. */
  readonly projectionBias: boolean;
}

/** The default options. */
export const usualOptions: InterventionOptions = { activation: "linear", orthogonal: false, projectionBias: false };

/**
 * How the edited representation depends on the original: `shift`, the same vector is added to each; `affine`, a matrix
 * times it plus a constant; `other`, neither.
 */
type Linearity = "shift" | "affine" | "other";

/** An edit. */
export interface InterventionKind {
  /** Whether it edits a subspace of a chosen rank, of which each example may edit only some rows. */
  readonly hasRank: boolean;
  /** The options of this kind. */
  readonly has: readonly (keyof InterventionOptions)[];
  /**
   * The tensors by name, in the order in which they are saved.
   *
   * @throws {RangeError} If the kind cannot edit these extents; the message says why.
   */
  tensors(extents: InterventionExtents, options: InterventionOptions): Readonly<Record<string, TensorRole>>;
  /** How the edited representation depends on the original. */
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
