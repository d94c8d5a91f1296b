/**
 * The rate at which ONNX Runtime multiplies matrices of a program's shapes when it does nothing else: for each shape, a
 * program of only its products, over the model's mapped weights, as many as the original has.
 *
 * @module
 */
import { flopsOf } from "../../ops/passes/cost.ts";
import { type Bindings, elementCount, evaluateDimension, evaluateShape } from "../../ops/program/dimension.ts";
import { emitOnnx } from "../../ops/emission/emit.ts";
import * as o from "../../ops/operators.ts";
import type { MatmulAttributes } from "../../ops/table/builder.ts";
import { isOp } from "../../ops/table/mod.ts";
import { input, leafName, type Program, type Value, valuesOf, weight } from "../../ops/program/program.ts";
import { verify } from "../../ops/passes/verify.ts";
import type { ModelWeights } from "../../pipelines/models/open/model.ts";
import { type HostTensor, Runtime } from "../../pipelines/runtime/runtime.ts";

/** The runtime's own rate for a program's matrix products. */
export interface Limit {
  /** The extents of the run whose shapes were measured. */
  readonly extents: Bindings;
  /** Operations per second: all products of the program over the seconds that they take alone. */
  readonly rate: number;
  readonly shapes: readonly ShapeRate[];
}

/** The rate of the products of one shape. */
export interface ShapeRate {
  /** As in `[8, 9, 576] × [1536, 576]ᵀ`. */
  readonly product: string;
  /** Whether the right matrix is a weight of the model. */
  readonly weight: boolean;
  readonly count: number;
  readonly share: number;
  readonly rate: number;
}

/** Products of one shape. */
interface Products {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly options: MatmulAttributes;
  /** The right matrices, if they are weights. */
  readonly weights: Value[];
  readonly flops: number;
  count: number;
}

/** Shapes with a smaller share of the operations are not measured. */
const leastShare = 0.001;
/** This many products of activations represent all of their shape. */
const mostActivations = 8;
const [fewestRuns, measuredSeconds] = [5, 0.5];

/** Measures every shape of a program's matrix products at given extents. */
export async function measureLimit(
  program: Program,
  extents: Bindings,
  weights: ModelWeights,
  threads: number,
): Promise<Limit> {
  const all = productsOf(program, extents);
  const total = all.reduce((sum, { flops, count }) => sum + flops * count, 0);
  const measured = all.filter(({ flops, count }) => flops * count >= leastShare * total);
  using runtime = new Runtime({ threads });
  const shapes: ShapeRate[] = [];
  let [flops, seconds] = [0, 0];
  for (const products of measured) {
    const rate = await measureRate(runtime, products, weights);
    const own = products.flops * products.count;
    flops += own;
    seconds += own / rate;
    const { weights: { length }, count } = products;
    shapes.push({ product: describe(products), weight: length > 0, count, share: own / total, rate });
  }
  return { extents, rate: flops / seconds, shapes: shapes.sort((a, b) => b.share - a.share) };
}

function productsOf(program: Program, extents: Bindings): Products[] {
  const found = new Map<string, Products>();
  for (const value of valuesOf(program)) {
    if (!isOp(value, "matmul")) continue;
    const [a, b] = value.inputs as readonly [Value, Value];
    const left = evaluateShape(a.shape, extents), right = evaluateShape(b.shape, extents);
    const isWeight = b.op === "weight";
    const key = JSON.stringify([left, right, value.attributes, isWeight]);
    const flops = evaluateDimension(flopsOf(value), extents);
    const known = found.get(key) ??
      { left, right, options: value.attributes, weights: [], flops, count: 0 };
    found.set(key, known);
    known.count++;
    if (isWeight) known.weights.push(b);
  }
  return [...found.values()];
}

async function measureRate(runtime: Runtime, products: Products, weights: ModelWeights): Promise<number> {
  const { program, count } = productProgram(products);
  const session = await runtime.open(emitOnnx(verify(program), "cpu", weights.locate));
  const feeds = Object.fromEntries(session.model.fed.map(({ name, shape }) => [name, filled(shape as number[])]));
  await session.run(feeds);
  let [best, spent] = [Infinity, 0];
  for (let run = 0; run < fewestRuns || spent < measuredSeconds; run++) {
    const { seconds } = await session.run(feeds);
    best = Math.min(best, seconds);
    spent += seconds;
  }
  await session.close();
  return products.flops * count / best;
}

/** Parallel products; one element of each result is kept, so that none is optimized away and none is copied out. */
function productProgram({ left, right, options, weights, count }: Products): { program: Program; count: number } {
  const pairs = weights.length > 0
    ? weights.map((value) => [input("left", left), weight(leafName(value), value.shape, value.dtype)] as const)
    : Array.from(
      { length: Math.min(count, mostActivations) },
      (_, index) => [input(`left.${index}`, left), input(`right.${index}`, right)] as const,
    );
  const elements = pairs.map(([a, b]) => {
    const product = o.matmul(a, b, options);
    return o.reshape(product.shape.reduce((rest, _, axis) => o.slice(rest, axis, 0, 1), product), [1]);
  });
  return { program: { name: "limit", outputs: { elements: o.concat(elements, 0) } }, count: pairs.length };
}

function filled(shape: readonly number[]): HostTensor {
  const data = new Float32Array(evaluateDimension(elementCount(shape), {}));
  return { data: data.map((_, index) => Math.sin(index)), shape };
}

function describe({ left, right, options }: Products): string {
  const matrix = (extents: readonly number[], transposed?: boolean) =>
    `[${extents.join(", ")}]${transposed ? "ᵀ" : ""}`;
  return `${matrix(left, options.transposeA)} × ${matrix(right, options.transposeB)}`;
}
