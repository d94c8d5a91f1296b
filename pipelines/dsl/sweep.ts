import { RequestError } from "../errors.ts";
import { located } from "../places.ts";
import type { Axis } from "../spec.ts";

let declared = 0;

/**
 * An axis of a sweep: a typed value that stands wherever a plain one may. Axes multiply; the same axis used twice moves
 * together.
 *
 * @param name Names the axis in results and in `--set`.
 * @param values At least one.
 * @throws {RequestError} If the name is not a word, or there are no values.
 */
export function sweep<const T>(name: string, values: readonly T[]): Axis<T> {
  if (!/^[A-Za-z][\w-]*$/.test(name)) {
    throw new RequestError(`the axis name ${JSON.stringify(name)} is not a word; use letters, digits, - and _`);
  }
  if (values.length === 0) throw new RequestError(`the axis ${name} is empty; give it at least one value`);
  const axis: Axis<T> = { kind: "axis", name, values: [...values], order: declared++ };
  return Object.freeze(located(axis));
}
