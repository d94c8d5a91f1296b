/** What a command's options are: how each is written, what it gives, and what applies if it is omitted. @module */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { parseSize } from "../../common/size.ts";

/** A text that an option can't take; the message says what to write instead. */
export class InvalidValue extends Error {
  override readonly name = "InvalidValue";
}

/** An option that takes no value. */
export interface Switch {
  readonly kind: "switch";
  readonly help: string;
  /** Whether it is on unless `--no-` and its name are written. */
  readonly turnsOff: boolean;
}

/** An option that takes a value. */
export interface ValueOption<Value> {
  readonly kind: "value";
  readonly help: string;
  /** What the help calls the value, as in `folder`. */
  readonly placeholder: string;
  readonly omitted: "error" | { readonly value: Value };
  readonly values: ValueReader<Value>;
}

/** Listed values, or a function of a text and of the option's value so far. */
type ValueReader<Value> =
  | { readonly choices: readonly (Value & string)[] }
  | { parse(text: string, before: Value): Value };

/** A command's options by the names that its code has for them; `--cache-disk` is `cacheDisk`. */
export type Options = Readonly<Record<string, Switch | ValueOption<unknown>>>;

/** What options give. */
export type OptionValues<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name] extends ValueOption<infer Value> ? Value : boolean;
};

/** What the value of an option is. */
export interface ValueType<Value> {
  readonly placeholder: string;
  readonly read: { readonly choices: readonly (Value & string)[] } | {
    /** @throws {InvalidValue} If the text is no such value. */
    readonly parse: (text: string) => Value;
  };
}

/** An option that is off unless it is written. */
export function flag(help: string): Switch {
  return { kind: "switch", help, turnsOff: false };
}

/** An option that is on unless it is written, with `--no-`. */
export function onUnlessNamed(help: string): Switch {
  return { kind: "switch", help, turnsOff: true };
}

/** An option that may be omitted. */
export function optional<Value>({ placeholder, read }: ValueType<Value>, help: string): ValueOption<Value | undefined> {
  return { kind: "value", help, placeholder, omitted: { value: undefined }, values: read };
}

/** An option that may not be omitted. */
export function required<Value>({ placeholder, read }: ValueType<Value>, help: string): ValueOption<Value> {
  return { kind: "value", help, placeholder, omitted: "error", values: read };
}

/** An option that has a default value. */
export function withDefault<Value>(
  { placeholder, read }: ValueType<Value>,
  help: string,
  value: Value,
): ValueOption<Value> {
  return { kind: "value", help, placeholder, omitted: { value }, values: read };
}

/** An option that may be repeated: each text is added to the value so far. */
export function repeatable<Value>(
  placeholder: string,
  help: string,
  none: Value,
  add: (before: Value, text: string) => Value,
): ValueOption<Value> {
  const parse = (text: string, before: Value) => add(before, text);
  return { kind: "value", help, placeholder, omitted: { value: none }, values: { parse } };
}

/** A value of any form. */
export function parsed<Value>(placeholder: string, parse: (text: string) => Value): ValueType<Value> {
  return { placeholder, read: { parse } };
}

/** A text as it is. */
export function text(placeholder: string): ValueType<string> {
  return parsed(placeholder, (text) => text);
}

/** One of some texts. */
export function choice<const Value extends string>(placeholder: string, choices: readonly Value[]): ValueType<Value> {
  return { placeholder, read: { choices } };
}

/** A number within bounds, the bounds included. */
export function number(placeholder: string, least: number, most = Infinity): ValueType<number> {
  return parsed(placeholder, (text) => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number) && number >= least && number <= most) return number;
    throw new InvalidValue(`give a number from ${least}${most === Infinity ? " on" : ` to ${most}`}`);
  });
}

/** A whole number within bounds, the bounds included. */
export function integer(placeholder: string, least: number, most = Infinity): ValueType<number> {
  return parsed(placeholder, (text) => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(number) && number >= least && number <= most) return number;
    throw new InvalidValue(`give a whole number from ${least}${most === Infinity ? " on" : ` to ${most}`}`);
  });
}

/** A size in bytes, or Infinity. */
export const size: ValueType<number> = parsed("size", (text) => {
  const bytes = parseSize(text);
  if (bytes === undefined) throw new InvalidValue("write a size as in 500MB, 1.5GiB, 0 or unlimited");
  return bytes;
});

/** A JSON object. */
export const json: ValueType<JsonObject> = parsed("json", (text) => {
  const value = jsonOf(text);
  if (isJsonObject(value)) return value;
  throw new InvalidValue('give a JSON object, as in \'{"language": "fr"}\'');
});

/** `undefined` of what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
