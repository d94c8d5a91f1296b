/** Rows as their sources have them. @module */
import type { SourceLocation } from "../../common/errors.ts";
import { readJson } from "../python/json.ts";
import { isDict, type PythonDict, toPython } from "../python/value.ts";

/** A row's fields by name. */
export type Fields = Readonly<Record<string, unknown>>;

/** A row as its source has it. */
export interface RawRow {
  readonly fields: Fields;
  readonly place: SourceLocation;
  /** The row's JSON, where JavaScript's values lose something of it: how numbers are written, or the order of keys. */
  readonly json?: string;
  /** The row as Python has it, of a source that is not text, where JavaScript's values lose something of it. */
  readonly python?: PythonDict;
}

/**
 * A row's fields as Python has them, which is how they become text.
 *
 * @throws {RequestError} If a field holds what is not data, or a whole number that JavaScript has rounded.
 */
export function pythonFields(
  { fields, place, json, python }: Partial<RawRow> & Pick<RawRow, "fields">,
): PythonDict {
  if (python !== undefined) return python;
  const read = json === undefined ? toPython(fields, place) : readJson(json);
  if (isDict(read)) return read;
  throw new TypeError("A row is an object");
}
