import * as o from "../../../ops/operators.ts";
import type { WeightLocation } from "../../../ops/onnx/model.ts";
import type { MatmulAttributes } from "../../../ops/table/builder.ts";
import { input, parameter, type Value, weight } from "../../../ops/program/program.ts";
import { createRandom } from "../../../pipelines/data/random.ts";
import type { Environment } from "../reference.ts";
import { drawLeaves, weighted } from "../support.ts";
import { tensor } from "../tensor.ts";

/** A quantized weight, and how it is multiplied. */
export interface QuantizedCase {
  readonly name: string;
  readonly codes: "uint4" | "uint8";
  readonly rows: number;
  readonly columns: number;
  readonly alpha: number;
  /** Whether x is multiplied by the transposed weight, as in a linear layer. */
  readonly isRight: boolean;
  /** The product with the parameter x. */
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
  const { alpha = 1, transposeB: isRight = false } = options;
  return { name, codes, rows, columns, alpha, isRight, value: o.matmul(x, matrix, options) };
}

/** Products of the table's `dequantize`; the host can't feed codes, so they are in a file. */
export const quantizationCases: QuantizedCase[] = (["uint4", "uint8"] as const).flatMap((codes) =>
  ([[5, 64], [3, 70], [4, 7]] as const).flatMap((extents) =>
    [{ transposeB: true }, { transposeB: true, alpha: -0.5 }, {}].map((options) =>
      quantizedCase(codes, extents, options)
    )
  )
);

/** Some rows of a case's weight by index, and the fed indices. */
export function rowsOf({ rows, value }: QuantizedCase, { leaves }: Environment): {
  readonly rows: Value;
  readonly environment: Environment;
} {
  const matrix = value.inputs.find(({ op }) => op === "dequantize")!,
    indices = input("indices", ["batch", "tail"], "int64");
  const chosen = tensor([2, 3], Array.from({ length: 6 }, (_, at) => (5 * at + 1) % rows));
  const environment = { symbols: { batch: 2, tail: 3 }, leaves: { ...leaves, indices: chosen } };
  return { rows: o.gatherRows(matrix, indices), environment };
}

/** Codes and scales as stored in a file, and as the interpreter takes them. */
function draw({ codes: type, rows, columns, value }: QuantizedCase) {
  const random = createRandom(7, type, rows, columns), count = rows * Math.ceil(columns / 32);
  const codes = Int8Array.from({ length: count * 32 }, () => {
    return type === "uint4" ? Math.floor(16 * random.uniform()) - 8 : Math.floor(255 * random.uniform()) - 127;
  });
  const scales = Float32Array.from({ length: count }, () => random.uniform() / 16);
  const packed = type === "uint8"
    ? Uint8Array.from(codes, (code) => code + 128)
    : Uint8Array.from({ length: count * 16 }, (_, at) => codes[2 * at]! + 8 | codes[2 * at + 1]! + 8 << 4);
  const { symbols, leaves } = drawLeaves([weighted(value)], { batch: 2, tail: 3 });
  const environment: Environment = {
    symbols,
    leaves: { ...leaves, codes: tensor([count, 32], [...codes]), scales: tensor([count], [...scales]) },
  };
  return { packed, scales, environment };
}

/** Runs a test with a case's codes and scales in a file, and as the interpreter takes them. */
export async function withCodes(
  each: QuantizedCase,
  test: (locate: (name: string) => WeightLocation, environment: Environment) => Promise<void>,
): Promise<void> {
  const { packed, scales, environment } = draw(each);
  await inFile([packed, new Uint8Array(scales.buffer)], (location) => {
    const locate = (name: string) =>
      name === "codes"
        ? { location, offset: 0, length: packed.length }
        : { location, offset: packed.length, length: 4 * scales.length };
    return test(locate, environment);
  });
}

/** Runs a test with a temporary file of the concatenated parts. */
export async function inFile(
  parts: readonly Uint8Array<ArrayBuffer>[],
  test: (file: string) => Promise<void>,
): Promise<void> {
  const file = await Deno.realPath(await Deno.makeTempFile());
  try {
    await Deno.writeFile(file, new Uint8Array(await new Blob([...parts]).arrayBuffer()));
    await test(file.slice(1));
  } finally {
    await Deno.remove(`/${file.slice(1)}`);
  }
}
