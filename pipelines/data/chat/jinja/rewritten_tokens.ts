/**
 * Rewrites Jinja that the library's parser does not support as tokens that it does: names that no template can contain
 * mark what was meant, and {@linkcode restored} turns the resulting tree into the intended one.
 *
 * @module
 */
import type { Expression, Statement, Tokens } from "./tree.ts";

/** Marks a filter that is a test with arguments. */
export const testMark = "is ";
/** A call of this name is a tuple of its arguments. */
const tupleMark = "tuple ";
/** A loop over a call of this name is a `with` block, with the arguments as its settings. */
const withMark = "with ";
/** Precedes a tuple of loop targets, which the parser accepts only as a call. */
const targetMark = "target ";
/** The first expression in the body of a recursive loop. */
const recursiveMark = "recursive ";

type Token = Tokens[number];

/** Tokens that the parser accepts. */
export function rewritten(tokens: Tokens): Tokens {
  return withStatements(withTuples(withTests(tokens)));
}

const named = (token: Token | undefined, ...names: readonly string[]): boolean => {
  return token?.type === "Identifier" && (names.length === 0 || names.includes(token.value));
};
const is = (token: Token | undefined, ...types: readonly Token["type"][]): boolean => {
  return token !== undefined && types.includes(token.type);
};
const token = (type: Token["type"], value: string): Token => ({ type, value });
const name = (value: string): Token => token("Identifier", value);
const [open, close, comma] = [token("OpenParen", "("), token("CloseParen", ")"), token("Comma", ",")];

/** The parser has no tests with arguments: they become filters, and `is in` becomes `in`. */
function withTests(tokens: Tokens): Tokens {
  for (let at = 0; at < tokens.length; at++) {
    if (!named(tokens[at], "is")) continue;
    const isNegated = named(tokens[at + 1], "not"), test = isNegated ? at + 2 : at + 1;
    if (named(tokens[test], "in")) tokens.splice(at, 1);
    else if (named(tokens[test]) && tokens[test + 1]?.type === "OpenParen") {
      const [pipe, name] = [tokens[at]!, tokens[test]!];
      Object.assign(pipe, { type: "Pipe", value: "|" });
      Object.assign(name, { value: `${isNegated ? "not " : ""}${testMark}${name.value}` });
      if (isNegated) tokens.splice(at + 1, 1);
    }
  }
  return tokens;
}

/** Words after which a parenthesis is not a call. */
const operators = ["in", "not", "and", "or", "if", "else", "elif", "is", "set", "for", "recursive"];

/** Tuples that are empty or end in a comma, which the parser accepts only as calls. */
function withTuples(tokens: Tokens): Tokens {
  const found: Token[] = [], opened: number[] = [];
  for (const [at, each] of tokens.entries()) {
    if (is(each, "OpenParen")) opened.push(found.length);
    found.push(each);
    if (!is(each, "CloseParen")) continue;
    const start = opened.pop(), before = start === undefined ? undefined : found[start - 1];
    if (start === undefined || !is(tokens[at - 1], "OpenParen", "Comma")) continue;
    const isCall = is(before, "CloseParen", "CloseSquareBracket") || named(before) && !named(before, ...operators);
    if (isCall) continue;
    // A call in parentheses may appear where a loop has its names.
    found.splice(start, 0, open, name(tupleMark));
    found.push(close);
  }
  return found;
}

/** Statements and outputs from their first token to their end; texts as they are. */
function withStatements(tokens: Tokens): Tokens {
  const found: Token[] = [], around: string[] = [];
  for (let at = 0; at < tokens.length;) {
    const first = tokens[at]!, ends = endingOf(first);
    const end = ends === undefined ? at : tokens.findIndex((each, place) => place > at && each.type === ends);
    if (ends === undefined || end < 0) {
      found.push(first);
      at++;
      continue;
    }
    const inner = tokens.slice(at + 1, end);
    found.push(first, ...(ends === "CloseExpression" ? asTuple(inner) : statement(inner, around)), tokens[end]!);
    if (named(inner[0], "for") && isRecursive(inner)) {
      found.push(token("OpenExpression", "{{"), name(recursiveMark), token("CloseExpression", "}}"));
    }
    at = end + 1;
  }
  return found;
}

function endingOf({ type }: Token): Token["type"] | undefined {
  return type === "OpenStatement" ? "CloseStatement" : type === "OpenExpression" ? "CloseExpression" : undefined;
}

