/** Copies of plain data that a pipeline's functions are passed, so that they cannot change what others read. @module */

/** A copy of plain data. Lists and records are copied at any depth; other values are kept as they are. */
export function plainCopy<T>(value: T): T {
  return copied(value, (made) => made);
}

/** A copy of plain data that throws a TypeError if something changes it. */
export function readOnlyCopy<T>(value: T): T {
  return copied(value, Object.freeze);
}

function copied<T>(value: T, finish: (made: object) => object): T {
  if (Array.isArray(value)) return finish(value.map((each: unknown) => copied(each, finish))) as T;
  if (!isPlainRecord(value)) return value;
  return finish(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copied(part, finish)]))) as T;
}

function isPlainRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
