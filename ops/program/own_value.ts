/**
 * Records whose names come from data: a field may be called `constructor`, a label `toString`, a key `__proto__`. What every
 * object inherits is not to be found under them, nor assigned to.
 *
 * @module
 */

/** The value that a record has of its own under a name; `undefined` if it has none. */
export function ownValue<T>(record: Readonly<Record<string, T>> | null | undefined, name: string): T | undefined {
  return record !== null && record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Gives a record a value of its own under a name. */
export function putValue<T>(record: Record<string, T>, name: string, value: NoInfer<T>): void {
  Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
}

/** The values of several records; of a name that more than one has, the last one's. */
export function mergeValues<T>(records: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  return Object.fromEntries(records.flatMap((record) => Object.entries(record)));
}
