/**
 * The parts of a tokenizer.json. Each kind of part declares its fields and their values; anything else is refused,
 * since texts would be encoded differently from the model's training data.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";

/** Whether a field may have a value; the value of an absent field is `undefined`. */
type Supports = (value: unknown) => boolean;

/** A kind of part. */
export interface Component<Made> {
  /** The fields by name. */
  readonly fields: Readonly<Record<string, Supports>>;
  make(declared: JsonObject): Made;
}

/** True, false or absent. */
export const flag: Supports = (value) => typeof value === "boolean" || value === undefined;
/** A required text. */
export const text: Supports = (value) => typeof value === "string";
/** A text, null or absent. */
export const optionalText: Supports = (value) => typeof value === "string" || value === null || value === undefined;
/** A whole number from 0 up. */
const count: Supports = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** Like {@linkcode count}, or null or absent. */
export const optionalCount: Supports = (value) => value === null || value === undefined || count(value);
/** One of some values. */
export const among = (...values: readonly unknown[]): Supports => (value) => values.includes(value);
/** A value that the part itself checks. */
export const anything: Supports = () => true;

/** The fields of ByteLevel, which is both a pre-tokenizer and a decoder. */
export const byteLevelFields = { add_prefix_space: flag, trim_offsets: flag, use_regex: flag } as const;

/** The fields of Metaspace, which is also both. */
export const metaspaceFields = {
  replacement: optionalText,
  prepend_scheme: among("first", "never", "always", null, undefined),
  add_prefix_space: flag,
  split: flag,
  // A copy of the replacement in older files.
  str_rep: optionalText,
} as const;

/**
 * Creates a part from its declaration in a tokenizer.json.
 *
 * @param what The name of the part in messages.
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
 * Checks an object's fields against the supported ones. An unknown field is accepted if it is null or false.
 *
 * @throws {Error} With the first unsupported field.
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

/** A field with its value, which is shortened if it is long. */
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

/** A declared part as an object; undefined if there is none. */
export function declaredPart(what: string, declared: unknown): JsonObject | undefined {
  if (declared === null || declared === undefined) return undefined;
  if (!isJsonObject(declared)) throw new Error(`a ${what} that is not an object`);
  return declared;
}
