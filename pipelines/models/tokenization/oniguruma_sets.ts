/** Translating character sets in Oniguruma's regular expressions to JavaScript's `v` flag. @module */
import { ownValue } from "../../../ops/program/own_value.ts";

/** The sets that escapes stand for; capital letters stand for their complements. */
const escapes: Readonly<Record<string, string>> = {
  d: "\\p{Nd}",
  s: "\\p{White_Space}",
  w: "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}",
  h: "0-9A-Fa-f",
};

/** Sets by name: POSIX brackets, and properties that have other names in Unicode, or none. */
const named: Readonly<Record<string, string>> = {
  alnum: "\\p{Alphabetic}\\p{Nd}",
  alpha: "\\p{Alphabetic}",
  ascii: "\\0-\\x7f",
  blank: "\\p{Zs}\\t",
  cntrl: "\\p{Cc}",
  digit: "\\p{Nd}",
  graph: "[[^\\p{White_Space}\\p{Cc}\\p{Cn}\\p{Cs}]]",
  lower: "\\p{Lowercase}",
  print: "[[^\\p{White_Space}\\p{Cc}\\p{Cn}\\p{Cs}]\\p{Zs}]",
  punct: "\\p{P}\\p{S}",
  space: "\\p{White_Space}",
  upper: "\\p{Uppercase}",
  xdigit: "0-9A-Fa-f",
  word: escapes["w"]!,
};

const controls: Readonly<Record<string, string>> = {
  t: "\t",
  n: "\n",
  r: "\r",
  f: "\f",
  v: "\v",
  a: "\x07",
  e: "\x1b",
};

/** A part of a set: a character, which may begin or end a range, or a set. */
type Item = { readonly character: string } | { readonly set: string };

/** Non-decimal numbers in Latin-1: unlike other such numbers, Oniguruma's word characters, but not within brackets. */
const latinNumbers = "\\xb2\\xb3\\xb9\\xbc-\\xbe";

/** The set of an escape such as `\w`, with brackets. */
export function escapedSet(letter: string, isBare: boolean): string {
  const lower = letter.toLowerCase();
  return `[${letter === lower ? "" : "^"}${ownValue(escapes, lower)}${isBare && lower === "w" ? latinNumbers : ""}]`;
}

