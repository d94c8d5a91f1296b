/** Fields of a request's body, each read with its type or refused by name. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { isJsonObject, type JsonObject } from "../common/files.ts";
import { quote } from "../common/suggest.ts";
import { wrongField } from "./api_error.ts";

/** How one field is read: returns its value, or `undefined` if it is not what is expected. */
export interface FieldReader<Value> {
  /** As in `a text`. */
  readonly expected: string;
  read(value: unknown): Value | undefined;
}

/** A string. */
export const aText: FieldReader<string> = {
  expected: "a string",
  read: (value) => typeof value === "string" ? value : undefined,
};

/** A boolean. */
export const aFlag: FieldReader<boolean> = {
  expected: "true or false",
  read: (value) => typeof value === "boolean" ? value : undefined,
};

/** An object. */
export const anObject: FieldReader<JsonObject> = {
  expected: "an object",
  read: (value) => isJsonObject(value) ? value : undefined,
};

/** A number within bounds, inclusive. */
export function aNumber(least: number, most: number): FieldReader<number> {
  return {
    expected: most === Infinity ? `a number of at least ${least}` : `a number from ${least} to ${most}`,
    read: (value) => typeof value === "number" && value >= least && value <= most ? value : undefined,
  };
}

/** A whole number within bounds, inclusive. */
export function anInteger(least: number, most = Number.MAX_SAFE_INTEGER): FieldReader<number> {
  const isOpen = most === Number.MAX_SAFE_INTEGER;
  return {
    expected: isOpen ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`,
    read: (value) =>
      Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most ? Number(value) : undefined,
  };
}

/** A list with at most this many items; a single item may be given without a list. */
export function listOf<Value>(item: FieldReader<Value>, most: number): FieldReader<readonly Value[]> {
  return {
    expected: `${item.expected}, or a list of 1 to ${most} of these`,
    read(value) {
      const all: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (all.length === 0 || all.length > most) return undefined;
      const read = all.map((each) => item.read(each)).filter((each) => each !== undefined);
      return read.length === all.length ? read : undefined;
    },
  };
}

/** A field that may be omitted; null counts as omitted. */
export function optionalField<Value>(body: JsonObject, name: string, reader: FieldReader<Value>): Value | undefined {
  const value = ownValue(body, name) ?? undefined;
  if (value === undefined) return undefined;
  const read = reader.read(value);
  if (read === undefined) throw wrongField(name, `${quote(name)} is ${shown(value)}; give ${reader.expected}`);
  return read;
}

/** A required field. */
export function requiredField<Value>(body: JsonObject, name: string, reader: FieldReader<Value>): Value {
  const value = optionalField(body, name, reader);
  if (value === undefined) throw wrongField(name, `${quote(name)} is missing; give ${reader.expected}`);
  return value;
}

/** A value as an error shows it, if it is short. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  // A number beyond 1.8e308 is Infinity, which JSON does not have.
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `a ${typeof value} of ${text.length} characters` : text;
}
