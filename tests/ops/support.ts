/** Draws leaves, takes finite differences of programs and runs them, for the tests of `ops/`. @module */
import assert from "node:assert/strict";
import { type Bindings, evaluateShape } from "../../ops/program/dimension.ts";
import { gradients } from "../../ops/passes/autodiff.ts";
import { emitOnnx } from "../../ops/emission/emit.ts";
import type { OnnxModel, Provider } from "../../ops/onnx/model.ts";
import { mul, reduceSum } from "../../ops/operators.ts";
import { input, isLeaf, leafName, type Program, topologicalOrder, type Value } from "../../ops/program/program.ts";
import { verify } from "../../ops/passes/verify.ts";
import { createRandom, type Random } from "../../pipelines/data/random.ts";
import type { HostTensor, Session } from "../../pipelines/runtime/runtime.ts";
import { type Environment, evaluate } from "./reference.ts";
import { sizeOf, sum, type Tensor, tensor } from "./tensor.ts";

/** Draws a leaf's element at an offset. */
export type Draw = (random: Random, offset: number, symbols: Bindings) => number;

/** Uniform between two numbers, rounded to float32 so that runtime and interpreter read the same numbers. */
export function between(low: number, high: number): Draw {
  return (random) => Math.fround(low + (high - low) * random.uniform());
}

/** Tensors for every leaf below some values; those without their own draw are uniform within ±2. */
export function drawLeaves(
  values: readonly Value[],
  symbols: Bindings = {},
  draws: Readonly<Record<string, Draw>> = {},
  seed = 1,
): Environment {
  const leaves: Record<string, Tensor> = {};
  for (const leaf of topologicalOrder(values)) {
    if (!isLeaf(leaf) || leaf.op === "constant") continue;
    const name = leafName(leaf), shape = evaluateShape(leaf.shape, symbols);
    const random = createRandom(seed, name, ...shape), draw = draws[name] ?? between(-2, 2);
    const elements = Array.from({ length: sizeOf(shape) }, (_, offset) => draw(random, offset, symbols));
    leaves[name] = tensor(shape, elements);
  }
  return { symbols, leaves };
}

/** The leaves of one kind below some values. */
export function leavesBelow(values: readonly Value[], op: "parameter" | "input"): Value[] {
  return topologicalOrder(values).filter((value) => value.op === op);
}

/** A scalar that depends on every element of a value: their sum, each weighted by its own fed factor. */
export function weighted(value: Value): Value {
  const product = mul(value, input("cotangent", value.shape));
  return reduceSum(product, product.shape.map((_, axis) => axis));
}

/** The derivative of a scalar by each element of a leaf, by central differences of the interpreter. */
export function differences(loss: Value, leaf: Value, environment: Environment, step = 1e-5): Tensor {
  const name = leafName(leaf), center = environment.leaves[name]!;
  const lossAt = (offset: number, change: number) => {
    const moved = center.data.slice();
    moved[offset]! += change;
    const leaves = { ...environment.leaves, [name]: { shape: center.shape, data: moved } };
    return evaluate([loss], { symbols: environment.symbols, leaves })[0]!.data[0]!;
  };
  return {
    shape: center.shape,
    data: center.data.map((_, offset) => (lossAt(offset, step) - lossAt(offset, -step)) / (2 * step)),
  };
}

/** Asserts that the gradients of a scalar by every parameter below it match finite differences. */
export function assertGradients(loss: Value, environment: Environment, step = 1e-5): void {
  const wanted = leavesBelow([loss], "parameter");
  const found = gradients(loss, wanted);
  wanted.forEach((leaf, index) => {
    const gradient = found[index];
    assert.ok(gradient !== undefined, `no gradient for ${leafName(leaf)}`);
    verify({ name: "gradient", outputs: { loss, gradient } });
    assert.deepEqual(gradient.shape, leaf.shape);
    const expected = differences(loss, leaf, environment, step);
    assertClose(evaluate([gradient], environment)[0]!, expected, 1e-6, `gradient of ${leafName(leaf)}`);
  });
}

/** Asserts that tensors agree: each element within a tolerance, relative where the expected one exceeds 1. */
export function assertClose(actual: Tensor, expected: Tensor, tolerance: number, what: string): void {
  assert.deepEqual([...actual.shape], [...expected.shape], `${what}: shapes`);
  expected.data.forEach((number, offset) => {
    const found = actual.data[offset]!;
    const near = found === number || Math.abs(found - number) <= tolerance * Math.max(1, Math.abs(number));
    if (!near) assert.fail(`${what}: ${found} instead of ${number} at ${offset} of [${expected.shape}]`);
  });
}

/** The largest `|actual − expected|` over the largest `|expected|`; of zeros the difference itself. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  const difference = actual.data.map((number, offset) => Math.abs(number - expected.data[offset]!));
  return Math.max(...difference) / (Math.max(...expected.data.map(Math.abs)) || 1);
}

/** The Euclidean length of all elements. */
export function norm({ data }: Tensor): number {
  return Math.sqrt(sum(data.map((element) => element * element)));
}

/** The model of a program for a provider, marked to run on the cpu so that any provider's emission can be checked. */
export function emitFor(provider: Provider, program: Program): OnnxModel {
  const model = emitOnnx(program, provider, (name) => {
    throw new RangeError(`${name} has no file`);
  });
  return { ...model, provider: "cpu" };
}

/** Runs a session on an environment's leaves. */
export async function runOn(session: Session, { leaves }: Environment): Promise<Record<string, Tensor>> {
  const feeds: Record<string, HostTensor> = {};
  for (const { name, dtype } of session.model.fed) {
    const { shape, data } = leaves[name]!;
    feeds[name] = {
      shape,
      data: dtype === "int64" ? BigInt64Array.from([...data], BigInt) : Float32Array.from(data),
    };
  }
  const { outputs } = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { shape, data }]) => [name, tensor(shape, [...data].map(Number))]),
  );
}