/** A literal character, inside or outside a set. */
export function literal(character: string): string {
  return /^[A-Za-z0-9]$/.test(character) ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/**
 * Reads a set or an escape.
 *
 * @param at The index of its bracket or backslash.
 * @returns The set in JavaScript's syntax, and where it ends.
 * @throws {SyntaxError} If it is invalid or not supported.
 */
export function characterSet(source: string, at: number): { readonly set: string; readonly end: number } {
  const unsupported = (what: string) => {
    return new SyntaxError(`the pattern ${JSON.stringify(source)} has ${what}, which is not supported`);
  };
  if (source[at] === "[") return bracket(at);
  const { item, end } = escape(at, true);
  return { set: textOf(item), end };

  function bracket(start: number): { readonly set: string; readonly end: number } {
    let next = start + 1;
    const isNegated = source[next] === "^";
    if (isNegated) next++;
    const operands: string[][] = [[]];
    const first = next;
    while (source[next] !== "]" || (next === first && source.includes("]", next + 1))) {
      if (next >= source.length) throw unsupported("a [ without its ]");
      if (source.startsWith("&&", next)) {
        operands.push([]);
        next += 2;
        continue;
      }
      const { item, end } = itemAt(next);
      next = end;
      const isRange = source[next] === "-" && source[next + 1] !== "]" && !source.startsWith("&&", next + 1);
      if (!("character" in item) || !isRange) operands.at(-1)!.push(textOf(item));
      else {
        const last = itemAt(next + 1);
        if (!("character" in last.item)) throw unsupported("a range that ends in a set");
        operands.at(-1)!.push(`${literal(item.character)}-${literal(last.item.character)}`);
        next = last.end;
        // A range cannot begin with a range or a set.
        if (source[next] === "-" && source[next + 1] !== "]") {
          operands.at(-1)!.push("\\-");
          next++;
        }
      }
    }
    const unions = operands.map((operand) => operand.join(""));
    const inner = unions.length === 1 ? unions[0]! : unions.map((union) => `[${union}]`).join("&&");
    return { set: `[${isNegated ? "^" : ""}${inner}]`, end: next + 1 };
  }

  function itemAt(start: number): { readonly item: Item; readonly end: number } {
    const posix = /\[:(\^?)([a-z]+):\]/y;
    posix.lastIndex = start;
    const found = posix.exec(source);
    if (found !== null) {
      const [text, negation, name] = found;
      const posixSet = ownValue(named, name!);
      if (posixSet === undefined) throw unsupported(text);
      return { item: { set: `[${negation}${posixSet}]` }, end: start + text.length };
    }
    if (source[start] === "[") {
      const { set, end } = bracket(start);
      return { item: { set }, end };
    }
    if (source[start] === "\\") return escape(start);
    const character = String.fromCodePoint(source.codePointAt(start)!);
    return { item: { character }, end: start + character.length };
  }

  function escape(start: number, isBare = false): { readonly item: Item; readonly end: number } {
    const pattern =
      /\\(?:(?<kind>[pP])\{(?<not>\^?)(?<name>[^}]*)\}|(?:x\{(?<long>[\dA-Fa-f]{1,6})\}|x(?<two>[\dA-Fa-f]{1,2})|u(?<four>[\dA-Fa-f]{4}))|0(?<octal>[0-7]{0,2})|c(?<control>[A-Za-z])|(?<other>[^]))/uy;
    pattern.lastIndex = start;
    const found = pattern.exec(source);
    if (found === null) throw unsupported("a backslash with nothing after it");
    const end = start + found[0].length;
    const { kind, not, name, long, two, four, octal, control, other } = found.groups!;
    if (name !== undefined) {
      const isNegated = (kind === "P") !== (not === "^");
      const set = isBare && name.toLowerCase() === "word" ? escapedSet("w", true) : property(name, found[0]);
      return { item: { set: `[${isNegated ? "^" : ""}${set}]` }, end };
    }
    const code = long ?? two ?? four;
    if (code !== undefined) return { item: { character: String.fromCodePoint(parseInt(code, 16)) }, end };
    if (octal !== undefined) return { item: { character: String.fromCodePoint(parseInt(octal || "0", 8)) }, end };
    if (control !== undefined) {
      return { item: { character: String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f) }, end };
    }
    if (other === undefined) throw unsupported(found[0]);
    if (Object.hasOwn(escapes, other.toLowerCase())) return { item: { set: escapedSet(other, isBare) }, end };
    const character = ownValue(controls, other);
    if (character !== undefined) return { item: { character }, end };
    if (/[A-Za-z0-9]/.test(other)) throw unsupported(`\\${other}`);
    return { item: { character: other }, end };
  }

  /** A property: a POSIX class, a Unicode category, property or script, case-insensitive. */
  function property(name: string, written: string): string {
    const plain = name.replaceAll(/[\s_-]/g, "").toLowerCase();
    const posixSet = ownValue(named, plain);
    if (posixSet !== undefined) return posixSet;
    const cased = name.toLowerCase().split(/[\s_-]+/).map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
      .join("_");
    for (const spelled of [name, cased]) {
      for (const prefix of ["", "Script="]) {
        const candidate = `\\p{${prefix}${spelled}}`;
        if (compiles(candidate)) return candidate;
      }
    }
    throw unsupported(written);
  }
}

function textOf(item: Item): string {
  return "character" in item ? literal(item.character) : item.set;
}

function compiles(source: string): boolean {
  try {
    return new RegExp(source, "u").source !== "";
  } catch {
    return false;
  }
}
