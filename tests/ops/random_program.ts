/** Random expression graphs, for properties that every program must have. @module */
import type { Dimension } from "../../ops/program/dimension.ts";
import * as o from "../../ops/operators.ts";
import { input, parameter, type Value } from "../../ops/program/program.ts";
import { createRandom, type Random } from "../../pipelines/data/random.ts";

/** The extents of a random program's symbols. */
export const randomSymbols = [{ batch: 2, tail: 3 }, { batch: 1, tail: 4 }];

const leaves: readonly Value[] = [
  input("a", ["batch", "tail", 4]),
  input("b", ["tail", 4]),
  input("c", []),
  parameter("p", [4, 4]),
  parameter("q", [4]),
  parameter("r", ["batch", 1, 4]),
  parameter("s", [2, 4]),
  parameter("t", ["tail", 1]),
];

const numbers = [0, 1, -1, 2, 0.5];
const numberOrder = (random: Random, rank: number) => random.shuffle(Array.from({ length: rank }, (_, axis) => axis));

type Grower = (random: Random, pick: () => Value) => Value;

const growers: readonly Grower[] = [
  (_, pick) => o.add(pick(), pick()),
  (_, pick) => o.sub(pick(), pick()),
  (_, pick) => o.mul(pick(), pick()),
  (_, pick) => o.div(pick(), o.add(o.exp(o.tanh(pick())), 1)),
  (random, pick) => o.add(pick(), numbers[random.integer(numbers.length)]!),
  (random, pick) => o.sub(pick(), numbers[random.integer(numbers.length)]!),
  (random, pick) => o.mul(numbers[random.integer(numbers.length)]!, pick()),
  (random, pick) => o.mul(pick(), numbers[random.integer(numbers.length)]!),
  (_, pick) => o.neg(pick()),
  (_, pick) => o.tanh(pick()),
  (_, pick) => o.softmax(pick()),
  (random, pick) => {
    const bit = () => random.integer(2) === 1;
    return o.matmul(pick(), pick(), { transposeA: bit(), transposeB: bit(), alpha: random.integer(3) / 2 });
  },
  (_, pick) => o.matmul(o.mul(pick(), pick()), pick(), { transposeB: true }),
  (random, pick) => {
    const x = pick();
    return o.transpose(x, numberOrder(random, x.shape.length));
  },
  (random, pick) => {
    const x = pick();
    return o.reshape(x, random.integer(2) === 0 ? [1, ...x.shape] : x.shape.filter((extent) => extent !== 1));
  },
  (random, pick) => {
    const x = pick(), axis = random.integer(x.shape.length), end = x.shape[axis]!, start = random.integer(2);
    return o.slice(x, axis, start, typeof end === "number" ? start + 1 + random.integer(end) : end);
  },
  (random, pick) => {
    const x = pick(), axis = random.integer(x.shape.length), amounts: Dimension[] = [0, 1, 2, "tail"];
    const [before, after] = random.shuffle(amounts) as [Dimension, Dimension];
    return random.integer(2) === 0
      ? o.pad(x, axis, before, after)
      : o.slice(o.pad(x, axis, 2, after), axis, 2, o.pad(x, axis, 2, 0).shape[axis]!);
  },
  (random, pick) => {
    const x = pick(), y = pick(), axis = random.integer(x.shape.length), both = o.concat([x, y], axis);
    return random.integer(2) === 0 ? both : o.slice(both, axis, x.shape[axis]!, both.shape[axis]!);
  },
  (random, pick) => {
    const x = pick();
    return o.reduceSum(x, [random.integer(x.shape.length)], random.integer(2) === 1);
  },
];

/** The largest number of elements of a random program's values, limited for speed. */
const limit = 400;

/** Values of a random program, leaves first. The seed determines them. */
export function randomValues(seed: number, count: number): Value[] {
  const random = createRandom(seed, "program"), values = [...leaves];
  const pick = () => {
    const recent = random.integer(2) === 0 ? 6 : values.length;
    return values[values.length - 1 - random.integer(Math.min(recent, values.length))]!;
  };
  for (let attempt = 0; values.length < leaves.length + count && attempt < 100 * count; attempt++) {
    try {
      const grown = growers[random.integer(growers.length)]!(random, pick);
      if (sizeAtMost(grown) <= limit && grown.shape.every((extent) => !String(extent).includes("-"))) {
        values.push(grown);
      }
    } catch (error) {
      // Incompatible operands are refused, and others are drawn.
      if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
    }
  }
  return values;
}

function sizeAtMost({ shape }: Value): number {
  return shape.reduce<number>((size, extent) => size * (typeof extent === "number" ? extent : 4), 1);
}
