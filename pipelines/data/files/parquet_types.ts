/**
 * Parquet's types in templates: which of them have a text form, and their values in JavaScript and in Python.
 *
 * @module
 */
import type { SchemaElement, SchemaTree } from "hyparquet";
import { type PythonValue, Untextual } from "../python/value.ts";

/** How a column's stored values become a row's values. */
export interface ColumnType {
  /** Values in JavaScript: a whole number is a number if that is exact, otherwise a `bigint`. */
  readonly value: (stored: unknown) => unknown;
  /** Values in Python; omitted if JavaScript's lose nothing. */
  readonly python?: (stored: unknown) => PythonValue;
}

/** A column without a text form is not read; a request for it fails with a message that names its type. */
export type Column = ColumnType | Untextual;

const isWhole = (value: bigint) => value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;

const plain: ColumnType = { value: (stored) => stored ?? null };
const whole: ColumnType = {
  value: (stored) => typeof stored === "bigint" && isWhole(stored) ? Number(stored) : stored ?? null,
};
const float: ColumnType = {
  ...plain,
  python: (stored) => typeof stored === "number" ? stored : null,
};

/** The type of a column, or why its values have no text form. */
export function columnOf(tree: SchemaTree): Column {
  const { element, children } = tree;
  if (children.length === 0) return leafOf(element);
  if (isKind(element, "MAP") || isKind(element, "MAP_KEY_VALUE")) return new Untextual("a map");
  if (isKind(element, "LIST")) {
    // Three levels according to the format's rules, two in older files.
    const [repeated] = children, inner = repeated?.children.length === 1 ? repeated.children[0]! : repeated;
    return inner === undefined ? new Untextual("an empty list type") : listOf(columnOf(inner));
  }
  const fields = children.map((child) => [child.element.name, columnOf(child)] as const);
  const untextual = fields.map(([, column]) => column).find((column) => column instanceof Untextual);
  if (untextual !== undefined) return untextual;
  const typed = fields.flatMap(([name, column]) => column instanceof Untextual ? [] : [[name, column] as const]);
  const record = structOf(typed);
  return element.repetition_type === "REPEATED" ? listOf(record) : record;
}

function structOf(fields: readonly (readonly [string, ColumnType])[]): ColumnType {
  const own = (stored: object) => new Map(Object.entries(stored));
  const value = (stored: unknown) => {
    if (typeof stored !== "object" || stored === null) return null;
    const values = own(stored);
    return Object.fromEntries(fields.map(([name, type]) => [name, type.value(values.get(name))]));
  };
  if (fields.every(([, { python }]) => python === undefined)) return { value };
  return {
    value,
    python: (stored) => {
      if (typeof stored !== "object" || stored === null) return null;
      const values = own(stored);
      return new Map(fields.map(([name, type]) => [name, pythonOf(type, values.get(name))]));
    },
  };
}

function listOf(item: Column): Column {
  if (item instanceof Untextual) return item;
  const value = (stored: unknown) => isItems(stored) ? Array.from(stored, item.value) : null;
  if (item.python === undefined) return { value };
  return { value, python: (stored) => isItems(stored) ? Array.from(stored, (each) => pythonOf(item, each)) : null };
}

function isItems(stored: unknown): stored is ArrayLike<unknown> {
  return Array.isArray(stored) || ArrayBuffer.isView(stored) && !(stored instanceof DataView);
}

/** A value in Python. */
export function pythonOf({ value, python }: ColumnType, stored: unknown): PythonValue {
  return python === undefined ? asPython(value(stored)) : python(stored);
}

function asPython(value: unknown): PythonValue {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "bigint") return value;
  if (Array.isArray(value)) return value.map(asPython);
  if (typeof value === "object" && value !== null) {
    return new Map(Object.entries(value).map(([name, part]) => [name, asPython(part)]));
  }
  return null;
}

const isKind = ({ converted_type, logical_type }: SchemaElement, kind: string) =>
  converted_type === kind || logical_type?.type === kind;

function leafOf(element: SchemaElement): Column {
  const column = scalarOf(element);
  return element.repetition_type === "REPEATED" ? listOf(column) : column;
}

function scalarOf(element: SchemaElement): Column {
  const { type, converted_type: converted, logical_type: logical } = element;
  const untextual = ["DECIMAL", "INTERVAL", "BSON", "TIME", "GEOMETRY", "GEOGRAPHY", "VARIANT", "FILE"].find((kind) =>
    isKind(element, kind)
  );
  if (untextual !== undefined) return new Untextual(`a value of the type ${untextual.toLowerCase()}`);
  if (converted === "TIME_MILLIS" || converted === "TIME_MICROS") return new Untextual("a value of the type time");
  if (isKind(element, "TIMESTAMP") || converted?.startsWith("TIMESTAMP") || type === "INT96") {
    return new Untextual("a timestamp");
  }
  if (isKind(element, "DATE")) return new Untextual("a date");
  switch (type) {
    case "BOOLEAN":
      return plain;
    case "INT32":
    case "INT64":
      return whole;
    case "FLOAT":
    case "DOUBLE":
      return float;
    case "BYTE_ARRAY":
      return ["UTF8", "ENUM", "JSON"].includes(converted ?? "") ||
          ["STRING", "ENUM", "JSON"].includes(logical?.type ?? "")
        ? plain
        : new Untextual("bytes");
    case "FIXED_LEN_BYTE_ARRAY":
      if (logical?.type === "FLOAT16") return float;
      return logical?.type === "UUID" ? plain : new Untextual("bytes");
    default:
      return new Untextual(`a value of the type ${String(type)}`);
  }
}
