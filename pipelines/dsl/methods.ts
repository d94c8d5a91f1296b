import { located } from "../common/source_location.ts";

/**
 * Gives plain data methods that are not part of the data: they are not enumerated, copied or compared.
 *
 * @param data The record.
 * @param methods Its methods.
 * @returns The record with its methods and the place of its declaration, frozen.
 */
export function withMethods<D extends object, M extends object>(data: D, methods: M): D & M {
  const described = Object.fromEntries(Object.entries(methods).map(([name, value]) => [name, { value }]));
  return Object.freeze(located(Object.defineProperties({ ...data }, described))) as D & M;
}
