/** Records whose names come from data, which may be those of what every object inherits. @module */

/** The value that a record has of its own under a name; `undefined` if it has none. */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
