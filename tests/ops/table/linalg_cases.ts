import type { Dimension, Shape } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Value } from "../../../ops/program/program.ts";
import type { OperationCase, Refusal } from "./conformance.ts";

const symbols = [{ batch: 2, tail: 3 }, { batch: 1, tail: 5 }, { batch: 3, tail: 1 }];
const transposes = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB }))
);

function matrix(name: string, leading: Shape, [rows, columns]: readonly [Dimension, Dimension], swap: boolean): Value {
  return parameter(name, [...leading, ...(swap ? [columns, rows] : [rows, columns])]);
}

interface Layout {
  readonly name: string;
  readonly a: Shape;
  readonly b: Shape;
  readonly leading: Shape;
  readonly rows: Dimension;
  readonly inner: Dimension;
}

const layouts: Layout[] = [
  { name: "2-D by 2-D", a: [], b: [], leading: [], rows: "tail", inner: 4 },
  { name: "2-D by 2-D over a symbol", a: [], b: [], leading: [], rows: 3, inner: "tail" },
  { name: "3-D by 2-D", a: ["batch"], b: [], leading: ["batch"], rows: "tail", inner: 4 },
  { name: "2-D by 3-D", a: [], b: ["batch"], leading: ["batch"], rows: "tail", inner: 4 },
  { name: "3-D by 3-D", a: ["batch"], b: ["batch"], leading: ["batch"], rows: "tail", inner: 4 },
  { name: "3-D by 3-D with broadcasting", a: [1], b: ["batch"], leading: ["batch"], rows: "tail", inner: 4 },
  { name: "4-D by 4-D", a: ["batch", 2], b: ["batch", 2], leading: ["batch", 2], rows: 3, inner: "tail" },
  { name: "4-D by 4-D with broadcasting", a: ["batch", 1], b: [1, 2], leading: ["batch", 2], rows: 3, inner: 2 },
  { name: "4-D by 2-D", a: ["batch", 2], b: [], leading: ["batch", 2], rows: "tail", inner: 4 },
  { name: "4-D by 3-D", a: ["batch", 2], b: [2], leading: ["batch", 2], rows: "tail", inner: 3 },
];

function products({ name, a, b, leading, rows, inner }: Layout): OperationCase[] {
  return transposes.flatMap((transposed) =>
    (leading.length === 0 ? [1, -0.25] : [transposed.transposeA ? -0.25 : 1]).map((alpha): OperationCase => {
      const { transposeA, transposeB } = transposed;
      const left = matrix("a", a, [rows, inner], transposeA), right = matrix("b", b, [inner, 5], transposeB);
      return {
        name: `${name}${transposeA ? ", a transposed" : ""}${transposeB ? ", b transposed" : ""}, alpha ${alpha}`,
        value: o.matmul(left, right, { ...transposed, alpha }),
        shape: [...leading, rows, 5],
        symbols,
      };
    })
  );
}

const square = parameter("x", [4, 4]);

export const linalgCases: OperationCase[] = [
  ...layouts.flatMap(products),
  { name: "a matrix by itself", value: o.matmul(square, square), shape: [4, 4] },
  { name: "a matrix by its transpose", value: o.matmul(square, square, { transposeB: true }), shape: [4, 4] },
  {
    name: "no rows",
    value: o.matmul(parameter("a", ["tail", 4]), parameter("b", [4, 3])),
    shape: ["tail", 3],
    symbols: [{ tail: 0 }],
  },
  {
    name: "nothing to sum",
    value: o.matmul(parameter("a", [2, "tail"]), parameter("b", ["tail", 3])),
    shape: [2, 3],
    symbols: [{ tail: 0 }, { tail: 2 }],
  },
  {
    name: "a row and a column",
    value: o.matmul(parameter("a", [1, 4]), parameter("b", [4, 1])),
    shape: [1, 1],
  },
];

export const linalgRefusals: Refusal[] = [
  ["inner extents that differ", () => o.matmul(square, parameter("b", [3, 4]))],
  [
    "inner extents that differ after a transpose",
    () => o.matmul(parameter("a", [2, 4]), parameter("b", [4, 3]), { transposeA: true }),
  ],
  ["inner extents of different symbols", () => o.matmul(parameter("a", [2, "tail"]), parameter("b", ["batch", 3]))],
  ["leading axes that do not broadcast", () => o.matmul(parameter("a", [2, 3, 4]), parameter("b", [3, 4, 4]))],
  ["a vector", () => o.matmul(parameter("a", [4]), square)],
  ["a number", () => o.matmul(square, parameter("b", []))],
  ["a narrow type", () => o.matmul(square, o.cast(square, "bfloat16"))],
  ["indices", () => o.matmul(square, input("b", [4, 4], "int64"))],
];
