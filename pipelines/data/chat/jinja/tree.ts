/** A template's syntax tree, as the library parses it. @module */
import { parse, tokenize } from "@huggingface/jinja";

interface Named {
  readonly type: "Identifier";
  readonly value: string;
}

interface Call {
  readonly type: "CallExpression";
  readonly callee: Expression;
  readonly args: readonly Argument[];
}

/** What filters a value: a filter's name, with or without arguments. */
export type Filter = Named | Call;

/** The target of a loop or a `set`. */
export type Target = Expression;

/** An argument of a call. */
export type Argument =
  | Expression
  | { readonly type: "KeywordArgumentExpression"; readonly key: Named; readonly value: Expression }
  | { readonly type: "SpreadExpression"; readonly argument: Expression }
  | { readonly type: "KeywordSpreadExpression"; readonly argument: Expression };

/** A parameter of a macro: a name, or a name with its default value. */
export type Parameter = Named | Extract<Argument, { type: "KeywordArgumentExpression" }>;

type Operator = { readonly value: string };

/** A node that has a value. */
export type Expression =
  | Named
  | Call
  | { readonly type: "IntegerLiteral" | "FloatLiteral"; readonly value: number }
  | { readonly type: "StringLiteral"; readonly value: string }
  | { readonly type: "ArrayLiteral" | "TupleLiteral"; readonly value: readonly Expression[] }
  | { readonly type: "ObjectLiteral"; readonly value: ReadonlyMap<Expression, Expression> }
  | {
    readonly type: "MemberExpression";
    readonly object: Expression;
    readonly property: Expression | Slice;
    readonly computed: boolean;
  }
  | {
    readonly type: "BinaryExpression";
    readonly operator: Operator;
    readonly left: Expression;
    readonly right: Expression;
  }
  | { readonly type: "UnaryExpression"; readonly operator: Operator; readonly argument: Expression }
  | { readonly type: "FilterExpression"; readonly operand: Expression; readonly filter: Filter }
  | { readonly type: "TestExpression"; readonly operand: Expression; readonly negate: boolean; readonly test: Named }
  | { readonly type: "SelectExpression"; readonly lhs: Expression; readonly test: Expression }
  | {
    readonly type: "Ternary";
    readonly condition: Expression;
    readonly trueExpr: Expression;
    readonly falseExpr: Expression;
  };

interface Slice {
  readonly type: "SliceExpression";
  readonly start?: Expression;
  readonly stop?: Expression;
  readonly step?: Expression;
}

type Body = readonly Statement[];

/** A node that writes or does something. An expression writes its value. */
export type Statement =
  | Expression
  | { readonly type: "If"; readonly test: Expression; readonly body: Body; readonly alternate: Body }
  | {
    readonly type: "For";
    readonly loopvar: Target;
    readonly iterable: Expression;
    readonly body: Body;
    readonly defaultBlock: Body;
    /** Whether `loop` can be called with more items. */
    readonly isRecursive?: true;
  }
  | {
    readonly type: "With";
    readonly targets: readonly Target[];
    readonly values: readonly Expression[];
    readonly body: Body;
  }
  | { readonly type: "Break" | "Continue" | "Comment" }
  | { readonly type: "Set"; readonly assignee: Target; readonly value: Expression | null; readonly body: Body }
  | { readonly type: "Macro"; readonly name: Named; readonly args: readonly Parameter[]; readonly body: Body }
  | { readonly type: "FilterStatement"; readonly filter: Filter; readonly body: Body }
  | {
    readonly type: "CallStatement";
    readonly call: Call;
    readonly callerArgs: readonly Parameter[] | null;
    readonly body: Body;
  };

/** A template's tokens, before it is a tree. */
export type Tokens = ReturnType<typeof tokenize>;

/** Tokenizes a template: blocks trim the end and the start of their line. Throws an Error if it is not Jinja. */
export function tokensOf(template: string): Tokens {
  return tokenize(template, { trim_blocks: true, lstrip_blocks: true });
}

/** The tree of what the library supports. Throws an Error if it is not Jinja, or has an unsupported statement. */
export function treeOf(tokens: Tokens): Body {
  return parse(tokens).body as Body;
}

/** All names and texts in a part of a template: the fields that it may read. */
export function namesIn(part: unknown, found = new Set<string>()): Set<string> {
  if (typeof part !== "object" || part === null) return found;
  if (part instanceof Map) {
    for (const pair of part) namesIn(pair, found);
    return found;
  }
  if ("type" in part && (part.type === "Identifier" || part.type === "StringLiteral") && "value" in part) {
    found.add(String(part.value));
  }
  for (const inner of Object.values(part)) namesIn(inner, found);
  return found;
}
