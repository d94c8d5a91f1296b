/** JSON as Python reads and writes it. @module */
import { type Node, parseTree } from "jsonc-parser";
import { floatRepr } from "./print.ts";
import { isDict, itemsOf, type PythonValue, PythonView, typeName } from "./value.ts";

/** Whether JavaScript's values lose something: the notation of numbers, or the order of keys that are whole numbers. */
export function losesJson(value: unknown): boolean {
  if (typeof value === "number") return true;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(losesJson);
  return Object.entries(value).some(([key, part]) => /^\d+$/.test(key) || losesJson(part));
}

/**
 * Reads JSON as Python does: a number with a fraction or an exponent is a float, any other is a whole number with all
 * its digits, and keys keep their order.
 *
 * @param text Valid JSON.
 */
export function readJson(text: string): PythonValue {
  const valueOf = ({ type, value, children = [], offset, length }: Node): PythonValue => {
    switch (type) {
      case "object":
        return new Map(children.map(({ children: [key, part] = [] }) => [key!.value as string, valueOf(part!)]));
      case "array":
        return children.map(valueOf);
      case "number": {
        const written = text.slice(offset, offset + length);
        return /[.e]/i.test(written) ? Number(written) : BigInt(written);
      }
      default:
        return value;
    }
  };
  const tree = parseTree(text);
  if (tree === undefined) throw new SyntaxError("No JSON");
  return valueOf(tree);
}

/** How JSON is written. */
export interface JsonStyle {
  /** Whether non-ASCII characters are escaped. */
  readonly ensureAscii: boolean;
  /** The indentation of each level; all on one line without it. */
  readonly indent: string | undefined;
  readonly separators: readonly [item: string, key: string];
  readonly sortKeys: boolean;
}

/**
 * Writes JSON as `json.dumps` does.
 *
 * @throws {TypeError} If a value has no JSON.
 */
export function writeJson(value: PythonValue, style: JsonStyle, level = 0): string {
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return floatJson(value);
  if (typeof value === "string") return textJson(value, style.ensureAscii);
  const items = value instanceof PythonView ? undefined : itemsOf(value);
  if (items !== undefined) {
    return enclosed(
      "[",
      "]",
      items.map((item) => writeJson(item, style, level + 1)),
      style,
      level,
    );
  }
  if (isDict(value)) {
    const entries = [...value].map(([key, part]) => [keyText(key), part] as const);
    if (style.sortKeys) entries.sort(([one], [other]) => one < other ? -1 : 1);
    const written = entries.map(([key, part]) => {
      return `${textJson(key, style.ensureAscii)}${style.separators[1]}${writeJson(part, style, level + 1)}`;
    });
    return enclosed("{", "}", written, style, level);
  }
  throw new TypeError(`a value of type ${typeName(value)} is not JSON`);
}

function enclosed(
  opening: string,
  closing: string,
  parts: readonly string[],
  { indent, separators: [separator] }: JsonStyle,
  level: number,
): string {
  if (indent === undefined || parts.length === 0) return opening + parts.join(separator) + closing;
  const line = `\n${indent.repeat(level + 1)}`;
  return `${opening}${line}${parts.join(separator + line)}\n${indent.repeat(level)}${closing}`;
}

function floatJson(value: number): string {
  if (Number.isFinite(value)) return floatRepr(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

function textJson(text: string, ensureAscii: boolean): string {
  // JSON.stringify would also escape lone surrogates, which Python leaves as they are.
  const written = `"${
    text.replace(/["\\]|[^\P{Cc}\x7f-\x9f]/gu, (character) => JSON.stringify(character).slice(1, -1))
  }"`;
  if (!ensureAscii) return written;
  return written.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function keyText(key: PythonValue): string {
  if (typeof key === "string") return key;
  if (key === null || typeof key === "boolean" || typeof key === "bigint") return String(key);
  if (typeof key === "number") return floatJson(key);
  throw new TypeError(`keys of JSON are texts, not of type ${typeName(key)}`);
}
