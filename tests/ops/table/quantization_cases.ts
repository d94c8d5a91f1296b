import * as o from "../../../ops/operators.ts";
import type { MatmulAttributes } from "../../../ops/table/builder.ts";
import { parameter, type Value, weight } from "../../../ops/program/program.ts";

/** A weight in a few bits, and how it is multiplied. */
export interface QuantizedCase {
  readonly name: string;
  readonly codes: "uint4" | "int8";
  readonly rows: number;
  readonly columns: number;
  /** Over the parameter x. */
  readonly value: Value;
}

function quantizedCase(
  codes: QuantizedCase["codes"],
  [rows, columns]: readonly [number, number],
  options: Partial<MatmulAttributes>,
): QuantizedCase {
  const count = rows * Math.ceil(columns / 32);
  const matrix = o.dequantize(weight("codes", [count, 32], codes), weight("scales", [count]), columns);
  const x = parameter("x", ["batch", "tail", options.transposeB ? columns : rows]);
  const name = `${codes} [${rows}, ${columns}] with ${JSON.stringify(options)}`;
  return { name, codes, rows, columns, value: o.matmul(x, matrix, options) };
}

/** Products of the table's `dequantize`; the host feeds no codes, so they lie in a file. */
export const quantizationCases: QuantizedCase[] = (["uint4", "int8"] as const).flatMap((codes) =>
  ([[5, 64], [3, 70], [4, 7]] as const).flatMap((extents) =>
    [{ transposeB: true }, { transposeB: true, alpha: -0.5 }, {}].map((options) =>
      quantizedCase(codes, extents, options)
    )
  )
);
