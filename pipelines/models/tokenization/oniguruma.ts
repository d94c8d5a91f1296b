/**
 * Translating Oniguruma's regular expressions, the language of tokenizer.json's patterns, to JavaScript's. A feature
 * without a counterpart is an error that names it.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { characterSet, escapedSet, literal } from "./oniguruma_sets.ts";

/** A quantifier. */
const quantifier = /(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d+)\})/y;

const lineStart = "(?:(?<![^])|(?<=\\n)(?=[^]))", lineEnd = "(?![^\\n])";
const word = escapedSet("w", true);
const boundary = (turns: boolean) =>
  `(?:(?<=${word})(?${turns ? "!" : "="}${word})|(?<!${word})(?${turns ? "=" : "!"}${word}))`;

/** Escapes outside of sets that match positions instead of characters. */
const assertions: Readonly<Record<string, string>> = {
  A: "(?<![^])",
  z: "(?![^])",
  Z: "(?=\\n?(?![^]))",
  b: boundary(true),
  B: boundary(false),
};

/** Any character, and any but a line break. */
const anyCharacter: Readonly<Record<string, string>> = { O: "[^]", N: "[^\\n]" };

/**
 * Compiles an expression.
 *
 * @returns The expression with the flags `gv`.
 * @throws {SyntaxError} If it is invalid or uses a feature that JavaScript can't express.
 */
export function oniguruma(source: string): RegExp {
  const reader = new Reader(source);
  const compiled = reader.alternatives({ matchesLines: false, isExtended: false, inLookBehind: false });
  if (reader.at < source.length) throw reader.unsupported("an unmatched )");
  try {
    return new RegExp(compiled, "gv");
  } catch {
    throw reader.unsupported("something that can't be expressed");
  }
}

/** The options in effect at a place in an expression. */
interface Options {
  /** Whether a dot matches line breaks, which is called multi-line in Ruby. */
  readonly matchesLines: boolean;
  /** Whether white space and comments are ignored. */
  readonly isExtended: boolean;
  readonly inLookBehind: boolean;
}

class Reader {
  at = 0;
  #atomic = 0;
  #groups = 0;
  readonly #hasNames: boolean;
  readonly #refersBack: boolean;
  readonly #folds: boolean;

  constructor(readonly source: string) {
    this.#hasNames = /\(\?<[^=!]/.test(source);
    this.#folds = /\(\?[mx]*i/.test(source);
    this.#refersBack = /\\(?:[1-9]|k<)/.test(source);
  }

  unsupported(what: string): SyntaxError {
    return new SyntaxError(`the pattern ${JSON.stringify(this.source)} has ${what}, which is not supported`);
  }

  /** Reads up to the end or an unmatched parenthesis. */
  alternatives(options: Options): string {
    let current = options, out = "";
    while (this.at < this.source.length && this.source[this.at] !== ")") {
      const set = /\(\?([imx]*)(?:-([imx]*))?\)/y;
      const switched = this.#match(set);
      if (switched !== undefined) {
        // An option applies up to the end of its group, including later alternatives.
        current = changed(current, switched);
        const rest = this.alternatives(current);
        return `${out}${folding(switched, rest)}`;
      }
      if (this.source[this.at] === "|") {
        out += "|";
        this.at++;
      } else if (current.isExtended && this.#match(/\s+|#.*/y) !== undefined) continue;
      else if (this.#match(/\(\?#[^)]*\)/y) === undefined) out += this.#repeated(this.#atom(current), current);
    }
    return out;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source) ?? undefined;
    if (found !== undefined) this.at += found[0].length;
    return found;
  }

  /** An atom with its quantifiers: a `+` after `*`, `+` or `?` makes them possessive; after others it repeats. */
  #repeated(atom: string, options: Options): string {
    let out = atom, isAlone = true;
    for (;;) {
      const found = this.#match(quantifier)?.[0];
      if (found === undefined) return out;
      const times = found.replace(/^\{,/, "{0,"), follows = this.source[this.at];
      const whole = isAlone ? out : `(?:${out})`;
      isAlone = false;
      if (follows === "?" && !/^\{\d+\}$/.test(times)) {
        out = `${whole}${times}?`;
        this.at++;
      } else if (follows === "+" && !times.startsWith("{")) {
        out = this.#once(`${whole}${times}`, options);
        this.at++;
      } else out = `${whole}${times}`;
    }
  }

  /** An atomic group: matched in a look-ahead, and then consumed by a back-reference. */
  #once(inner: string, { inLookBehind }: Options): string {
    if (inLookBehind) throw this.unsupported("a possessive quantifier or an atomic group within a look-behind");
    const name = `once${this.#atomic++}`;
    return `(?:(?=(?<${name}>${inner}))\\k<${name}>)`;
  }

