/**
 * Orthonormal columns as a differentiable function of free numbers, in O(width · rank) memory.
 *
 * The same as `torch.nn.utils.parametrizations.orthogonal` for a tall matrix: with a fixed base B, `Q =
 * B·H(X)·diag(X)`, where `H(X) = H₁…H_r` is the product of the Householder reflections whose vectors v_i are 1 at i and
 * X below it. The product is kept in compact form, `H = I − V T Vᵀ` (Schreiber & Van Loan 1989), with `T⁻¹ = striu(VᵀV)
 * + diag(VᵀV)/2`; so is B, the full orthogonal factor of the initial matrix.
 *
 * @module
 */
import * as o from "../operators.ts";
import { evaluateDimension } from "../program/dimension.ts";
import { constant, type Value } from "../program/program.ts";

/** The fixed base of the parametrization, in compact form: `B = (I − V T Vᵀ)·diag(signs, 1, …)`. */
interface OrthogonalBase {
  /** V [width, rank]. */
  readonly reflectors: Value;
  /** T [rank, rank]. */
  readonly triangle: Value;
  /** ±1 [rank, 1]. */
  readonly signs: Value;
}

function matrixOf(rank: number, entry: (row: number, column: number) => boolean): Value {
  const elements = Array.from({ length: rank * rank }, (_, index) => {
    return entry(Math.floor(index / rank), index % rank) ? 1 : 0;
  });
  return constant(elements, [rank, rank]);
}

/**
 * `(I + M)⁻¹` of a strictly triangular M [rank, rank]: `(I − M)(I + M²)(I + M⁴)…`, exact after log₂(rank) products
 * because M is nilpotent.
 */
export function invertUnitTriangular(strict: Value, rank: number): Value {
  const identity = matrixOf(rank, (row, column) => row === column);
  let inverse = o.sub(identity, strict);
  let power = strict;
  for (let exponent = 2; exponent < rank; exponent *= 2) {
    power = o.matmul(power, power);
    inverse = o.matmul(inverse, o.add(identity, power));
  }
  return inverse;
}

/**
 * The matrix Q [width, rank] with orthonormal columns.
 *
 * @param free X [width, rank]: the part below the diagonal moves Q; the diagonal's integer part (−1 at first) gives the
 * columns' signs and has no gradient, as in torch. Weight decay of the diagonal therefore sets these columns of Q to 0.
 */
export function orthogonal(free: Value, base: OrthogonalBase): Value {
  const width = free.shape[0]!, rank = evaluateDimension(free.shape[1]!, {});
  const identity = matrixOf(rank, (row, column) => row === column);
  const below = matrixOf(rank, (row, column) => row > column);
  const above = matrixOf(rank, (row, column) => row < column);
  const stack = (top: Value, bottom: Value) => o.concat([top, bottom], 0);

  const top = o.slice(free, 0, 0, rank), rest = o.slice(free, 0, rank, width);
  const diagonal = o.truncate(o.reduceSum(o.mul(top, identity), [0], true));
  const vectorsTop = o.add(o.mul(top, below), identity);
  const vectors = stack(vectorsTop, rest);

  const gram = o.matmul(vectors, vectors, { transposeA: true });
  const half = o.mul(o.reduceSum(o.mul(gram, identity), [1], true), 0.5);
  const strict = o.div(o.mul(gram, above), half);
  const triangle = o.div(invertUnitTriangular(strict, rank), o.reshape(half, [1, rank]));

  const coefficients = o.matmul(triangle, vectorsTop, { transposeB: true });
  const productTop = o.mul(o.sub(identity, o.matmul(vectorsTop, coefficients)), diagonal);
  const productRest = o.mul(o.neg(o.matmul(rest, coefficients)), diagonal);
  const signed = stack(o.mul(productTop, base.signs), productRest);
  const inner = o.matmul(base.triangle, o.matmul(base.reflectors, signed, { transposeA: true }));
  return o.sub(signed, o.matmul(base.reflectors, inner));
}
