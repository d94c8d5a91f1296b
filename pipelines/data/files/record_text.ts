/**
 * Records as text that preserves all of their content, so that rows can be read again without their files. Most are
 * plain JSON; what JSON cannot express is written as `{ "$": kind, "v": value }`.
 *
 * @module
 */
import { Untextual } from "../python/value.ts";
import type { Fields, RawRow } from "./raw_row.ts";
import type { PythonDict } from "../python/value.ts";

/** A record and the index of its source. */
export interface PlacedRecord {
  readonly record: RawRow;
  readonly source: number;
}

/** A value that no file can contain, such as a function or a date created in the pipeline. */
class Unwritable extends Error {}

/** The prefix of a text that is not plain JSON. */
const tag = "!";

/**
 * A record as text.
 *
 * @param files The files of the data set; a record from one of them has its index instead of its path.
 * @returns `undefined` if it contains something that no file can.
 */
export function recordText({ record, source }: PlacedRecord, files: readonly string[]): string | undefined {
  const { fields, place: { file, line = null, column = null }, json = null, python = null } = record;
  const number = files.indexOf(file), at = [source, number < 0 ? file : number, line, column];
  if (python === null && isPlain(fields)) return JSON.stringify([...at, fields, json]);
  try {
    return tag + JSON.stringify([...at, written(fields), json, written(python)]);
  } catch (fault) {
    if (fault instanceof Unwritable) return undefined;
    throw fault;
  }
}

/** The record that {@linkcode recordText} wrote. */
export function recordOf(text: string, files: readonly string[]): PlacedRecord {
  const isTagged = text.startsWith(tag);
  const parts: readonly unknown[] = JSON.parse(isTagged ? text.slice(tag.length) : text);
  const [source, file, line, column, stored, json, python = null] = parts as [
    number,
    number | string,
    number | null,
    number | null,
    Fields,
    string | null,
    unknown,
  ];
  const place = {
    file: typeof file === "number" ? files[file]! : file,
    ...line === null ? {} : { line },
    ...column === null ? {} : { column },
  };
  const fields = isTagged ? read(stored) as Fields : stored;
  const asPython = python === null ? {} : { python: read(python) as PythonDict };
  return { source, record: { fields, place, ...json === null ? {} : { json }, ...asPython } };
}

/** Whether JSON preserves a value exactly. */
function isPlain(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (Array.isArray(value)) return Object.keys(value).length === value.length && value.every(isPlain);
  return isRecord(value) && !Object.hasOwn(value, "$") && Object.values(value).every(isPlain);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || "toJSON" in value) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0;
}

/** How values are written that are not plain JSON. */
function written(value: unknown): unknown {
  if (isPlain(value)) return value;
  switch (typeof value) {
    case "bigint":
      return { $: "bigint", v: String(value) };
    case "undefined":
      return { $: "undefined" };
    case "number":
      return { $: "number", v: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (Array.isArray(value)) return Array.from(value, written);
  if (value instanceof Untextual) return { $: "untextual", v: value.what };
  if (value instanceof Map) return { $: "map", v: [...value].map((entry) => entry.map(written)) };
  if (!isRecord(value)) throw new Unwritable();
  return { $: "object", v: Object.entries(value).map(([name, part]) => [name, written(part)]) };
}

type Tagged = { readonly $: keyof typeof readers; readonly v?: unknown };

const entriesOf = (value: unknown) => value as readonly (readonly [unknown, unknown])[];

const readers = {
  bigint: (value: unknown) => BigInt(String(value)),
  undefined: () => undefined,
  number: (value: unknown) => Number(value),
  untextual: (value: unknown) => new Untextual(String(value)),
  map: (value: unknown) => new Map(entriesOf(value).map(([key, part]) => [read(key), read(part)])),
  object: (value: unknown) => Object.fromEntries(entriesOf(value).map(([key, part]) => [String(key), read(part)])),
} as const;

function read(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(read);
  if (!Object.hasOwn(value, "$")) return value;
  const { $: kind, v } = value as Tagged;
  return readers[kind](v);
}
