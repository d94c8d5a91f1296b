/** Views that a seed draws. @module */
import { anything, oneOf, optional } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import type { HalfView, SampleView, ShuffleView, SplitView } from "./dataset.ts";
import { createRandom } from "./random.ts";
import { halvesOf, halvesRules } from "./halves/halves.ts";
import { counted, type Found, requireCount, requireSeed, type Viewed, type ViewKind } from "./view_kind.ts";

/** The numbers from 0 up to, but not including, a count, in random order. */
function orderOf(count: number, seed: number, what: string): number[] {
  return createRandom(seed, what).shuffle(Array.from({ length: count }, (_, index) => index));
}

/** The rows whose indices are wanted, in their order. */
async function* chosen(rows: Viewed, isWanted: (index: number) => boolean): AsyncGenerator<Found> {
  let index = 0;
  for await (const row of rows.read()) if (isWanted(index++)) yield row;
}

/** `.split({ test, seed })`. */
export const split: ViewKind<SplitView> = {
  reads: "all",
  settings: (of) => ({ of, part: anything, test: anything, seed: anything }),
  describe: ({ test, part }) => `.split({ test: ${test} }).${part}`,
  rows(view, rows) {
    const isShare = view.test > 0 && view.test < 1;
    if (!isShare && !(Number.isSafeInteger(view.test) && view.test >= 1)) {
      throw new RequestError(
        `expected split's test to be a share between 0 and 1 or a whole number of rows but found ${view.test}; correct it, as in 0.25`,
      );
    }
    requireSeed("split", view.seed);
    return async function* () {
      const { count, rows: again } = await counted(rows), test = testRows(view, count, rows.name);
      yield* chosen(again, (index) => test.has(index) === (view.part === "test"));
    };
  },
};

/** Which of `count` rows are for testing. */
function testRows({ test, seed }: SplitView, count: number, file: string): ReadonlySet<number> {
  const size = test < 1 ? Math.max(1, Math.round(test * count)) : test;
  if (size < count) return new Set(orderOf(count, seed, "split").slice(0, size));
  throw new RequestError(
    `split({ test: ${test} }) of the ${count} rows of ${file} leaves none to train on; give it more rows or a smaller test`,
  );
}

/** `.sample(n, seed)`. */
export const sample: ViewKind<SampleView> = {
  reads: "all",
  settings: (of) => ({ of, count: anything, seed: anything }),
  describe: ({ count, seed }) => `.sample(${count}, ${seed})`,
  rows({ kind, count: size, seed }, rows) {
    requireCount(kind, size, "100, 7");
    requireSeed(kind, seed);
    return async function* () {
      const { count, rows: again } = await counted(rows);
      if (size > count) {
        throw new RequestError(
          `sample(${size}, ${seed}) of ${count} rows is more than there are; request fewer`,
          {
            file: rows.name,
          },
        );
      }
      const drawn = new Set(orderOf(count, seed, "sample").slice(0, size));
      yield* chosen(again, (index) => drawn.has(index));
    };
  },
};

/** Rows in the order of the given indices; only the requested rows are held in memory. */
async function* arranged(rows: Viewed, wanted: readonly number[]): AsyncGenerator<Found> {
  const places = new Map(wanted.map((index, place) => [index, place])), found = new Array<Found>(wanted.length);
  let index = 0;
  for await (const row of rows.read()) {
    const place = places.get(index++);
    if (place !== undefined) found[place] = row;
  }
  yield* found;
}

/** `.shuffle(seed)`. */
export const shuffle: ViewKind<ShuffleView> = {
  reads: "all",
  settings: (of) => ({ of, seed: anything }),
  describe: ({ seed }) => `.shuffle(${seed})`,
  rows({ kind, seed }, rows) {
    requireSeed(kind, seed);
    return async function* (first = Infinity) {
      const { count, rows: again } = await counted(rows);
      yield* arranged(again, orderOf(count, seed, "rows").slice(0, Math.min(first, count)));
    };
  },
};

/** A half that is drawn by a rule. */
export const half: ViewKind<HalfView> = {
  settings: (of) => ({
    ...{ of, half: oneOf(["test", "validation"]), seed: anything },
    rule: optional(oneOf(Object.keys(halvesRules))),
  }),
  reads: "all",
  describe: ({ half, seed, rule = "torch" }) => ` (the half for ${half} by ${rule}'s seed ${seed})`,
  rows({ half, seed, rule = "torch" }, rows) {
    // Both generators are seeded with 32 bits.
    if (!Number.isSafeInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      throw new RequestError(
        `expected the halves' seed to be a whole number of at least 0 and below 2^32 but found ${seed}`,
      );
    }
    return async function* (first = Infinity) {
      const { count, rows: again } = await counted(rows);
      yield* arranged(again, halvesOf(rule, count, seed)[half].slice(0, first));
    };
  },
};
