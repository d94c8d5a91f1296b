/** Jinja's filters for lists and other values with items. @module */
import { calculate } from "../../python/arithmetic.ts";
import { itemOf } from "../../python/attributes.ts";
import { spend } from "../../python/budget.ts";
import { bound, type Method, taking } from "../../python/call.ts";
import { compare, isEqual, isTrue, iterate, lengthOf } from "../../python/compare.ts";
import { str } from "../../python/print.ts";
import { joined } from "../../python/text_methods.ts";
import {
  type Arguments,
  isDict,
  type PythonList,
  PythonTuple,
  type PythonValue,
  typeName,
} from "../../python/value.ts";
import { testNamed } from "./tests.ts";

const ofItems = (parameters: readonly string[], change: (items: PythonList, ...given: PythonValue[]) => PythonValue) =>
  taking(parameters, (value, ...given) => change(iterate(value), ...given));

/** What an item has under a path such as `function.name`, or at an index; the item itself without one. */
function attributeAt(item: PythonValue, path: PythonValue): PythonValue {
  if (path === undefined || path === null) return item;
  const parts = typeof path === "bigint" ? [path] : str(path).split(".").map((part) => {
    return /^\d+$/.test(part) ? BigInt(part) : part;
  });
  return parts.reduce((value: PythonValue, part) => {
    if (value === undefined) throw new TypeError(`there is no attribute ${str(path)}`);
    return itemOf(value, part);
  }, item);
}

/** Compares texts regardless of case. */
const folded = (value: PythonValue) => typeof value === "string" ? value.toLowerCase() : value;

const keyOf = (attribute: PythonValue, isCased: PythonValue) => (item: PythonValue) => {
  const key = attributeAt(item, attribute);
  return isTrue(isCased) ? key : folded(key);
};

function sorted(items: PythonList, key: (item: PythonValue) => PythonValue, isReversed: PythonValue): PythonList {
  const direction = isTrue(isReversed) ? -1 : 1;
  return items.toSorted((one, other) => direction * compare(key(one), key(other)));
}

/** The least or the greatest item. */
const extreme = (sign: 1 | -1) =>
  ofItems(["case_sensitive", "attribute"], (items, isCased, attribute) => {
    const key = keyOf(attribute, isCased);
    return items.reduce(
      (best, item, at) => at === 0 || sign * compare(key(item), key(best)) < 0 ? item : best,
      undefined,
    );
  });

/** Lazy filters treat a false value as having no items. */
const itemsIfAny = (value: PythonValue) => isTrue(value) ? iterate(value) : [];

/** The items for which a test holds, or does not; without a test, those that are true. */
function selecting(isKept: boolean, byAttribute: boolean): Method {
  return (value, { positional, named }) => {
    const [attribute, ...rest] = byAttribute ? positional : [undefined, ...positional];
    const [name, ...others] = rest;
    const passed: Arguments = { positional: others, named };
    const holds = name === undefined ? isTrue : (of: PythonValue) => isTrue(testNamed(str(name))(of, passed));
    return itemsIfAny(value).filter((item) => holds(attributeAt(item, attribute)) === isKept);
  };
}

const count = taking([], lengthOf);

/** @param filterNamed Finds the filters that `map` may name. */
export const itemFilters = (filterNamed: (name: string) => Method): readonly (readonly [string, Method])[] => [
  ["length", count],
  ["count", count],
  ["list", ofItems([], (items) => items)],
  ["first", ofItems([], (items) => items[0])],
  ["last", ofItems([], (items) => items.at(-1))],
  [
    "reverse",
    taking([], (value) => {
      const reversed = iterate(value).toReversed();
      return typeof value === "string" ? reversed.join("") : reversed;
    }),
  ],
  [
    "join",
    ofItems(["d", "attribute"], (items, separator = "", attribute) => {
      return joined(items.map((item) => str(attributeAt(item, attribute))), str(separator));
    }),
  ],
  [
    "items",
    taking([], (value) => {
      if (value === undefined) return [];
      if (isDict(value)) return [...value].map((pair) => new PythonTuple(pair));
      throw new TypeError(`a value of type ${typeName(value)} has no items`);
    }),
  ],
  ["map", (value, { positional, named }) => {
    const [name, ...others] = positional;
    if (name === undefined) {
      const [attribute, usual] = bound(["attribute", "default"], { positional: [], named });
      return itemsIfAny(value).map((item) =>
        attributeAt(item, attribute) ?? (named.has("default") ? usual : undefined)
      );
    }
    return itemsIfAny(value).map((item) => filterNamed(str(name))(item, { positional: others, named }));
  }],
  ["select", selecting(true, false)],
  ["reject", selecting(false, false)],
  ["selectattr", selecting(true, true)],
  ["rejectattr", selecting(false, true)],
  [
    "sort",
    ofItems(["reverse", "case_sensitive", "attribute"], (items, isReversed, isCased, attribute) => {
      return sorted(items, keyOf(attribute, isCased), isReversed);
    }),
  ],
  [
    "dictsort",
    taking(["case_sensitive", "by", "reverse"], (value, isCased, by = "key", isReversed) => {
      if (!isDict(value)) throw new TypeError(`a value of type ${typeName(value)} is not a dict to sort`);
      return sorted(
        [...value].map((pair) => new PythonTuple(pair)),
        keyOf(by === "value" ? 1n : 0n, isCased),
        isReversed,
      );
    }),
  ],
  [
    "unique",
    ofItems(["case_sensitive", "attribute"], (items, isCased, attribute) => {
      const key = keyOf(attribute, isCased);
      return items.filter((item, at) => items.findIndex((other) => isEqual(key(other), key(item))) === at);
    }),
  ],
  ["min", extreme(1)],
  ["max", extreme(-1)],
  [
    "sum",
    ofItems(["attribute", "start"], (items, attribute, start = 0n) => {
      return items.reduce((sum, item) => calculate("+", sum, attributeAt(item, attribute)), start);
    }),
  ],
  [
    "batch",
    ofItems(["linecount", "fill_with"], (items, size, fill) => {
      const length = Number(size),
        batches = Array.from({ length: Math.ceil(items.length / length) }, (_, at) => {
          return items.slice(at * length, (at + 1) * length);
        });
      if (fill === undefined || fill === null) return batches;
      spend(batches.length * length);
      return batches.map((batch) => [...batch, ...Array.from({ length: length - batch.length }, () => fill)]);
    }),
  ],
];
