/**
 * The parts that a tokenizer.json is made of. Each kind of part names its fields and their values; whatever is not named
 * is refused, since a text would be encoded otherwise than the model was trained on.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";

/** Whether a field may have a value; a field that is absent has `undefined`. */
type Supports = (value: unknown) => boolean;

/** A kind of part. */
export interface Component<Made> {
  /** By name. */
  readonly fields: Readonly<Record<string, Supports>>;
  make(declared: JsonObject): Made;
}

/** True, false or absent. */
export const flag: Supports = (value) => typeof value === "boolean" || value === undefined;
/** A text that must be there. */
export const text: Supports = (value) => typeof value === "string";
/** A text, null or absent. */
export const optionalText: Supports = (value) => typeof value === "string" || value === null || value === undefined;
/** A whole number from 0 up. */
const count: Supports = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** As {@linkcode count}, null or absent. */
export const optionalCount: Supports = (value) => value === null || value === undefined || count(value);
/** One of some values. */
export const among = (...values: readonly unknown[]): Supports => (value) => values.includes(value);
/** What its part checks for itself. */
export const anything: Supports = () => true;

/** The fields of ByteLevel, which is a pre-tokenizer and a decoder alike. */
export const byteLevelFields = { add_prefix_space: flag, trim_offsets: flag, use_regex: flag } as const;

/** The fields of Metaspace, which is both, too. */
export const metaspaceFields = {
  replacement: optionalText,
  prepend_scheme: among("first", "never", "always", null, undefined),
  add_prefix_space: flag,
  split: flag,
  // What older files repeat of the replacement.
  str_rep: optionalText,
} as const;

/**
 * Makes a part of what a tokenizer.json declares.
 *
 * @param what What it is, as messages call it.
 * @param kinds All kinds that are supported, by type.
 * @throws {Error} If its type, a field or a value is not supported.
 */
export function componentOf<Made>(
  what: string,
  kinds: Readonly<Record<string, Component<Made>>>,
  declared: JsonObject,
): Made {
  const { type, ...fields } = declared;
  const kind = typeof type === "string" ? ownValue(kinds, type) : undefined;
  if (kind === undefined) throw new Error(`Unknown ${what} type: ${type}`);
  requireFields(`${what} ${type}`, kind.fields, fields);
  return kind.make(declared);
}

/**
 * Checks an object's fields against those that are supported. An unknown field may be off: null or false.
 *
 * @throws {Error} With the first that is not supported.
 */
export function requireFields(what: string, known: Readonly<Record<string, Supports>>, fields: JsonObject): void {
  for (const [name, supports] of Object.entries(known)) {
    const value = ownValue(fields, name);
    if (supports(value)) continue;
    throw new Error(
      value === undefined
        ? `a ${what} without "${name}"`
        : `the ${what} has ${shown(name, value)}, which is not supported`,
    );
  }
  const unknown = Object.entries(fields).find(([name, value]) => {
    return !Object.hasOwn(known, name) && value !== null && value !== false;
  });
  if (unknown !== undefined) throw new Error(`the ${what} has ${shown(...unknown)}, which is not supported`);
}

/** A field with its value, cut where it is long. */
function shown(name: string, value: unknown): string {
  const text = JSON.stringify(value);
  return `"${name}": ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`;
}

/** The parts of a sequence. */
export function sequenceOf<Made>(declared: JsonObject, name: string, make: (part: unknown) => Made): readonly Made[] {
  const parts = ownValue(declared, name);
  if (!Array.isArray(parts)) throw new Error(`a Sequence without "${name}"`);
  return parts.map(make);
}

/** A declared part as an object; undefined where there is none. */
export function declaredPart(what: string, declared: unknown): JsonObject | undefined {
  if (declared === null || declared === undefined) return undefined;
  if (!isJsonObject(declared)) throw new Error(`a ${what} that is not an object`);
  return declared;
}
