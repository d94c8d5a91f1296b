/** Views that select rows by index, or append rows to others. @module */
import { anything } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import type { ConcatView, RepeatView, SkipView, SliceView, TakeView } from "./dataset.ts";
import { requireCount, type Viewed, type ViewKind } from "./view_kind.ts";

/**
 * The rows from one index up to, but not including, another; no further rows are read. `ended` receives their number if
 * there are fewer.
 */
function between(rows: Viewed, start: number, end: number, ended = (_: number) => {}): Viewed["read"] {
  return async function* (first = Infinity) {
    const stop = Math.min(end, start + first);
    if (stop <= start) return;
    let at = 0;
    for await (const row of rows.read(stop)) {
      if (at >= start) yield row;
      if (++at >= stop) return;
    }
    ended(at);
  };
}

/** `.take(n)`. */
export const take: ViewKind<TakeView> = {
  reads: "first",
  settings: (of) => ({ of, count: anything }),
  describe: ({ count }) => `.take(${count})`,
  rows: ({ kind, count }, rows, _, note) =>
    between(rows, 0, requireCount(kind, count), (all) => {
      if (all > 0) note(`take(${count}) takes all ${all} rows, because there are no more`);
    }),
};

/** `.skip(n)`. */
export const skip: ViewKind<SkipView> = {
  reads: "as asked",
  settings: (of) => ({ of, count: anything }),
  describe: ({ count }) => `.skip(${count})`,
  rows: ({ kind, count }, rows) => between(rows, requireCount(kind, count), Infinity),
};

/** `.slice(start, end)`. */
export const slice: ViewKind<SliceView> = {
  reads: "first",
  settings: (of) => ({ of, start: anything, end: anything }),
  describe: ({ start, end }) => `.slice(${start}${end === undefined ? "" : `, ${end}`})`,
  rows({ start, end = Infinity }, rows, _, note) {
    if (Number.isSafeInteger(start) && start >= 0 && end > start && (end === Infinity || Number.isSafeInteger(end))) {
      return between(rows, start, end, (all) => {
        if (all > start && end !== Infinity) {
          note(`slice(${start}, ${end}) ends after row ${all}, since there are no more`);
        }
      });
    }
    throw new RequestError(
      `expected slice's start and end to be whole numbers of at least 0, the end above the start, but found ${start} and ` +
        `${end}; correct them, as in .slice(100, 200)`,
    );
  },
};

/** `.concat(others)`. */
export const concat: ViewKind<ConcatView> = {
  reads: "as asked",
  settings: (of) => ({
    of,
    others: (value, name) => {
      if (!Array.isArray(value) || value.length === 0) {
        throw new RequestError(".concat is given no rows; write .concat(others)");
      }
      value.forEach((other) => of(other, name));
    },
  }),
  describe: () => ".concat(…)",
  rows({ others }, rows, of) {
    const all = [rows, ...others.map(of)];
    return async function* (first = Infinity) {
      let left = first;
      for (const each of all) {
        for await (const row of each.read(left)) {
          yield row;
          if (--left <= 0) return;
        }
      }
    };
  },
};

/** Each row several times, for tasks that request several answers to it. */
export const repeat: ViewKind<RepeatView> = {
  reads: "as asked",
  settings: (of) => ({ of, count: anything }),
  describe: ({ count }) => `, each row ${count} times`,
  rows: ({ kind, count }, rows) => {
    requireCount(kind, count);
    return async function* (first = Infinity) {
      let left = first;
      for await (const row of rows.read(Math.ceil(first / count))) {
        for (let time = 0; time < count; time++) {
          if (--left < 0) return;
          yield row;
        }
      }
    };
  },
};
