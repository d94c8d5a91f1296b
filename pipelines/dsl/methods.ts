import { located } from "../common/source_location.ts";

/**
 * Gives plain data methods that are not part of the data: they are not enumerated, copied or compared.
 *
 * @param data The record.
 * @param methods Its methods.
 * @returns The record with its methods and the location of its declaration, frozen.
 */
export function withMethods<D extends object, M extends object>(data: D, methods: M): D & M {
  const record: D = located({ ...data });
  defineMethods(record, methods);
  Object.freeze(record);
  return record;
}

function defineMethods<D extends object, M extends object>(record: D, methods: M): asserts record is D & M {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(record, name, { value });
}