  #atom(options: Options): string {
    const character = String.fromCodePoint(this.source.codePointAt(this.at)!);
    switch (character) {
      case "(":
        return this.#group(options);
      case "[": {
        const { set, end } = characterSet(this.source, this.at);
        this.at = end;
        return set;
      }
      case "\\":
        return this.#escaped(options);
    }
    this.at += character.length;
    switch (character) {
      case ".":
        return options.matchesLines ? "[^]" : "[^\\n]";
      case "^":
        return lineStart;
      case "$":
        return lineEnd;
      case "*":
      case "+":
      case "?":
        throw this.unsupported(`a ${character} with nothing to repeat`);
      default:
        return literal(character);
    }
  }

  #group(options: Options): string {
    const opening = this.#match(/\(\?(?:[:=!>]|<[=!]|<(?<name>[^>]*)>|(?<on>[imx]*)(?:-(?<off>[imx]*))?:)|\((?!\?)/y);
    if (opening === undefined) throw this.unsupported(`the group ${this.source.slice(this.at, this.at + 4)}…`);
    const [open] = opening, isLookBehind = open === "(?<=" || open === "(?<!";
    const number = opening.groups?.["name"] ?? (open === "(" && !this.#hasNames ? ++this.#groups : undefined);
    const switched = /^\(\?([imx]*)(?:-([imx]*))?:$/.exec(open);
    const inside = { ...(switched === null ? options : changed(options, switched)) };
    const inner = this.alternatives({ ...inside, inLookBehind: options.inLookBehind || isLookBehind });
    if (this.source[this.at] !== ")") throw this.unsupported("a group that does not end");
    this.at++;
    if (switched !== null) return folding(switched, inner);
    if (open === "(?>") return this.#once(inner, options);
    if (number === undefined) return open === "(" ? `(?:${inner})` : `${open}${inner})`;
    return this.#refersBack ? `(?<group${number}>${inner})` : `(?:${inner})`;
  }

  #escaped(options: Options): string {
    const back = this.#match(/\\(?:k<(\w+)>|([1-9]\d*))/y);
    if (back !== undefined) return `\\k<group${back[1] ?? back[2]}>`;
    const next = this.source[this.at + 1] ?? "";
    if (next === "R") {
      this.at += 2;
      return options.inLookBehind
        ? "(?:\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])"
        : this.#once("\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029]", options);
    }
    const found = ownValue({ ...assertions, ...anyCharacter }, next);
    if (found !== undefined) {
      this.at += 2;
      return found;
    }
    const { set, end } = characterSet(this.source, this.at);
    this.at = end;
    // The set of an escape is not case-insensitive, unlike one in brackets.
    return this.#folds && set.startsWith("[") ? `(?-i:${set})` : set;
  }
}

function changed(options: Options, [, on = "", off = ""]: RegExpExecArray): Options {
  const state = (flag: string, before: boolean) => on.includes(flag) || (before && !off.includes(flag));
  return { ...options, matchesLines: state("m", options.matchesLines), isExtended: state("x", options.isExtended) };
}

/** Wraps an expression to be case-insensitive, if requested. */
function folding([, on = "", off = ""]: RegExpExecArray, inner: string): string {
  return `(?${on.includes("i") ? "i" : off.includes("i") ? "-i" : ""}:${inner})`;
}
