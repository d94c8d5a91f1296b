import { guarded } from "../common/guarded.ts";
import { exampleOf } from "./calls.ts";
import { located } from "../common/source_location.ts";

/**
 * Adds methods to plain data that are not part of the data: they are not enumerated, copied or compared.
 *
 * @param data The record.
 * @param methods Its methods.
 * @param what What the record is, for the message if a missing method is called.
 * @param optional Names that records of its type may lack.
 * @returns The record with its methods and the location of its declaration, frozen.
 */
export function withMethods<D extends object, M extends object>(
  data: D,
  methods: M,
  what: string,
  optional: readonly string[] = [],
): D & M {
  const record: D = located({ ...data });
  defineMethods(record, methods);
  Object.freeze(record);
  return guarded(record, what, Object.keys(methods), optional, (name) => {
    const example = exampleOf(name);
    return example === undefined ? undefined : `write ${example}`;
  });
}

function defineMethods<D extends object, M extends object>(record: D, methods: M): asserts record is D & M {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(record, name, { value });
}
