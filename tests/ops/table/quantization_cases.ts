import * as o from "../../../ops/operators.ts";
import type { WeightLocation } from "../../../ops/onnx/model.ts";
import { blocksOf, codeKinds, zeroBytes } from "../../../ops/table/quantization.ts";
import type { MatmulAttributes } from "../../../ops/table/builder.ts";
import { type CodeType, input, parameter, type Value, weight } from "../../../ops/program/program.ts";
import { packedZeros } from "../../../pipelines/models/weights/quantization.ts";
import { createRandom } from "../../../pipelines/data/random.ts";
import type { Environment } from "../reference.ts";
import { drawLeaves, weighted } from "../support.ts";
import { tensor } from "../tensor.ts";

/** A quantized weight, and how it is multiplied. */
export interface QuantizedCase {
  readonly name: string;
  readonly codes: CodeType;
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
  const { size, zero } = codeKinds[codes], count = rows * blocksOf(columns, codes);
  const zeros = zero === undefined
    ? [weight("zeros", [count], "uint4"), weight("zeros by row", [rows, zeroBytes(columns, codes)], "uint8")]
    : [];
  const matrix = o.dequantize(weight("codes", [count, size], codes), weight("scales", [count]), columns, zeros);
  const x = parameter("x", ["batch", "tail", options.transposeB ? columns : rows]);
  const name = `${codes} [${rows}, ${columns}] with ${JSON.stringify(options)}`;
  const { alpha = 1, transposeB: isRight = false } = options;
  return { name, codes, rows, columns, alpha, isRight, value: o.matmul(x, matrix, options) };
}

/** Products of the table's `dequantize`; the host can't feed codes, so they are in a file. */
export const quantizationCases: QuantizedCase[] = (Object.keys(codeKinds) as CodeType[]).flatMap((codes) =>
  ([[5, 64], [3, 70], [4, 7], [3, 130]] as const).flatMap((extents) =>
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

/** A quantized matrix as stored in a file, and as the interpreter takes it. */
function draw({ codes: type, rows, columns, value }: QuantizedCase) {
  const random = createRandom(7, type, rows, columns), count = rows * blocksOf(columns, type);
  const { size, bits, zero } = codeKinds[type],
    draw = (length: number) => {
      return Uint8Array.from({ length }, () => random.integer(2 ** bits));
    };
  const codes = draw(count * size), zeros = zero === undefined ? draw(count) : undefined;
  const scales = Float32Array.from({ length: count }, () => random.uniform() / 16);
  const packed = bits === 8
    ? codes
    : Uint8Array.from({ length: count * size / 2 }, (_, at) => codes[2 * at]! | codes[2 * at + 1]! << 4);
  const { flat, byRow } = packedZeros(zeros ?? new Uint8Array(count), columns, type);
  const { symbols, leaves } = drawLeaves([weighted(value)], { batch: 2, tail: 3 });
  const environment: Environment = {
    symbols,
    leaves: {
      ...leaves,
      codes: tensor([count, size], Array.from(codes, (code) => code - (zero ?? 0))),
      scales: tensor([count], [...scales]),
      ...zeros === undefined ? {} : {
        zeros: tensor([count], [...zeros]),
        "zeros by row": tensor([rows, zeroBytes(columns, type)], [...byRow]),
      },
    },
  };
  const parts = { codes: packed, scales: new Uint8Array(scales.buffer), zeros: flat, "zeros by row": byRow };
  return { parts, environment };
}

/** Runs a test with a case's codes and scales in a file, and as the interpreter takes them. */
export async function withCodes(
  each: QuantizedCase,
  test: (locate: (name: string) => WeightLocation, environment: Environment) => Promise<void>,
): Promise<void> {
  const { parts, environment } = draw(each), names = Object.keys(parts);
  await inFile(Object.values(parts), (location) => {
    const lengths = Object.values(parts).map(({ length }) => length);
    const locate = (name: string) => {
      const at = names.indexOf(name), offset = lengths.slice(0, at).reduce((sum, each) => sum + each, 0);
      return { location, offset, length: lengths[at]! };
    };
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
