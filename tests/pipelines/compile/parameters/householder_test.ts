import assert from "node:assert/strict";
import { householder, orthonormalColumns } from "../../../../pipelines/compile/parameters/householder.ts";
import { createRandom } from "../../../../pipelines/data/random.ts";

type Matrix = readonly (readonly number[])[];

const shapes: readonly (readonly [rows: number, columns: number])[] = [[1, 1], [4, 4], [7, 3], [16, 1], [24, 8]];

function normal(rows: number, columns: number): Matrix {
  const random = createRandom(1, "householder", rows, columns);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, column) => row.reduce((sum, each, inner) => sum + each * b[inner]![column]!, 0)));
}

const transpose = (a: Matrix): Matrix => a[0]!.map((_, column) => a.map((row) => row[column]!));
const identity = (size: number): Matrix =>
  Array.from({ length: size }, (_, row) => {
    return Array.from({ length: size }, (_, column) => row === column ? 1 : 0);
  });
const matrixOf = (data: Float32Array, columns: number): Matrix => {
  return Array.from(
    { length: data.length / columns },
    (_, row) => [...data.subarray(row * columns, (row + 1) * columns)],
  );
};

function assertNear(actual: Matrix, expected: Matrix): void {
  actual.forEach((row, at) =>
    row.forEach((each, column) => {
      const difference = Math.abs(each - expected[at]![column]!);
      assert.ok(difference < 1e-5, `[${at}, ${column}] is ${each} and not ${expected[at]![column]}`);
    })
  );
}

/** The reduced QR factors by Gram-Schmidt, with a positive diagonal in R. */
function gramSchmidt(matrix: Matrix): { readonly q: Matrix; readonly r: Matrix } {
  const columns = transpose(matrix).map((column) => [...column]), r = columns.map(() => columns.map(() => 0));
  for (const [at, column] of columns.entries()) {
    for (let before = 0; before < at; before++) {
      const dot = columns[before]!.reduce((sum, each, row) => sum + each * column[row]!, 0);
      r[before]![at] = dot;
      column.forEach((_, row) => column[row]! -= dot * columns[before]![row]!);
    }
    r[at]![at] = Math.hypot(...column);
    column.forEach((each, row) => column[row] = each / r[at]![at]!);
  }
  return { q: transpose(columns), r };
}

/** I − V T Vᵀ. */
function reflection(matrix: Matrix): { readonly product: Matrix; readonly signs: Float32Array } {
  const rows = matrix.length, columns = matrix[0]!.length;
  const { reflectors, triangle, signs } = householder(matrix.flat(), rows, columns);
  const v = matrixOf(reflectors, columns),
    correction = multiply(multiply(v, matrixOf(triangle, columns)), transpose(v));
  return {
    product: identity(rows).map((row, at) => row.map((each, column) => each - correction[at]![column]!)),
    signs,
  };
}

for (const [rows, columns] of shapes) {
  Deno.test(`householder() of [${rows}, ${columns}] is an orthogonal matrix`, () => {
    const { product } = reflection(normal(rows, columns));
    assertNear(multiply(transpose(product), product), identity(rows));
  });

  Deno.test(`householder() of [${rows}, ${columns}] has the columns of Gram-Schmidt, up to their signs`, () => {
    const matrix = normal(rows, columns), { product, signs } = reflection(matrix), { q } = gramSchmidt(matrix);
    assertNear(q, product.map((row) => row.slice(0, columns).map((each, column) => each * signs[column]!)));
  });

  Deno.test(`orthonormalColumns() of [${rows}, ${columns}] are those of Gram-Schmidt`, () => {
    const matrix = normal(rows, columns), { q, r } = gramSchmidt(matrix);
    const found = matrixOf(orthonormalColumns(matrix.flat(), rows, columns), columns);
    assertNear(found, q);
    assertNear(multiply(found, r), matrix);
  });
}

Deno.test("householder() leaves a column that is zero below its diagonal unchanged", () => {
  const { reflectors, triangle, signs } = householder([2, 0, 0, -3, 0, 0], 3, 2);
  assert.deepEqual([...reflectors], [1, 0, 0, 1, 0, 0]);
  assert.ok(triangle.every((each) => each === 0));
  assert.deepEqual([...signs], [1, -1]);
});
