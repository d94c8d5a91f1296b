/** Python's truth, equality, order and membership. @module */
import { isDict, itemsOf, Namespace, plain, type PythonList, type PythonValue, typeName } from "./value.ts";

/** Whether a value is truthy. */
export function isTrue(value: PythonValue): boolean {
  const items = itemsOf(value);
  if (items !== undefined) return items.length > 0;
  return isDict(value) ? value.size > 0 : Boolean(plain(value));
}

export function isEqual(one: PythonValue, other: PythonValue): boolean {
  const [a, b] = [asNumber(one), asNumber(other)];
  // An int and a float are equal if their values are; `==` compares them exactly.
  if (a !== undefined && b !== undefined) return a == b;
  const [items, others] = [itemsOf(one), itemsOf(other)];
  if (items !== undefined && others !== undefined) {
    return typeName(one) === typeName(other) && items.length === others.length &&
      items.every((item, at) => isEqual(item, others[at]));
  }
  if (isDict(one) && isDict(other)) {
    return one.size === other.size &&
      [...one].every(([key, value]) => other.has(key) && isEqual(value, other.get(key)));
  }
  return one === other;
}

/** Less than 0 if the first comes first, 0 if they are equal. */
export function compare(one: PythonValue, other: PythonValue): number {
  const [a, b] = [asNumber(one), asNumber(other)];
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : a == b ? 0 : NaN;
  if (typeof one === "string" && typeof other === "string") return compareTexts(one, other);
  const [items, others] = [itemsOf(one), itemsOf(other)];
  if (items !== undefined && others !== undefined && typeName(one) === typeName(other)) {
    const at = items.findIndex((item, index) => index >= others.length || !isEqual(item, others[index]));
    if (at === -1) return items.length - others.length;
    return at >= others.length ? 1 : compare(items[at], others[at]);
  }
  throw new TypeError(`values of type ${typeName(one)} and ${typeName(other)} have no order`);
}

/** By code points; JavaScript compares UTF-16 code units. */
function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  let at = 0;
  while (at < one.length && one.charCodeAt(at) === other.charCodeAt(at)) at++;
  const [a = -1, b = -1] = [one.codePointAt(at), other.codePointAt(at)];
  return a - b;
}

/** Whether `container` contains a value: a list's item, a dict's key, a part of a text. */
export function contains(container: PythonValue, value: PythonValue): boolean {
  if (container === undefined) return false;
  if (typeof container === "string") {
    if (typeof value === "string") return container.includes(value);
    throw new TypeError(`a text has no value of type ${typeName(value)} in it`);
  }
  if (isDict(container)) return container.has(value);
  return iterate(container).some((item) => isEqual(item, value));
}

/**
 * What a loop iterates over: a list's items, a text's characters, a dict's keys.
 *
 * @throws {TypeError} If the value is not iterable.
 */
export function iterate(value: PythonValue): PythonList {
  if (value === undefined) return [];
  if (typeof value === "string") return Array.from(value);
  if (isDict(value)) return [...value.keys()];
  const items = itemsOf(value);
  if (items === undefined) throw new TypeError(`a value of type ${typeName(value)} is not iterable`);
  return items;
}

/** The number of items; for a text, the number of code points. */
export function lengthOf(value: PythonValue): bigint {
  if (value instanceof Namespace || asNumber(value) !== undefined) {
    throw new TypeError(`a value of type ${typeName(value)} has no length`);
  }
  return BigInt(isDict(value) ? value.size : iterate(value).length);
}

/** A number; booleans count as numbers. */
export function asNumber(value: PythonValue): bigint | number | undefined {
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "bigint" || typeof value === "number" ? value : undefined;
}
