/** The `loop` variable within a loop. @module */
import { isEqual } from "../../python/compare.ts";
import { Namespace, type PythonFunction, type PythonList, type PythonValue } from "../../python/value.ts";

/**
 * The state of a loop.
 *
 * @param seen What `loop.changed` was last called with, kept over the whole loop.
 * @param depth How many calls of `loop` it is nested in.
 * @param again What a call of `loop` does.
 */
export function loopOf(
  items: PythonList,
  at: number,
  seen: Map<number, PythonValue>,
  depth: number,
  again: PythonFunction,
): Namespace {
  const left = items.length - at;
  return new Namespace(
    new Map<string, PythonValue>([
      ["index", BigInt(at + 1)],
      ["index0", BigInt(at)],
      ["revindex", BigInt(left)],
      ["revindex0", BigInt(left - 1)],
      ["first", at === 0],
      ["last", left === 1],
      ["length", BigInt(items.length)],
      ["previtem", items[at - 1]],
      ["nextitem", items[at + 1]],
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
  );
}
