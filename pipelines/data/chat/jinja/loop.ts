/** The `loop` variable within a loop. @module */
import { isEqual } from "../../python/compare.ts";
import { Namespace, type PythonFunction, type PythonList, type PythonValue } from "../../python/value.ts";

/** What a loop goes through: what it has reached so far, and whether there are so many. */
interface LoopItems {
  readonly items: PythonList;
  readonly reaches: (count: number) => boolean;
}

/**
 * The state of a loop.
 *
 * @param seen What `loop.changed` was last called with, kept over the whole loop.
 * @param depth How many calls of `loop` it is nested in.
 * @param again What a call of `loop` does.
 */
export function loopOf(
  { items, reaches }: LoopItems,
  at: number,
  seen: Map<number, PythonValue>,
  depth: number,
  again: PythonFunction,
): Namespace {
  const length = () => {
    reaches(Infinity);
    return items.length;
  };
  return new Namespace(
    new Map<string, PythonValue>([
      ["index", BigInt(at + 1)],
      ["index0", BigInt(at)],
      ["first", at === 0],
      ["previtem", items[at - 1]],
      ["depth", BigInt(depth + 1)],
      ["depth0", BigInt(depth)],
      ["cycle", ({ positional }) => positional[at % positional.length]],
      ["changed", ({ positional }) => {
        const isSame = seen.has(0) && isEqual(seen.get(0), positional);
        seen.set(0, positional);
        return !isSame;
      }],
    ]),
    again,
    new Map<string, () => PythonValue>([
      ["revindex", () => BigInt(length() - at)],
      ["revindex0", () => BigInt(length() - at - 1)],
      ["last", () => !reaches(at + 2)],
      ["length", () => BigInt(length())],
      ["nextitem", () => reaches(at + 2) ? items[at + 1] : undefined],
    ]),
  );
}
