/** Products by weights whose bytes lie one after the other are computed by one kernel, with the same results. */
import assert from "node:assert/strict";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import * as o from "../../../ops/operators.ts";
import { input, type Program, type Value, weight } from "../../../ops/program/program.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { codeKinds } from "../../../ops/table/quantization.ts";
import type { CodeType } from "../../../ops/program/program.ts";
import { frozenWeight } from "../../../pipelines/compile/programs/frozen_weight.ts";
import { partsOf } from "../../../pipelines/models/open/quantized_weights.ts";
import { packedZeros, quantize } from "../../../pipelines/models/weights/quantization.ts";
import { nodesOf } from "../model.ts";

const columns = 64, rowsOf = { query: 5, key: 3, value: 3, other: 4 } as const;

/** How the weights of products are kept: their tensors, and the product of a token by one of them. */
interface Kept {
  readonly kernel: string;
  readonly tensors: (name: string, matrix: Float32Array) => Readonly<Record<string, Uint8Array>>;
  readonly weight: (name: string, rows: number) => Value;
}

const bytesOf = ({ buffer }: { buffer: ArrayBufferLike }) => new Uint8Array(buffer);

const ways: Readonly<Record<string, Kept>> = {
  float32: {
    kernel: "FusedMatMul",
    tensors: (name, matrix) => ({ [name]: bytesOf(matrix) }),
    weight: (name, rows) => weight(name, [rows, columns]),
  },
  ...Object.fromEntries((Object.keys(codeKinds) as CodeType[]).map((type): [string, Kept] => [type, {
    kernel: "MatMulNBits",
    tensors: (name, matrix) => {
      const { codes, scales, zeros } = quantize(matrix, columns, type), { zeros: names } = partsOf(name);
      const kept = { [`${name}.codes`]: codes, [`${name}.scales`]: bytesOf(scales) };
      if (zeros === undefined) return kept;
      const { flat, byRow } = packedZeros(zeros, columns, type);
      return { ...kept, [names[0]]: flat, [names[1]]: byRow };
    },
    weight: (name, rows) => frozenWeight(name, [rows, columns], type),
  }])),
};

const tokens = Array.from({ length: 2 * columns }, (_, at) => Math.sin(at));
const matrices = Object.entries(rowsOf).map(([name, rows], which) => {
  return [name, Float32Array.from({ length: rows * columns }, (_, at) => Math.cos(at * (which + 1)))] as const;
});

/**
 * The products of two tokens by the weights, which lie in a file with a gap of some bytes between them, and how many
 * kernels compute them.
 */
async function products(runtime: Runtime, { tensors, weight, kernel }: Kept, gap: number) {
  const parts = Object.assign({}, ...matrices.map(([name, matrix]) => tensors(name, matrix)));
  const file = await Deno.realPath(await Deno.makeTempFile()), places = new Map<string, [number, number]>();
  try {
    let offset = 0;
    // As in the store: all codes, then all scales, and so on.
    const parted = ["codes", "scales", "zeros", "zeros by row"];
    const part = (name: string) => parted.indexOf(name.slice(name.indexOf(".") + 1));
    const names = Object.keys(parts).toSorted((a, b) => part(a) - part(b));
    const bytes = names.flatMap((name): Uint8Array<ArrayBuffer>[] => {
      places.set(name, [offset, parts[name].length]);
      offset += parts[name].length + gap;
      return [parts[name], new Uint8Array(gap)];
    });
    await Deno.writeFile(file, new Blob(bytes).stream());
    // A product with more tokens of a row than one does not gain from larger weights.
    const x = o.neg(input("x", ["batch", 1, columns])), long = o.neg(input("long", ["others", 2, columns]));
    const outputs = Object.fromEntries(
      Object.entries(rowsOf).flatMap(([name, rows]) => {
        const product = (of: Value) => o.matmul(of, weight(name, rows), { transposeB: true });
        return [[`by ${name}`, product(x)], [`long ${name}`, product(long)]];
      }),
    );
    const program: Program = { name: "joined", outputs };
    const locate = (name: string) => {
      const [offset, length] = places.get(name)!;
      return { location: file.slice(1), offset, length };
    };
    const model = emitOnnx(program, "cpu", locate, { packs: true });
    const session = await runtime.open(model, { prepacks: true });
    const feeds = {
      x: { shape: [2, 1, columns], data: Float32Array.from(tokens) },
      long: { shape: [1, 2, columns], data: Float32Array.from(tokens) },
    };
    const results = (await session.run(feeds)).outputs;
    await session.close();
    return { results, kernels: nodesOf(model.bytes).filter(({ opType }) => opType === kernel).length };
  } finally {
    await Deno.remove(file);
  }
}

for (const [name, kept] of Object.entries(ways)) {
  Deno.test(`products by ${name} weights that lie one after the other are one`, async () => {
    using runtime = new Runtime({ threads: 1 });
    const joined = await products(runtime, kept, 0), separate = await products(runtime, kept, 64);
    assert.deepEqual([joined.kernels, separate.kernels], [4 + 1, 4 + 4]);
    for (const [result, { data, shape }] of Object.entries(separate.results)) {
      assert.deepEqual(joined.results[result]!.shape, shape);
      data.forEach((value, at) => assert.ok(Math.abs(Number(joined.results[result]!.data[at]) - Number(value)) < 1e-4));
    }
  });
}
