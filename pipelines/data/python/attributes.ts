/** What values have by name, by index and by slice. @module */
import { type Method, taking } from "./call.ts";
import { asNumber, isEqual, iterate } from "./compare.ts";
import { textMethods } from "./text_methods.ts";
import {
  isDict,
  isList,
  itemsOf,
  Namespace,
  type PythonDict,
  type PythonList,
  PythonTuple,
  type PythonValue,
  PythonView,
  typeName,
} from "./value.ts";

const pairs = (dict: PythonDict) => [...dict].map((pair) => new PythonTuple(pair));

/** transformers does not let a template change its inputs. */
const changing = (names: readonly string[]) =>
  names.map((name): [string, () => never] => [name, () => {
    throw new TypeError(`${name} would change the template's input, which transformers forbids`);
  }]);

const dictMethods: ReadonlyMap<string, Method<PythonDict>> = new Map<string, Method<PythonDict>>([
  ["items", taking([], (dict) => new PythonView(pairs(dict), "dict_items"))],
  ["keys", taking([], (dict) => new PythonView([...dict.keys()], "dict_keys"))],
  ["values", taking([], (dict) => new PythonView([...dict.values()], "dict_values"))],
  ["get", taking(["key", "default"], (dict, key, usual = null) => dict.has(key) ? dict.get(key) : usual)],
  ["copy", taking([], (dict) => dict)],
  ...changing(["clear", "pop", "popitem", "setdefault", "update"]),
]);

const listMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["count", taking(["value"], (list, value) => BigInt(iterate(list).filter((item) => isEqual(item, value)).length))],
  [
    "index",
    taking(["value"], (list, value) => {
      const at = iterate(list).findIndex((item) => isEqual(item, value));
      if (at === -1) throw new TypeError("the value is not in the list");
      return BigInt(at);
    }),
  ],
  ["copy", taking([], (list) => list)],
  ...changing(["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"]),
]);

/** `value.name`: a method, or else an attribute or a dict's value under that name. */
export function attributeOf(value: PythonValue, name: string): PythonValue {
  if (value instanceof Namespace) return value.attributes.get(name) ?? value.computed?.get(name)?.();
  if (typeof value === "function") throw new TypeError(`the attribute ${name} of a function is not known here`);
  return methodOf(value, name) ?? (isDict(value) ? value.get(name) : undefined);
}

/** `value[key]`: an item, or else a method with that name. */
export function itemOf(value: PythonValue, key: PythonValue): PythonValue {
  if (isDict(value) && value.has(key)) return value.get(key);
  // Of views a range alone has items by place.
  const isUnordered = value instanceof PythonView && value.type !== "range";
  const items = typeof value === "string" ? Array.from(value) : isUnordered ? undefined : itemsOf(value);
  const place = asNumber(key);
  if (items !== undefined && typeof place === "bigint") return items.at(Number(place));
  return typeof key === "string" ? attributeOf(value, key) : undefined;
}

function methodOf(value: PythonValue, name: string): PythonValue {
  const called = <Self extends PythonValue>(self: Self, methods: ReadonlyMap<string, Method<Self>>): PythonValue => {
    const method = methods.get(name);
    return method === undefined ? undefined : (passed) => method(self, passed);
  };
  if (typeof value === "string") return called(value, textMethods);
  if (isDict(value)) return called(value, dictMethods);
  return itemsOf(value) === undefined ? undefined : called(value, listMethods);
}

/**
 * `value[start:stop:step]`.
 *
 * @throws {TypeError} If the value cannot be indexed, or a bound is not a whole number.
 */
export function sliceOf(value: PythonValue, ...bounds: readonly PythonValue[]): PythonValue {
  const items = typeof value === "string" ? Array.from(value) : itemsOf(value);
  if (items === undefined) throw new TypeError(`a value of type ${typeName(value)} has no slices`);
  const [start, stop, step = 1] = bounds.map((bound) => {
    if (bound === undefined || bound === null) return undefined;
    if (typeof bound !== "bigint") {
      throw new TypeError(`a slice's bound must be a whole number, not of type ${typeName(bound)}`);
    }
    return Number(bound);
  });
  if (step === 0) throw new TypeError("a slice's step must not be 0");
  const taken = everyStep(items, start, stop, step);
  if (typeof value === "string") return taken.join("");
  return isList(value) ? taken : new PythonTuple(taken);
}

function everyStep(items: PythonList, start: number | undefined, stop: number | undefined, step: number): PythonList {
  const { length } = items, [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const within = (bound: number) => Math.min(Math.max(bound < 0 ? bound + length : bound, least), most);
  const first = start === undefined ? (step > 0 ? least : most) : within(start);
  const end = stop === undefined ? (step > 0 ? most : least) : within(stop);
  const taken: PythonValue[] = [];
  for (let at = first; step > 0 ? at < end : at > end; at += step) taken.push(items[at]);
  return taken;
}
