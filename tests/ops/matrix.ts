/** Dense matrices in float64, for the formulas that the compact forms of `ops/` are checked against. @module */
import { at, build, type Tensor, tensor } from "./tensor.ts";

/** `A·B`. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  return build([a.shape[0]!, b.shape[1]!], ([row, column]) => {
    let total = 0;
    for (let inner = 0; inner < b.shape[0]!; inner++) total += at(a, [row!, inner]) * at(b, [inner, column!]);
    return total;
  });
}

/** `Aᵀ`. */
export function transposeOf(a: Tensor): Tensor {
  return build([a.shape[1]!, a.shape[0]!], ([row, column]) => at(a, [column!, row!]));
}

/** The identity matrix, or the first columns of it. */
export function identity(rows: number, columns = rows): Tensor {
  return build([rows, columns], ([row, column]) => (row === column ? 1 : 0));
}

/** The first columns of a matrix. */
export function firstColumns(a: Tensor, count: number): Tensor {
  return build([a.shape[0]!, count], (index) => at(a, index));
}

/** `I − τ·v·vᵀ`. */
function reflection(v: readonly number[], tau: number): Tensor {
  return build([v.length, v.length], ([row, column]) => (row === column ? 1 : 0) - tau * v[row!]! * v[column!]!);
}

/** The columns below a unit diagonal as Householder vectors with `τ = 2/|v|²`. */
function vectorsBelow(a: Tensor): { v: number[]; tau: number }[] {
  return Array.from({ length: a.shape[1]! }, (_, column) => {
    const v = Array.from(
      { length: a.shape[0]! },
      (_, row) => (row < column ? 0 : row === column ? 1 : at(a, [row, column])),
    );
    return { v, tau: 2 / v.reduce((sum, x) => sum + x * x, 0) };
  });
}

/** The full product `H₁…H_r` of the reflections whose vectors lie below a matrix's diagonal, [rows, rows]. */
export function householderProduct(a: Tensor): Tensor {
  return vectorsBelow(a).map(({ v, tau }) => reflection(v, tau)).reduce(multiply, identity(a.shape[0]!));
}

/** The tensors of a base that `ops/interventions/orthogonal.ts` takes, and the full base. */
export interface FullBase {
  readonly reflectors: Tensor;
  readonly triangle: Tensor;
  readonly signs: Tensor;
  /** B [rows, rows]: its first columns are those of the original matrix. */
  readonly full: Tensor;
}

/** The Householder factor of a matrix with orthonormal columns, in LAPACK's convention. */
export function baseOf(matrix: Tensor): FullBase {
  const [rows, columns] = matrix.shape as readonly [number, number];
  let work = matrix;
  const vectors: number[][] = [], taus: number[] = [], signs: number[] = [];
  for (let column = 0; column < columns; column++) {
    const below = Array.from({ length: rows }, (_, row) => (row < column ? 0 : at(work, [row, column])));
    const head = below[column]!, beta = -(Math.sign(head) || 1) * Math.hypot(...below);
    const v = below.map((x, row) => (row === column ? 1 : x / (head - beta)));
    vectors.push(v);
    taus.push((beta - head) / beta);
    signs.push(Math.sign(beta));
    work = multiply(reflection(v, taus[column]!), work);
  }
  const product = vectors.map((v, index) => reflection(v, taus[index]!)).reduce(multiply);
  return {
    reflectors: build([rows, columns], ([row, column]) => vectors[column!]![row!]!),
    triangle: compactTriangle(vectors, taus),
    signs: tensor([columns, 1], signs),
    full: build([rows, rows], ([row, column]) => at(product, [row!, column!]) * (signs[column!] ?? 1)),
  };
}

/** T of `H₁…H_r = I − V T Vᵀ`, column by column (LAPACK's larft). */
function compactTriangle(vectors: readonly (readonly number[])[], taus: readonly number[]): Tensor {
  const rank = vectors.length, rows = Array.from({ length: rank }, () => new Array<number>(rank).fill(0));
  for (let column = 0; column < rank; column++) {
    rows[column]![column] = taus[column]!;
    const dots = vectors.slice(0, column).map((v) => v.reduce((sum, x, at) => sum + x * vectors[column]![at]!, 0));
    for (let row = 0; row < column; row++) {
      rows[row]![column] = -taus[column]! * dots.reduce((sum, dot, inner) => sum + rows[row]![inner]! * dot, 0);
    }
  }
  return tensor([rank, rank], rows.flat());
}
