/** Python's `%` and `format` on texts. @module */
import { spendText } from "./budget.ts";
import { asNumber } from "./compare.ts";
import { repr, str } from "./print.ts";
import { type Arguments, isDict, PythonTuple, type PythonValue, typeName } from "./value.ts";

const directive = /%(?:\((?<key>[^)]*)\))?(?<flags>[-0+ ]*)(?<width>\d*)(?:\.(?<precision>\d+))?(?<kind>.|$)/gsu;

/**
 * A text with its directives replaced by values, as in `"%s has %d" % (a, b)`.
 *
 * @throws {TypeError} If the number of values does not match, or a directive is not supported.
 */
export function formatted(text: string, values: PythonValue): string {
  const list = values instanceof PythonTuple ? values.items : [values];
  let taken = 0;
  const take = () => {
    if (taken >= list.length) throw new TypeError("there are fewer values than the text's % signs ask for");
    return list[taken++];
  };
  const written = text.replace(directive, (...match) => {
    const { key, flags = "", width = "", precision, kind = "" } = match.at(-1) as Record<string, string | undefined>;
    if (kind === "%") return "%";
    const value = key === undefined ? take() : isDict(values) ? values.get(key) : undefined;
    const shown = shownAs(kind, value, precision), padding = Number(width);
    spendText(padding);
    const signed = /[+ ]/.test(flags) && kind !== "s" && kind !== "r" && !shown.startsWith("-")
      ? (flags.includes("+") ? "+" : " ") + shown
      : shown;
    if (flags.includes("-")) return signed.padEnd(padding);
    if (!flags.includes("0") || kind === "s" || kind === "r") return signed.padStart(padding);
    const sign = /^[-+ ]/.exec(signed)?.[0] ?? "";
    return sign + signed.slice(sign.length).padStart(padding - sign.length, "0");
  });
  if (taken < list.length && !isDict(values)) {
    throw new TypeError("there are more values than the text has % signs for");
  }
  return written;
}

function shownAs(kind: string, value: PythonValue, precision: string | undefined): string {
  const cut = (text: string) => precision === undefined ? text : Array.from(text).slice(0, Number(precision)).join("");
  if (kind === "s") return cut(str(value));
  if (kind === "r") return cut(repr(value));
  const number = asNumber(value);
  if (number !== undefined) {
    if (kind === "d" || kind === "i") return String(typeof number === "bigint" ? number : BigInt(Math.trunc(number)));
    if (kind === "f") return Number(number).toFixed(Number(precision ?? 6));
    if ((kind === "x" || kind === "X") && typeof number === "bigint") {
      return kind === "x" ? number.toString(16) : number.toString(16).toUpperCase();
    }
  }
  throw new TypeError(`%${kind} can't write a value of type ${typeName(value)}`);
}

/**
 * A text with its braces replaced by values, as in `"{} has {0} {name}".format(a, name=b)`.
 *
 * @throws {TypeError} If a brace names no value, or has a format specification, which is not supported.
 */
export function filledBraces(text: string, { positional, named }: Arguments): string {
  let next = 0;
  return text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, field: string | undefined) => {
    if (field === undefined) return whole.charAt(0);
    const place = field === "" ? String(next++) : field;
    if (/^\d+$/.test(place) && Number(place) < positional.length) return str(positional[Number(place)]);
    if (named.has(place)) return str(named.get(place));
    throw new TypeError(`format has no value for {${field}}`);
  });
}