/** A statement between its braces. A `with` becomes a loop that runs once. */
function statement(inner: Tokens, around: string[]): Tokens {
  const [keyword, ...rest] = inner;
  if (!named(keyword)) return inner;
  switch (keyword!.value) {
    case "set": {
      const equals = outside(rest, ({ type }) => type === "Equals");
      return equals < 0 ? inner : [...inner.slice(0, equals + 2), ...asTuple(rest.slice(equals + 1))];
    }
    case "for": {
      around.push("endfor");
      const body = isRecursive(inner) ? inner.slice(0, -1) : inner,
        into = outside(body, (each) => named(each, "in")) + 1;
      const from = body.slice(into), filter = outside(from, (each) => named(each, "if"));
      const items = filter < 0 ? from : from.slice(0, filter);
      const [word, ...target] = body.slice(0, into),
        isMarked = is(target[0], "OpenParen") && named(target[1], tupleMark);
      const names = isMarked ? [name(targetMark), comma, ...target] : target;
      return [word!, ...names, ...asTuple(items), ...from.slice(items.length)];
    }
    case "with":
      around.push("endwith");
      return asLoop(settings(rest));
    case "endfor":
    case "endwith":
      if (around.pop() !== keyword!.value) throw new Error(`${keyword!.value} has no matching start`);
      return [name("endfor"), ...rest];
    default:
      return inner;
  }
}

/** Whether a loop is recursive: its last word says so, if something to iterate over precedes it. */
function isRecursive(inner: Tokens): boolean {
  return named(inner.at(-1), "recursive") && !named(inner.at(-2), "in", "if");
}

/** The index of the first token outside of all brackets for which a predicate holds; −1 if there is none. */
function outside(tokens: Tokens, isSuch: (token: Token) => boolean): number {
  let depth = 0;
  return tokens.findIndex((each) => {
    if (is(each, "CloseParen", "CloseSquareBracket", "CloseCurlyBracket")) depth--;
    const isFound = depth === 0 && isSuch(each);
    if (is(each, "OpenParen", "OpenSquareBracket", "OpenCurlyBracket")) depth++;
    return isFound;
  });
}

/** Values separated by commas are a tuple without parentheses. */
function asTuple(tokens: Tokens): Tokens {
  return outside(tokens, ({ type }) => type === "Comma") < 0 ? tokens : [name(tupleMark), open, ...tokens, close];
}

/** The settings of a `with`: a value for each target. */
function settings(tokens: Tokens): readonly (readonly [target: Tokens, value: Tokens])[] {
  const found: (readonly [Tokens, Tokens])[] = [];
  for (let left = tokens; left.length > 0;) {
    const equals = outside(left, ({ type }) => type === "Equals");
    if (equals < 0) throw new Error("a with must set names to values, as in with a = 1");
    const target = left.slice(0, equals), after = left.slice(equals + 1);
    const end = outside(after, ({ type }) => type === "Comma");
    found.push([target, end < 0 ? after : after.slice(0, end)]);
    left = end < 0 ? [] : after.slice(end + 1);
  }
  return found;
}

function asLoop(set: ReturnType<typeof settings>): Tokens {
  const between = (parts: readonly Tokens[]) => parts.flatMap((part, at) => at === 0 ? part : [comma, ...part]);
  const targets = set.map(([target]) =>
    outside(target, ({ type }) => type === "Comma") < 0 ? target : [open, ...target, close]
  );
  const values = between(set.map(([, value]) => value));
  const names = set.length === 0 ? [name(withMark)] : between(targets);
  return [name("for"), ...names, name("in"), name(withMark), open, ...values, close];
}

type Loop = Extract<Statement, { type: "For" }>;

/** A part of a tree as it was meant; it is changed in place. */
export function restored<Part>(part: Part): Part {
  if (typeof part !== "object" || part === null) return part;
  if (part instanceof Map) {
    for (const pair of part) restored(pair);
    return part;
  }
  if (isLoop(part)) restoreLoop(part);
  if (isCallOf(part, tupleMark)) Object.assign(part, { type: "TupleLiteral", value: part.args });
  for (const inner of Object.values(part)) restored(inner);
  return part;
}

function isLoop(part: object): part is Loop {
  return "type" in part && part.type === "For";
}

function isCallOf(part: object, mark: string): part is Extract<Expression, { type: "CallExpression" }> {
  if (!("type" in part && part.type === "CallExpression" && "callee" in part)) return false;
  return isNamed(part.callee, mark);
}

function isNamed(part: unknown, mark: string): boolean {
  return typeof part === "object" && part !== null && "value" in part && part.value === mark;
}

function restoreLoop(loop: Loop): void {
  const { loopvar, iterable, body, defaultBlock } = loop;
  if (loopvar.type === "TupleLiteral" && isNamed(loopvar.value[0], targetMark)) {
    Object.assign(loop, { loopvar: loopvar.value[1] });
  }
  if (isCallOf(iterable, withMark)) {
    if (defaultBlock.length > 0) throw new Error("a with has no else");
    const { args } = iterable, isOne = args.length === 1;
    const targets = isOne ? [loopvar] : args.length > 0 && loopvar.type === "TupleLiteral" ? loopvar.value : [];
    Object.assign(loop, { type: "With", targets, values: args, iterable: null });
  } else if (isNamed(body[0], recursiveMark)) {
    Object.assign(loop, { isRecursive: true, body: body.slice(1) });
  }
}
