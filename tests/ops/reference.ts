/**
 * An interpreter of tensor programs in float64, written only from each operation's definition. The table's shapes,
 * gradients and emitted models are checked against it.
 *
 * @module
 */
import { type Bindings, type Dimension, evaluateDimension } from "../../ops/program/dimension.ts";
import { type Attributes, isConstant, isLeaf, leafName, type Program, type Value } from "../../ops/program/program.ts";
import type { MatmulAttributes } from "../../ops/table/builder.ts";
import { isOperation, type OpAttributes, type OpName, type OpValue } from "../../ops/table/mod.ts";
import { at, broadcastAt, broadcastShapes, build, map, replaceAt, sizeOf, sum, type Tensor, tensor } from "./tensor.ts";

/** The inputs of a program's run. */
export interface Environment {
  /** The extent of each symbol. */
  readonly symbols: Bindings;
  /** Inputs, weights and parameters by name. */
  readonly leaves: Readonly<Record<string, Tensor>>;
}

/** The results of a program by name. */
export function interpret(program: Program, environment: Environment): Record<string, Tensor> {
  const names = Object.keys(program.outputs);
  const results = evaluate(Object.values(program.outputs), environment);
  return Object.fromEntries(names.map((name, index) => [name, results[index]!]));
}

/** The tensors that values evaluate to. */
export function evaluate(values: readonly Value[], { symbols, leaves }: Environment): Tensor[] {
  const known = new Map<Value, Tensor>();
  const extent = (dimension: Dimension) => evaluateDimension(dimension, symbols);
  const visit = (value: Value): Tensor => {
    let result = known.get(value);
    if (result === undefined) {
      if (isConstant(value)) result = tensor(value.shape.map(extent), value.attributes.elements);
      else if (isLeaf(value)) result = leaf(value, leaves[leafName(value)], value.shape.map(extent));
      else if (isOperation(value)) result = compute(value, value.inputs.map(visit), extent);
      else throw new RangeError(`No rule for ${value.op}`);
      known.set(value, result);
    }
    return result;
  };
  return values.map(visit);
}

function leaf(value: Value, bound: Tensor | undefined, shape: readonly number[]): Tensor {
  if (bound === undefined) throw new RangeError(`No tensor for ${leafName(value)}`);
  if (`${bound.shape}` !== `${shape}`) throw new RangeError(`${leafName(value)} is [${bound.shape}], not [${shape}]`);
  return bound;
}

type Extent = (dimension: Dimension) => number;
type Rule<Settings = Attributes> = (inputs: readonly Tensor[], attributes: Settings, extent: Extent) => Tensor;

function compute<Op extends OpName>(value: OpValue<Op>, inputs: readonly Tensor[], extent: Extent): Tensor {
  return rules[value.op](inputs, value.attributes, extent);
}

function binary(f: (x: number, y: number) => number): Rule {
  return ([x, y]) =>
    build(broadcastShapes(x!.shape, y!.shape), (index) => f(broadcastAt(x!, index), broadcastAt(y!, index)));
}

function unary(f: (x: number) => number): Rule {
  return ([x]) => map(x!, f);
}

