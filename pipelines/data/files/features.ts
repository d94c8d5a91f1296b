/**
 * What Python's datasets calls a data set's features: here the names of classes, for columns that hold their numbers.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isJsonObject } from "../../common/files.ts";
import type { PythonValue } from "../python/value.ts";
import type { RawRow } from "./raw_row.ts";

/** The names of classes, by the column that holds their numbers. */
export type ClassNames = ReadonlyMap<string, readonly string[]>;

/**
 * The classes of a data set: as in its files (`{ info: { features: { label: { names, _type: "ClassLabel" } } } }`), or
 * as in its card (`[{ name: "label", dtype: { class_label: { names: { "0": … } } } }]`).
 *
 * @param described Not validated; anything else has no classes.
 */
export function classNamesOf(described: unknown): ClassNames {
  const features = fieldOf(fieldOf(described, "info"), "features") ?? fieldOf(described, "features") ?? described;
  const found = new Map<string, readonly string[]>();
  if (Array.isArray(features)) {
    for (const feature of features) {
      const name = fieldOf(feature, "name");
      const names = fieldOf(fieldOf(fieldOf(feature, "dtype"), "class_label"), "names");
      if (typeof name === "string" && names !== undefined) add(name, names);
    }
  } else if (isJsonObject(features)) {
    for (const [name, feature] of Object.entries(features)) {
      if (fieldOf(feature, "_type") === "ClassLabel") add(name, fieldOf(feature, "names"));
    }
  }
  return found;

  function add(name: string, names: unknown): void {
    const listed = isJsonObject(names) ? Object.values(names) : names;
    if (Array.isArray(listed)) found.set(name, listed.map(String));
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return isJsonObject(value) ? ownValue(value, name) : undefined;
}

/** A row with the names of its classes in addition to their numbers: `label.name` beside `label`. */
export function withClassNames(row: RawRow, classes: ClassNames): RawRow {
  const named = [...classes].flatMap(([column, names]): [string, string][] => {
    const number = ownValue(row.fields, column), field = `${column}.name`;
    const name = typeof number === "number" ? names[number] : undefined;
    return name === undefined || Object.hasOwn(row.fields, field) ? [] : [[field, name]];
  });
  if (named.length === 0) return row;
  const fields = Object.fromEntries([...Object.entries(row.fields), ...named]);
  if (row.python === undefined) return { ...row, fields };
  return { ...row, fields, python: new Map<PythonValue, PythonValue>([...row.python, ...named]) };
}
