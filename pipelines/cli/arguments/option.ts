/** What a command's options are: how each is written, what value it has, and its default. @module */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { formatSize, parseSize } from "../../common/size.ts";

/** A value that an option does not accept; the message says what to write instead. */
export class InvalidValue extends Error {
  override readonly name = "InvalidValue";
}

/** An option that takes no value. */
export interface Switch {
  readonly kind: "switch";
  readonly help: string;
  /** Whether it is on unless written with `--no-`. */
  readonly turnsOff: boolean;
}

/** An option that takes a value. */
export interface ValueOption<Value> {
  readonly kind: "value";
  readonly help: string;
  /** The name of the value in the help, as in `folder`. */
  readonly placeholder: string;
  readonly omitted: "error" | { readonly value: Value };
  /** Writes a default for the help, if its text is something else. */
  show?(value: Value): string;
  readonly values: ValueReader<Value>;
}

/** Listed values, or a function of a text and the option's value so far. */
type ValueReader<Value> =
  | { readonly choices: readonly (Value & string)[] }
  | { parse(text: string, before: Value): Value };

/** A command's options by their names in the code; `--cache-disk` is `cacheDisk`. */
export type Options = Readonly<Record<string, Switch | ValueOption<unknown>>>;

/** The values of options. */
export type OptionValues<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name] extends ValueOption<infer Value> ? Value : boolean;
};

/** The type of an option's value. */
export interface ValueType<Value> {
  readonly placeholder: string;
  readonly read: { readonly choices: readonly (Value & string)[] } | {
    /** @throws {InvalidValue} If the text is not such a value. */
    readonly parse: (text: string) => Value;
  };
  /** As in {@linkcode ValueOption}. */
  show?(value: Value): string;
}

/** An option that is off unless given. */
export function flag(help: string): Switch {
  return { kind: "switch", help, turnsOff: false };
}

/** An option that is on unless given with `--no-`. */
export function onUnlessNamed(help: string): Switch {
  return { kind: "switch", help, turnsOff: true };
}

/** An option that may be omitted. */
export function optional<Value>({ placeholder, read }: ValueType<Value>, help: string): ValueOption<Value | undefined> {
  return { kind: "value", help, placeholder, omitted: { value: undefined }, values: read };
}

/** A required option. */
export function required<Value>({ placeholder, read }: ValueType<Value>, help: string): ValueOption<Value> {
  return { kind: "value", help, placeholder, omitted: "error", values: read };
}

/** An option with a default value. */
export function withDefault<Value>(
  { placeholder, read, show }: ValueType<Value>,
  help: string,
  value: Value,
): ValueOption<Value> {
  const shown = show === undefined ? {} : { show };
  return { kind: "value", help, placeholder, omitted: { value }, values: read, ...shown };
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

/** A value with its own syntax. */
export function parsed<Value>(placeholder: string, parse: (text: string) => Value): ValueType<Value> {
  return { placeholder, read: { parse } };
}

/** A text that is not empty: an empty one is usually a shell's variable that has no value. */
export function text(placeholder: string): ValueType<string> {
  return parsed(placeholder, (text) => {
    if (text === "") throw new InvalidValue("give it a value");
    return text;
  });
}

/** Any text, which may be empty. */
export function anyText(placeholder: string): ValueType<string> {
  return parsed(placeholder, (text) => text);
}

/** One of several texts. */
export function choice<const Value extends string>(placeholder: string, choices: readonly Value[]): ValueType<Value> {
  return { placeholder, read: { choices } };
}

/** A number within bounds, inclusive. */
export function number(placeholder: string, least: number, most = Infinity): ValueType<number> {
  return parsed(placeholder, (text) => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number) && number >= least && number <= most) return number;
    throw new InvalidValue(`give a number ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}`);
  });
}

/** A whole number within bounds, inclusive. */
export function integer(placeholder: string, least: number, most = Infinity): ValueType<number> {
  return parsed(placeholder, (text) => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(number) && number >= least && number <= most) return number;
    throw new InvalidValue(
      `give a whole number ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}`,
    );
  });
}

/** A size in bytes, or Infinity. */
export const size: ValueType<number> = sizeFrom(0, "500MB, 1.5GiB, 0 or unlimited");
/** The same, but not 0. */
export const positiveSize: ValueType<number> = sizeFrom(1, "500MB, 1.5GiB or unlimited");

function sizeFrom(least: number, examples: string): ValueType<number> {
  return {
    ...parsed("size", (text) => sizeOf(text, least, examples)),
    // As it would be given: 5GB.
    show: (bytes) => formatSize(bytes).replace(/\.0+ |\s/, ""),
  };
}

function sizeOf(text: string, least: number, examples: string): number {
  const bytes = parseSize(text);
  // A number without a unit is one of bytes, but people who write a small one mean another unit.
  if (bytes !== undefined && bytes > 0 && bytes < 1000 && /^[\d.]+$/.test(text)) {
    throw new InvalidValue(`write its unit, as in ${text}GB`);
  }
  if (bytes === undefined || bytes < least) throw new InvalidValue(`write a size as in ${examples}`);
  return bytes;
}

/** A JSON object. */
export const json: ValueType<JsonObject> = parsed("json", (text) => {
  const value = jsonOf(text);
  if (isJsonObject(value)) return value;
  throw new InvalidValue('give a JSON object, as in \'{"language": "fr"}\'');
});

/** `undefined` if the text is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
