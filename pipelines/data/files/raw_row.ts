/** Rows as their sources contain them. @module */
import type { SourceLocation } from "../../common/errors.ts";
import { readJson } from "../python/json.ts";
import { isDict, type PythonDict, toPython } from "../python/value.ts";

/** A row's fields by name. */
export type Fields = Readonly<Record<string, unknown>>;

/** A row as its source contains it. */
export interface RawRow {
  readonly fields: Fields;
  readonly place: SourceLocation;
  /** The row's JSON, if JavaScript's values lose something: the notation of numbers, or the order of keys. */
  readonly json?: string;
  /** The row in Python's values, for sources other than text, if JavaScript's values lose something. */
  readonly python?: PythonDict;
}

/**
 * A row's fields in Python's values, from which their text is printed.
 *
 * @throws {RequestError} If a field holds something that is not data, or a whole number that JavaScript has rounded.
 */
export function pythonFields(
  { fields, place, json, python }: Partial<RawRow> & Pick<RawRow, "fields">,
): PythonDict {
  if (python !== undefined) return python;
  const read = json === undefined ? toPython(fields, place) : readJson(json);
  if (isDict(read)) return read;
  throw new TypeError("A row is an object");
}
