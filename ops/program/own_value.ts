/**
 * Records whose names come from data: a field may be called `constructor`, a label `toString`, a key `__proto__`. These
 * names must neither find nor change what every object inherits.
 *
 * @module
 */

/** A record's own value for a name; `undefined` if it has none. */
export function ownValue<T>(record: Readonly<Record<string, T>> | null | undefined, name: string): T | undefined {
  return record !== null && record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Sets a record's own value for a name. */
export function putValue<T>(record: Record<string, T>, name: string, value: NoInfer<T>): void {
  Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
}

/** The values of several records; if several have a name, the last one's value counts. */
export function mergeValues<T>(records: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  return Object.fromEntries(records.flatMap((record) => Object.entries(record)));
}