/** The Gauss error function by its series of positive terms, `2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!`. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, total = x;
  for (let n = 1; n < 200; n++) total += term *= 2 * x * x / (2 * n + 1);
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * total;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The nearest bfloat16, ties to even. */
function roundToBfloat16(x: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  view.setUint32(0, (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
  return view.getFloat32(0);
}

function reduction(mean: boolean): Rule<OpAttributes["reduceSum"]> {
  return ([x], { axes, keep }) => {
    const folds = (axis: number) => axes.includes(axis);
    const outside = x!.shape.map((extent, axis) => (folds(axis) ? 1 : extent));
    const inside = x!.shape.map((extent, axis) => (folds(axis) ? extent : 1));
    const folded = build(outside, (index) => {
      const group = build(inside, (offset) => at(x!, index.map((place, axis) => place + offset[axis]!)));
      return sum(group.data) / (mean ? sizeOf(inside) : 1);
    });
    return tensor(keep ? outside : x!.shape.filter((_, axis) => !folds(axis)), folded.data);
  };
}

/** The elements along the last axis at an index. */
function rowThrough(x: Tensor, index: readonly number[]): number[] {
  const last = x.shape.length - 1;
  return Array.from({ length: x.shape[last]! }, (_, place) => at(x, replaceAt(index, last, place)));
}

function logSumExpOf(row: readonly number[]): number {
  const peak = Math.max(...row);
  return peak + Math.log(sum(row.map((x) => Math.exp(x - peak))));
}

function softmaxOf(row: readonly number[]): number[] {
  const peak = Math.max(...row), powers = row.map((x) => Math.exp(x - peak)), total = sum(powers);
  return powers.map((power) => power / total);
}

function inverseRms(row: readonly number[], epsilon: number): number {
  return 1 / Math.sqrt(sum(row.map((x) => x * x)) / row.length + epsilon);
}

const meanOf = (row: readonly number[]) => sum(row) / row.length;

function inverseDeviation(row: readonly number[], epsilon: number): number {
  const middle = meanOf(row);
  return 1 / Math.sqrt(meanOf(row.map((x) => (x - middle) ** 2)) + epsilon);
}

const last = (places: readonly number[]) => places[places.length - 1]!;

/** Attention over all runs' keys, and the parts of its gradient: each row's weights and the gradient of its scores. */
function attention(inputs: readonly Tensor[], scale: number, softcap: number) {
  const [q, mask, ...keyValues] = inputs as [Tensor, Tensor, ...Tensor[]], width = q.shape[3]!;
  const columns = (parity: number) =>
    keyValues.filter((_, index) => index % 2 === parity).flatMap((x) =>
      Array.from({ length: x.shape[2]! }, (_, place) => (b: number, h: number, c: number) => {
        return at(x, [x.shape[0] === 1 ? 0 : b, h, place, c]);
      })
    );
  const keys = columns(0), values = columns(1);
  const products = (b: number, h: number, r: number) =>
    keys.map((key) => scale * sum(Array.from({ length: width }, (_, c) => at(q, [b, h, r, c]) * key(b, h, c))));
  const weights = (b: number, h: number, r: number) =>
    softmaxOf(
      products(b, h, r).map((score, k) => {
        return (softcap === 0 ? score : softcap * Math.tanh(score / softcap)) + broadcastAt(mask, [b, h, r, k]);
      }),
    );
  const slopes = (b: number, h: number, r: number) =>
    products(b, h, r).map((score) => softcap === 0 ? 1 : 1 - Math.tanh(score / softcap) ** 2);
  const mixed = build(q.shape, ([b, h, r, c]) => {
    return sum(weights(b!, h!, r!).map((weight, k) => weight * values[k]!(b!, h!, c!)));
  });
  return { weights, slopes, keys, values, mixed };
}

const matmul: Rule<MatmulAttributes> = ([a, b], { transposeA, transposeB, alpha }) => {
  const [left, right] = [transposeA ? swapped(a!) : a!, transposeB ? swapped(b!) : b!];
  const batch = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const rows = left.shape.at(-2)!, inner = left.shape.at(-1)!, columns = right.shape.at(-1)!;
  if (right.shape.at(-2) !== inner) throw new RangeError(`[${left.shape}] does not meet [${right.shape}]`);
  const leadingOf = (x: Tensor, index: readonly number[]) =>
    index.slice(index.length - x.shape.length, -2).map((place, axis) => (x.shape[axis] === 1 ? 0 : place));
  return build([...batch, rows, columns], (index) => {
    const ofLeft = leadingOf(left, index), ofRight = leadingOf(right, index), [row, column] = index.slice(-2);
    let total = 0;
    for (let k = 0; k < inner; k++) total += at(left, [...ofLeft, row!, k]) * at(right, [...ofRight, k, column!]);
    return alpha * total;
  });
};

function swapped(x: Tensor): Tensor {
  const order = x.shape.map((_, axis) => axis);
  return transposed(x, [...order.slice(0, -2), order.length - 1, order.length - 2]);
}

function transposed(x: Tensor, permutation: readonly number[]): Tensor {
  return build(permutation.map((axis) => x.shape[axis]!), (index) => {
    const source: number[] = [];
    permutation.forEach((axis, to) => source[axis] = index[to]!);
    return at(x, source);
  });
}

const rules: { readonly [Op in OpName]: Rule<OpAttributes[Op]> } = {
  add: binary((x, y) => x + y),
  sub: binary((x, y) => x - y),
  mul: binary((x, y) => x * y),
  div: binary((x, y) => x / y),
  min: binary(Math.min),
  max: binary(Math.max),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  cos: unary(Math.cos),
  sin: unary(Math.sin),
  tanh: unary(Math.tanh),
  sigmoid: unary(sigmoid),
  silu: unary((x) => x * sigmoid(x)),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  relu: unary((x) => Math.max(x, 0)),
  erf: unary(erf),
  gelu: unary((x) => x * (1 + erf(x / Math.SQRT2)) / 2),
  geluTanh: unary((x) => x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2),
  clamp: ([x], { low, high }) => map(x!, (each) => Math.min(Math.max(each, low), high)),
  detach: unary((x) => x),
  barrier: ([x]) => x!,
  sign: unary(Math.sign),
  truncate: unary(Math.trunc),
  attend: (inputs, { scale, softcap }) => attention(inputs, scale, softcap).mixed,
  attendGradient: (all, { scale, softcap, runs }) => {
    const inputs = all.slice(0, -1), g = all.at(-1)!, [q, , ...keyValues] = inputs as [Tensor, Tensor, ...Tensor[]];
    const { weights, slopes, keys, values } = attention(inputs, scale, softcap);
    const [batch, heads, rows, width] = q.shape as [number, number, number, number];
    const towardWeights = (b: number, h: number, r: number) =>
      values.map((of) => sum(Array.from({ length: width }, (_, c) => at(g, [b, h, r, c]) * of(b, h, c))));
    const towardScores = (b: number, h: number, r: number): number[] => {
      const own = weights(b, h, r), toward = towardWeights(b, h, r), total = sum(own.map((w, k) => w * toward[k]!));
      return own.map((w, k) => w * (toward[k]! - total) * slopes(b, h, r)[k]! * scale);
    };
    const overRows = (row: (r: number) => number) => sum(Array.from({ length: rows }, (_, r) => row(r)));
    const lengths = keyValues.filter((_, at) => at % 2 === 0).map(({ shape }) => shape[2]!);
    const places = lengths.flatMap((length, run) => {
      const start = sum(lengths.slice(0, run)), ofRun = Array.from({ length }, (_, place) => start + place);
      if (runs[run] === 0) return [];
      return [...ofRun.map((k) => [true, k] as const), ...ofRun.map((k) => [false, k] as const)];
    });
    return build([batch, heads, rows + places.length, width], ([b, h, row, c]) => {
      if (row! < rows) return sum(towardScores(b!, h!, row!).map((s, k) => s * keys[k]!(b!, h!, c!)));
      const [isKey, k] = places[row! - rows]!;
      return isKey
        ? overRows((r) => towardScores(b!, h!, r)[k]! * at(q, [b!, h!, r, c!]))
        : overRows((r) => weights(b!, h!, r)[k]! * at(g, [b!, h!, r, c!]));
    });
  },
  // The codes are counted from 0 where blocks have no zeros.
  dequantize: ([codes, scales, zeros], { columns }) => {
    const [, size] = codes!.shape as readonly [number, number], perRow = Math.ceil(columns / size);
    return build([scales!.data.length / perRow, columns], ([row, column]) => {
      const block = row! * perRow + Math.floor(column! / size);
      return scales!.data[block]! * (codes!.data[block * size + column! % size]! - (zeros?.data[block] ?? 0));
    });
  },
  cast: ([x], { to }) => to === "bfloat16" ? map(x!, roundToBfloat16) : to === "float16" ? map(x!, Math.f16round) : x!,
  reduceSum: reduction(false),
  reduceMean: reduction(true),
  softmax: ([x]) => build(x!.shape, (index) => softmaxOf(rowThrough(x!, index))[last(index)]!),
  rmsNorm: ([x, weight], { epsilon }) =>
    build(
      x!.shape,
      (index) => at(x!, index) * inverseRms(rowThrough(x!, index), epsilon) * broadcastAt(weight!, index),
    ),
  inverseRms: ([x], { epsilon }) =>
    build([...x!.shape.slice(0, -1), 1], (index) => inverseRms(rowThrough(x!, index), epsilon)),
  layerNorm: ([x, weight, bias], { epsilon }) =>
    build(x!.shape, (index) => {
      const row = rowThrough(x!, index),
        normal = (at(x!, index) - meanOf(row)) * inverseDeviation(row, epsilon);
      return normal * broadcastAt(weight!, index) + broadcastAt(bias!, index);
    }),
  layerMean: ([x]) => build([...x!.shape.slice(0, -1), 1], (index) => meanOf(rowThrough(x!, index))),
  inverseDeviation: ([x], { epsilon }) =>
    build([...x!.shape.slice(0, -1), 1], (index) => inverseDeviation(rowThrough(x!, index), epsilon)),
  topMask: ([x], { count }) =>
    build(x!.shape, (index) => {
      const larger = rowThrough(x!, index).filter((other) => other > at(x!, index));
      return larger.length < count ? 1 : 0;
    }),
  matmul,
  reshape: ([x], { shape }, extent) => tensor(shape.map(extent), x!.data),
  transpose: ([x], { permutation }) => transposed(x!, permutation),
  slice([x], { axis, start, end }, extent) {
    const from = extent(start), to = extent(end);
    return build(replaceAt(x!.shape, axis, to - from), (index) => {
      return at(x!, replaceAt(index, axis, index[axis]! + from));
    });
  },
  concat(parts, { axis }) {
    const places = parts.flatMap((part) => Array.from({ length: part.shape[axis]! }, (_, place) => ({ part, place })));
    return build(replaceAt(parts[0]!.shape, axis, places.length), (index) => {
      const { part, place } = places[index[axis]!]!;
      return at(part, replaceAt(index, axis, place));
    });
  },
  pad([x], { axis, before, after }, extent) {
    const inner = x!.shape[axis]!, offset = extent(before);
    return build(replaceAt(x!.shape, axis, offset + inner + extent(after)), (index) => {
      const place = index[axis]! - offset;
      return place >= 0 && place < inner ? at(x!, replaceAt(index, axis, place)) : 0;
    });
  },
  expand: ([x], { shape }, extent) => build(shape.map(extent), (index) => broadcastAt(x!, index)),
  gatherRows: ([x, indices]) =>
    build([...indices!.shape, ...x!.shape.slice(1)], (index) => {
      const row = at(indices!, index.slice(0, indices!.shape.length));
      return at(x!, [row, ...index.slice(indices!.shape.length)]);
    }),
  scatterRows: ([updates, indices], { rows }, extent) =>
    build(
      [extent(rows), ...updates!.shape.slice(1)],
      ([row, ...rest]) =>
        sum([...indices!.data].map((named, from) => (named === row ? at(updates!, [from, ...rest]) : 0))),
    ),
  logSumExp: ([x]) => build(replaceAt(x!.shape, x!.shape.length - 1, 1), (index) => logSumExpOf(rowThrough(x!, index))),
  crossEntropy: ([logits, labels]) =>
    build(labels!.shape, ([row]) => {
      const scores = rowThrough(logits!, [row!, 0]);
      return logSumExpOf(scores) - scores[labels!.data[row!]!]!;
    }),
  crossEntropyGradient: ([logits, labels]) =>
    build(logits!.shape, ([row, column]) => {
      const probability = softmaxOf(rowThrough(logits!, [row!, 0]))[column!]!;
      return probability - (labels!.data[row!] === column ? 1 : 0);
    }),
  rotary([x, cosines, sines], { heads, turned, interleaved }) {
    const width = x!.shape[2]! / heads, half = turned / 2;
    return build(x!.shape, ([batch, token, channel]) => {
      const within = channel! % width, own = at(x!, [batch!, token!, channel!]);
      if (within >= 2 * half) return own;
      const angle = interleaved ? Math.floor(within / 2) : within % half;
      const isFirst = interleaved ? within % 2 === 0 : within < half, apart = interleaved ? 1 : half;
      const cosine = at(cosines!, [batch!, token!, angle]), sine = at(sines!, [batch!, token!, angle]);
      const partner = at(x!, [batch!, token!, isFirst ? channel! + apart : channel! - apart]);
      return own * cosine + (isFirst ? -partner : partner) * sine;
    });
  },
};
