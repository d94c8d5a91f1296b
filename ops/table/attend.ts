/**
 * Attention in parts: a few queries at a time, so that their scores stay small however many tokens they attend to. The
 * gradient recomputes a part's scores instead of keeping them.
 *
 * Operands: queries [batch, heads, rows, width], the mask that is added to the scores, then keys and values
 * [batch or 1, heads, length, width] of each run of tokens.
 *
 * @module
 */
import type { TensorName } from "../onnx/graph_writer.ts";
import { addDimensions, type Dimension, evaluateDimension, multiplyDimensions } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import type { AttendAttributes, AttendGradientAttributes, MatmulAttributes } from "./builder.ts";
import { acrossTokens, type Definitions, noExtents, notDifferentiable, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import type { Price } from "./price.ts";
import { emitFusedProduct } from "./product.ts";

/** Keys and values by run. */
function runsOf(inputs: readonly Value[]): { readonly key: Value; readonly value: Value }[] {
  return Array.from({ length: (inputs.length - 2) / 2 }, (_, run) => {
    return { key: inputs[2 + 2 * run]!, value: inputs[3 + 2 * run]! };
  });
}

const lengthOf = ({ shape }: Value): Dimension => shape[2]!;
const along = (axis: number) => ({ axis: { int: axis } });

function requireAttendable(inputs: readonly Value[]): void {
  const queries = operand({ op: "attend", inputs }, 0), mask = operand({ op: "attend", inputs }, 1);
  const [batch, heads, rows, width] = queries.shape, runs = runsOf(inputs);
  const length = addDimensions(...runs.map(({ key }) => lengthOf(key)));
  const isRun = ({ shape }: Value) => [batch, 1].includes(shape[0]!) && shape[1] === heads && shape[3] === width;
  const fits = runs.length > 0 && mask.shape.length === 4 && mask.shape[2] === rows && mask.shape[3] === length &&
    runs.every(({ key, value }) => isRun(key) && isRun(value) && lengthOf(key) === lengthOf(value));
  if (fits) return;
  const shapes = inputs.map(({ shape }) => `[${shape.join(", ")}]`);
  throw new TypeError(`attend cannot let ${shapes[0]} see ${shapes.slice(2).join(", ")} under ${shapes[1]}`);
}

/** A part's attention weights [batch, heads, part's rows, all lengths], and the tanh of the softcap. */
function emitWeights(
  emit: Emitter,
  query: TensorName,
  mask: TensorName,
  keys: readonly TensorName[],
  s: AttendAttributes,
) {
  const products = keys.map((key) => emitProduct(emit, query, key, { transposeB: true, alpha: s.scale }));
  const scores = products.length === 1 ? products[0]! : emit.node("Concat", products, along(-1));
  const bend = s.softcap === 0
    ? undefined
    : emit.node("Tanh", [emit.node("Mul", [scores, emit.floats([1 / s.softcap])])]);
  const bounded = bend === undefined ? scores : emit.node("Mul", [bend, emit.floats([s.softcap])]);
  return { weights: emit.node("Softmax", [emit.node("Add", [bounded, mask])], along(-1)), bend };
}

function emitProduct(
  emit: Emitter,
  a: TensorName,
  b: TensorName,
  { transposeA = false, transposeB = false, alpha = 1 }: Partial<MatmulAttributes>,
): TensorName {
  if (emit.kernels.fusedMatMul) return emitFusedProduct(emit, a, b, { transposeA, transposeB, alpha });
  const swap = (x: TensorName) => emit.node("Transpose", [x], { perm: { ints: [0, 1, 3, 2] } });
  const product = emit.node("MatMul", [transposeA ? swap(a) : a, transposeB ? swap(b) : b]);
  return alpha === 1 ? product : emit.node("Mul", [product, emit.floats([alpha])]);
}

/** Splits columns by run. */
function emitByRun(emit: Emitter, x: TensorName, lengths: readonly Dimension[]): readonly TensorName[] {
  return lengths.length === 1 ? [x] : emit.nodes("Split", [x, emit.extents(lengths)], lengths.length, along(-1));
}

const sumOf = (emit: Emitter, terms: readonly TensorName[]) =>
  terms.reduce((sum, term) => emit.node("Add", [sum, term]));

/** Two products forward; the gradient recomputes one of them and has four of its own. */
function price<Settings extends AttendAttributes>(products: number, scores: number): Price<Settings> {
  return {
    flops(value) {
      const [batch, heads, rows, width] = operand(value, 0).shape, length = operand(value, 1).shape[3];
      return multiplyDimensions(2 * products, batch!, heads!, rows!, length!, width!);
    },
    isProduct: true,
    // A part's scores, their exponentials and, in the gradient, the cotangents of both.
    scratchBytes(value, extents) {
      const [batch, heads, rows] = operand(value, 0).shape, length = operand(value, 1).shape[3];
      const bytes = evaluateDimension(multiplyDimensions(4, batch!, heads!, rows!, length!), extents);
      return scores * bytes / value.attributes.parts;
    },
    held: "own",
  };
}

/** The attributes of attention in parts. */
export interface AttendingAttributes {
  readonly attend: AttendAttributes;
  readonly attendGradient: AttendGradientAttributes;
}

/** The rows of the table. */
export const attending: Definitions<AttendingAttributes> = {
  attend: {
    infer(inputs) {
      requireAttendable(inputs);
      return { shape: inputs[0]!.shape, dtype: "float32" };
    },
    vjp(o, cotangent, { inputs, attributes }, needed) {
      const rows = lengthOf(inputs[0]!);
      const runs = runsOf(inputs).map((_, run) => needed[2 + 2 * run] || needed[3 + 2 * run] ? 1 : 0);
      const all = o.attendGradient(inputs, cotangent, { ...attributes, runs });
      const found: (Value | undefined)[] = inputs.map(() => undefined);
      let from: Dimension = 0;
      const next = (length: Dimension) => o.slice(all, 2, from, from = addDimensions(from, length));
      found[0] = next(rows);
      runsOf(inputs).forEach(({ key, value }, run) => {
        if (runs[run] === 0) return;
        found[2 + 2 * run] = o.sumTo(next(lengthOf(key)), key.shape);
        found[3 + 2 * run] = o.sumTo(next(lengthOf(value)), value.shape);
      });
      return found;
    },
    onnx(emit, { inputs, attributes: settings, shape }) {
      const runs = runsOf(inputs);
      const keys = runs.map(({ key }) => emit.of(key)), values = runs.map(({ value }) => emit.of(value));
      const split = (x: Value) => emit.parts(emit.of(x), shape[2]!, settings.parts, 2);
      const masks = split(inputs[1]!);
      const mixed = split(inputs[0]!).map((query, part) => {
        const { weights } = emitWeights(emit, query, masks[part]!, keys, settings);
        const byRun = emitByRun(emit, weights, runs.map(({ key }) => lengthOf(key)));
        return sumOf(emit, byRun.map((of, run) => emitProduct(emit, of, values[run]!, {})));
      });
      return emit.node("Concat", mixed, along(2));
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: price(2, 2),
  },
  /** The cotangents of the queries, then of keys and values of each run marked in `runs`, concatenated. */
  attendGradient: {
    infer(inputs, { runs: marked }) {
      const own = inputs.slice(0, -1);
      requireAttendable(own);
      const [batch, heads, rows, width] = own[0]!.shape;
      const lengths = runsOf(own).flatMap(({ key }, run) => marked[run] === 0 ? [] : [lengthOf(key), lengthOf(key)]);
      return { shape: [batch!, heads!, addDimensions(rows!, ...lengths), width!], dtype: "float32" };
    },
    vjp: notDifferentiable("attendGradient"),
    onnx(emit, { inputs, attributes: settings }) {
      const own = inputs.slice(0, -1), runs = runsOf(own), marked = settings.runs, rows = lengthOf(own[0]!);
      const lengths = runs.map(({ key }) => lengthOf(key));
      const keys = runs.map(({ key }) => emit.of(key)), values = runs.map(({ value }) => emit.of(value));
      const split = (x: Value) => emit.parts(emit.of(x), rows, settings.parts, 2);
      const queries = split(own[0]!), masks = split(own[1]!);
      const parts = split(inputs[inputs.length - 1]!).map((g, part) => {
        const query = queries[part]!;
        const { weights, bend } = emit.anew(() => emitWeights(emit, query, masks[part]!, keys, settings));
        const products = values.map((value) => emitProduct(emit, g, value, { transposeB: true }));
        const towardWeights = products.length === 1 ? products[0]! : emit.node("Concat", products, along(-1));
        const weighted = emit.node("Mul", [towardWeights, weights]);
        const total = emit.node("ReduceSum", [weighted, emit.integers([-1])]);
        const plain = emit.node("Sub", [weighted, emit.node("Mul", [weights, total])]);
        const slope = bend === undefined
          ? undefined
          : emit.node("Sub", [emit.floats([1]), emit.node("Mul", [bend, bend])]);
        const towardScores = emitByRun(emit, slope === undefined ? plain : emit.node("Mul", [plain, slope]), lengths);
        const byRun = emitByRun(emit, weights, lengths), alpha = settings.scale;
        const ofQuery = sumOf(emit, towardScores.map((of, run) => emitProduct(emit, of, keys[run]!, { alpha })));
        const ofRuns = marked.flatMap((isMarked, run) =>
          isMarked === 0 ? [] : [
            emitProduct(emit, towardScores[run]!, query, { transposeA: true, alpha }),
            emitProduct(emit, byRun[run]!, g, { transposeA: true }),
          ]
        );
        // One node holds all of a part's results: otherwise its weights would stay in memory until all parts are done.
        return emit.node("Concat", [...ofRuns, ofQuery], along(2));
      });
      const below = addDimensions(0, ...lengths.flatMap((length, run) => marked[run] === 0 ? [] : [length, length]));
      if (below === 0) return emit.node("Concat", parts, along(2));
      const end = emit.extents([below]), axis = emit.integers([2]);
      const ofQueries = parts.map((part) => emit.node("Slice", [part, end, emit.integers([2 ** 40]), axis]));
      const ofRuns = parts.map((part) => emit.node("Slice", [part, emit.integers([0]), end, axis]));
      return emit.node("Concat", [...ofQueries, sumOf(emit, ofRuns)], along(2));
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: price(5, 4),
  },
};
