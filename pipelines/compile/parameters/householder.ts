/**
 * Householder QR on the host in double precision, in the compact form that `orthogonal` reads.
 *
 * @module
 */

/**
 * The full orthogonal factor of a matrix, `(I − V T Vᵀ)·diag(signs, 1, …)`, whose first columns span those of the
 * matrix.
 */
interface CompactFactor {
  /** V [rows, columns], row-major. */
  readonly reflectors: Float32Array<ArrayBuffer>;
  /** T [columns, columns], upper triangular. */
  readonly triangle: Float32Array<ArrayBuffer>;
  /** ±1 [columns]: the sign of each diagonal entry of the triangular factor. */
  readonly signs: Float32Array<ArrayBuffer>;
}

/**
 * The Householder factor of a tall matrix, as computed by LAPACK's geqrf.
 *
 * @param matrix [rows, columns], row-major, rows ≥ columns.
 */
export function householder(matrix: ArrayLike<number>, rows: number, columns: number): CompactFactor {
  const work = Float64Array.from(matrix);
  const vectors = new Float64Array(rows * columns), factors = new Float64Array(columns);
  const signs = new Float32Array(columns);
  const at = (row: number, column: number) => row * columns + column;
  for (let column = 0; column < columns; column++) {
    let tail = 0;
    for (let row = column + 1; row < rows; row++) tail += work[at(row, column)]! ** 2;
    const head = work[at(column, column)]!;
    const beta = tail === 0 ? head : -Math.sign(head || 1) * Math.sqrt(head * head + tail);
    factors[column] = tail === 0 ? 0 : (beta - head) / beta;
    signs[column] = Math.sign(beta) || 1;
    vectors[at(column, column)] = 1;
    for (let row = column + 1; row < rows && tail !== 0; row++) {
      vectors[at(row, column)] = work[at(row, column)]! / (head - beta);
    }
    reflect(work, vectors, factors[column]!, rows, columns, column);
  }
  return {
    reflectors: Float32Array.from(vectors),
    triangle: compactTriangle(vectors, factors, rows, columns),
    signs,
  };
}

/** Applies `I − τ v vᵀ` to the columns from `column` on. */
function reflect(
  work: Float64Array,
  vectors: Float64Array,
  factor: number,
  rows: number,
  columns: number,
  column: number,
): void {
  for (let other = column; other < columns; other++) {
    let dot = 0;
    for (let row = column; row < rows; row++) {
      dot += vectors[row * columns + column]! * work[row * columns + other]!;
    }
    for (let row = column; row < rows; row++) {
      work[row * columns + other]! -= factor * dot * vectors[row * columns + column]!;
    }
  }
}

/** T of `H₁…H_r = I − V T Vᵀ`, column by column (Schreiber & Van Loan 1989): `−τ T (Vᵀv)` above `τ`. */
function compactTriangle(
  vectors: Float64Array,
  factors: Float64Array,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const triangle = new Float64Array(columns * columns);
  for (let column = 0; column < columns; column++) {
    const dots = Array.from({ length: column }, (_, other) => {
      let dot = 0;
      for (let row = column; row < rows; row++) {
        dot += vectors[row * columns + other]! * vectors[row * columns + column]!;
      }
      return dot;
    });
    for (let row = 0; row < column; row++) {
      let sum = 0;
      for (let inner = row; inner < column; inner++) sum += triangle[row * columns + inner]! * dots[inner]!;
      triangle[row * columns + column] = -factors[column]! * sum;
    }
    triangle[column * columns + column] = factors[column]!;
  }
  return Float32Array.from(triangle);
}

/**
 * A matrix with orthonormal columns from a matrix of normal random numbers, with the signs of torch's `orthogonal_`.
 *
 * @param normal [rows, columns], row-major; not modified.
 */
export function orthonormalColumns(
  normal: ArrayLike<number>,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const { reflectors, triangle, signs } = householder(normal, rows, columns);
  const result = new Float32Array(rows * columns);
  for (let column = 0; column < columns; column++) {
    // (I − V T Vᵀ) e_column · sign
    const coefficients = Array.from({ length: columns }, (_, row) => {
      let sum = 0;
      for (let inner = row; inner < columns; inner++) {
        sum += triangle[row * columns + inner]! * reflectors[column * columns + inner]!;
      }
      return sum;
    });
    for (let row = 0; row < rows; row++) {
      let sum = row === column ? 1 : 0;
      for (let inner = 0; inner < columns; inner++) sum -= reflectors[row * columns + inner]! * coefficients[inner]!;
      result[row * columns + column] = sum * signs[column]!;
    }
  }
  return result;
}
