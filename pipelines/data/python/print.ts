/** What Python's `str` and `repr` print. @module */
import { isDict, isList, Namespace, PythonTuple, type PythonValue, PythonView, SafeText, typeName } from "./value.ts";

/** A value as text: `5.0`, `True`, `[1, 'a']`; a string is itself. */
export function str(value: PythonValue): string {
  if (typeof value === "string") return value;
  if (value instanceof SafeText) return value.text;
  return value === undefined ? "" : repr(value);
}

/** A value as in Python's source code. */
export function repr(value: PythonValue): string {
  if (value === undefined) return "Undefined";
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return floatRepr(value);
  if (typeof value === "string") return quoted(value);
  if (isList(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof PythonTuple) {
    return value.items.length === 1 ? `(${repr(value.items[0])},)` : `(${value.items.map(repr).join(", ")})`;
  }
  if (value instanceof PythonView) return value.printed ?? `${value.type}([${value.items.map(repr).join(", ")}])`;
  if (isDict(value)) return `{${[...value].map(([key, part]) => `${repr(key)}: ${repr(part)}`).join(", ")}}`;
  if (value instanceof SafeText) return `Markup(${quoted(value.text)})`;
  if (value instanceof Namespace) return `<Namespace ${repr(value.attributes)}>`;
  throw new TypeError(`a ${typeName(value)} can't be printed`);
}

/** The shortest digits that give the same float, with an exponent below −4 or from 16 on. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [digits = "", written = "0"] = value.toExponential().split("e"), exponent = Number(written);
  if (exponent < -4 || exponent >= 16) {
    return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  // From 1e-6 to 1e21 JavaScript writes no exponent either.
  const plain = String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}

const escapes: ReadonlyMap<string, string> = new Map([["\\", "\\\\"], ["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);

/** In single quotes, unless the text contains these and no double ones; unprintable characters are escaped. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\p{C}\p{Z}\\'"]/gu, (character) => {
    if (character === quote) return `\\${character}`;
    if (character === " " || character === "'" || character === '"') return character;
    return escapes.get(character) ?? escaped(character.codePointAt(0)!);
  });
  return quote + inner + quote;
}

function escaped(code: number): string {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
