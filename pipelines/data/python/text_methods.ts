/** The methods of Python's `str`. Indices into a text count code points. @module */
import { spendText } from "./budget.ts";
import { type Method, taking } from "./call.ts";
import { iterate } from "./compare.ts";
import { filledBraces } from "./percent.ts";
import { isSpace, placesOf, type Sides, split, splitLines, strip } from "./split.ts";
import { itemsOf, PythonTuple, type PythonValue, typeName } from "./value.ts";

/** The first character in upper case, the others in lower case. */
export function capitalize(text: string): string {
  const [first = "", ...others] = text;
  return first.toUpperCase() + others.join("").toLowerCase();
}

/** Replaces a part of a text, everywhere or up to a number of times. */
export function replace(text: string, part: string, other: string, count = Infinity): string {
  // The empty part occurs between all characters.
  const pieces = part === "" ? ["", ...text, ""] : text.split(part);
  spendText(Math.min(count, pieces.length) * other.length);
  return pieces.reduce((written, piece, at) => written + (at <= count ? other : part) + piece);
}

/** Texts joined with a separator. */
export function joined(texts: readonly string[], separator: string): string {
  spendText(texts.length * separator.length + texts.reduce((sum, { length }) => sum + length, 0));
  return texts.join(separator);
}

/**
 * A text passed to a function.
 *
 * @throws {TypeError} If it is something else.
 */
export function textOf(value: PythonValue): string {
  if (typeof value === "string") return value;
  throw new TypeError(`expected a text but found a value of type ${typeName(value)}`);
}

/** A text that may be omitted, or None. */
export function optionalText(value: PythonValue): string | undefined {
  return value === undefined || value === null ? undefined : textOf(value);
}

/** A whole number that may be omitted; below 0 it means none. */
export function optionalCount(value: PythonValue): number | undefined {
  if (value === undefined || value === null || (typeof value === "bigint" && value < 0n)) return undefined;
  if (typeof value === "bigint") return Number(value);
  throw new TypeError(`expected a whole number but found a value of type ${typeName(value)}`);
}

const stripping = (sides: Sides) =>
  taking<string>(["chars"], (text, characters) => strip(text, sides, optionalText(characters)));

const splitting = (fromRight: boolean) =>
  taking<string>(["sep", "maxsplit"], (text, separator, most) => {
    return split(text, optionalText(separator), optionalCount(most), fromRight);
  });

const parting = (fromRight: boolean) =>
  taking<string>(["sep"], (text, separator) => {
    const by = textOf(separator), parts = split(text, by, 1, fromRight);
    if (parts.length === 2) return new PythonTuple([parts[0]!, by, parts[1]!]);
    return new PythonTuple(fromRight ? ["", "", text] : [text, "", ""]);
  });

/** The index of a part in code points; −1, or an error if the method raises one. */
const finding = (fromRight: boolean, fails: boolean) =>
  taking<string>(["sub"], (text, part) => {
    const at = fromRight ? text.lastIndexOf(textOf(part)) : text.indexOf(textOf(part));
    if (at === -1 && fails) throw new TypeError("substring not found");
    return at === -1 ? -1n : BigInt(Array.from(text.slice(0, at)).length);
  });

/** Whether one of some texts is at an end. */
const meeting = (has: (text: string, part: string) => boolean) =>
  taking<string>(["prefix"], (text, parts) => (itemsOf(parts) ?? [parts]).some((part) => has(text, textOf(part))));

const matching = (pattern: RegExp) => taking<string>([], (text) => pattern.test(text));

const padding = (pad: (text: string, width: number, fill: string) => string) =>
  taking<string>(["width", "fillchar"], (text, width, fill) => {
    spendText(Math.max(0, Number(width)));
    return pad(text, Number(width) - Array.from(text).length + text.length, optionalText(fill) ?? " ");
  });

const isCased = (text: string) => text.toLowerCase() !== text.toUpperCase();

/** Every method that a template may call on a text. */
export const textMethods: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ["upper", taking([], (text) => text.toUpperCase())],
  ["lower", taking([], (text) => text.toLowerCase())],
  ["casefold", taking([], (text) => text.toLowerCase())],
  ["capitalize", taking([], capitalize)],
  ["title", taking([], (text) => text.replace(/\p{L}+/gu, capitalize))],
  ["strip", stripping("both")],
  ["lstrip", stripping("left")],
  ["rstrip", stripping("right")],
  ["split", splitting(false)],
  ["rsplit", splitting(true)],
  ["splitlines", taking([], splitLines)],
  ["partition", parting(false)],
  ["rpartition", parting(true)],
  ["find", finding(false, false)],
  ["rfind", finding(true, false)],
  ["index", finding(false, true)],
  ["rindex", finding(true, true)],
  [
    "count",
    taking(["sub"], (text, part) => {
      const wanted = textOf(part);
      return BigInt(wanted === "" ? Array.from(text).length + 1 : placesOf(text, wanted).length);
    }),
  ],
  ["startswith", meeting((text, part) => text.startsWith(part))],
  ["endswith", meeting((text, part) => text.endsWith(part))],
  [
    "removeprefix",
    taking(["prefix"], (text, part) => {
      return text.startsWith(textOf(part)) ? text.slice(textOf(part).length) : text;
    }),
  ],
  [
    "removesuffix",
    taking(["suffix"], (text, part) => {
      return text.endsWith(textOf(part)) ? text.slice(0, text.length - textOf(part).length) : text;
    }),
  ],
  [
    "replace",
    taking(["old", "new", "count"], (text, part, other, count) => {
      return replace(text, textOf(part), textOf(other), optionalCount(count));
    }),
  ],
  ["join", taking(["iterable"], (text, parts) => joined(iterate(parts).map(textOf), text))],
  ["format", (text, passed) => filledBraces(text, passed)],
  [
    "zfill",
    taking(["width"], (text, width) => {
      const sign = /^[-+]/.exec(text)?.[0] ?? "";
      spendText(Math.max(0, Number(width)));
      return sign + text.slice(sign.length).padStart(Number(width) - sign.length, "0");
    }),
  ],
  ["ljust", padding((text, width, fill) => text.padEnd(width, fill))],
  ["rjust", padding((text, width, fill) => text.padStart(width, fill))],
  ["isspace", taking([], isSpace)],
  ["isdigit", matching(/^\p{Nd}+$/u)],
  ["isdecimal", matching(/^\p{Nd}+$/u)],
  ["isnumeric", matching(/^\p{N}+$/u)],
  ["isalpha", matching(/^\p{L}+$/u)],
  ["isalnum", matching(/^[\p{L}\p{N}]+$/u)],
  ["islower", taking([], (text) => isCased(text) && text === text.toLowerCase())],
  ["isupper", taking([], (text) => isCased(text) && text === text.toUpperCase())],
]);
