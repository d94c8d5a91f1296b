/** Evaluates a template's expressions. @module */
import { calculate, signed } from "../../python/arithmetic.ts";
import { attributeOf, itemOf, sliceOf } from "../../python/attributes.ts";
import { compare, contains, isEqual, isTrue, iterate } from "../../python/compare.ts";
import { spend, spent } from "../../python/budget.ts";
import { positionally } from "../../python/call.ts";
import { str } from "../../python/print.ts";
import {
  type Arguments,
  isDict,
  Namespace,
  plain,
  PythonTuple,
  type PythonValue,
  typeName,
} from "../../python/value.ts";
import { filterNamed } from "./filters.ts";
import type { Scope } from "./scope.ts";
import { testNamed } from "./tests.ts";
import type { Argument, Expression, Filter } from "./tree.ts";

type Binary = Extract<Expression, { type: "BinaryExpression" }>;
type Member = Extract<Expression, { type: "MemberExpression" }>;

/** Names that a template cannot set. */
const constants: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

/**
 * An expression's value.
 *
 * @throws {TypeError} If Python would raise, or something is not supported.
 */
export function evaluate(expression: Expression, scope: Scope): PythonValue {
  const valueOf = (part: Expression) => evaluate(part, scope);
  spend(1);
  switch (expression.type) {
    case "IntegerLiteral":
      if (Number.isSafeInteger(expression.value)) return BigInt(expression.value);
      throw new TypeError(`a whole number in the template is beyond 2⁵³`);
    case "FloatLiteral":
    case "StringLiteral":
      return expression.value;
    case "ArrayLiteral":
      return expression.value.map(valueOf);
    case "TupleLiteral":
      return new PythonTuple(expression.value.map(valueOf));
    case "ObjectLiteral":
      return new Map([...expression.value].map(([key, value]) => [valueOf(key), valueOf(value)]));
    case "Identifier":
      return constants.has(expression.value) ? constants.get(expression.value) : scope.get(expression.value);
    case "MemberExpression":
      return member(expression, scope);
    case "CallExpression":
      return spent(call(expression.callee, argumentsOf(expression.args, scope), scope));
    case "BinaryExpression":
      return spent(binary(expression, scope));
    case "UnaryExpression": {
      const value = valueOf(expression.argument), { value: operator } = expression.operator;
      return operator === "not" ? !isTrue(value) : signed(operator, value);
    }
    case "FilterExpression":
      return spent(filter(valueOf(expression.operand), expression.filter, scope));
    case "TestExpression": {
      const passed = testNamed(expression.test.value)(plain(valueOf(expression.operand)), positionally([]));
      return expression.negate ? !isTrue(passed) : passed;
    }
    case "SelectExpression":
      return isTrue(valueOf(expression.test)) ? valueOf(expression.lhs) : undefined;
    case "Ternary":
      return valueOf(isTrue(valueOf(expression.condition)) ? expression.trueExpr : expression.falseExpr);
  }
}

/** A value after a filter. */
export function filter(value: PythonValue, by: Filter, scope: Scope): PythonValue {
  if (by.type === "Identifier") return filterNamed(by.value)(plain(value), positionally([]));
  if (by.callee.type !== "Identifier") throw new TypeError("a filter is not a name");
  return filterNamed(by.callee.value)(plain(value), argumentsOf(by.args, scope));
}

/** The arguments of a call. */
export function argumentsOf(given: readonly Argument[], scope: Scope): Arguments {
  const positional: PythonValue[] = [], named = new Map<string, PythonValue>();
  const name = (key: string, value: PythonValue) => {
    if (named.has(key)) throw new TypeError(`the argument ${key} is given twice`);
    named.set(key, value);
  };
  for (const argument of given) {
    switch (argument.type) {
      case "SpreadExpression":
        positional.push(...iterate(evaluate(argument.argument, scope)));
        break;
      case "KeywordArgumentExpression":
        name(argument.key.value, plain(evaluate(argument.value, scope)));
        break;
      case "KeywordSpreadExpression": {
        const values = evaluate(argument.argument, scope);
        if (!isDict(values)) throw new TypeError(`arguments after ** are a dict, not of type ${typeName(values)}`);
        for (const [key, value] of values) name(str(key), value);
        break;
      }
      default:
        positional.push(plain(evaluate(argument, scope)));
    }
  }
  return { positional, named };
}

/** Calls what an expression names. */
export function call(callee: Expression, passed: Arguments, scope: Scope): PythonValue {
  const called = evaluate(callee, scope);
  if (typeof called === "function") return called(passed);
  if (called instanceof Namespace && called.call !== undefined) return called.call(passed);
  throw new TypeError(
    called === undefined
      ? `${nameOf(callee)} is not defined, or not supported here`
      : `${nameOf(callee)} is of type ${typeName(called)} and can't be called`,
  );
}

function member({ object, property, computed }: Member, scope: Scope): PythonValue {
  const value = plain(evaluate(object, scope));
  if (value === undefined) throw new TypeError(`${nameOf(object)} is undefined`);
  if (property.type === "SliceExpression") {
    const { start, stop, step } = property;
    return sliceOf(
      value,
      ...[start, stop, step].map((bound) => bound === undefined ? undefined : evaluate(bound, scope)),
    );
  }
  if (!computed && property.type === "Identifier") return attributeOf(value, property.value);
  return itemOf(value, evaluate(property, scope));
}

/** An expression's name in a message. */
function nameOf(expression: Expression): string {
  if (expression.type === "Identifier") return expression.value;
  if (expression.type !== "MemberExpression") return "a value";
  const { object, property, computed } = expression;
  const shown = property.type === "Identifier" || property.type === "StringLiteral" ? property.value : "…";
  return computed ? `${nameOf(object)}[${shown}]` : `${nameOf(object)}.${shown}`;
}

const orders: ReadonlyMap<string, (order: number) => boolean> = new Map([
  ["<", (order: number) => order < 0],
  ["<=", (order) => order <= 0],
  [">", (order) => order > 0],
  [">=", (order) => order >= 0],
]);

function binary({ operator: { value: operator }, left, right }: Binary, scope: Scope): PythonValue {
  const one = evaluate(left, scope);
  if (operator === "and") return isTrue(one) ? evaluate(right, scope) : one;
  if (operator === "or") return isTrue(one) ? one : evaluate(right, scope);
  const other = evaluate(right, scope);
  // HTML escaping matters only for addition.
  return operator === "+" ? calculate(operator, one, other) : operate(operator, plain(one), plain(other), left, scope);
}

function operate(
  operator: string,
  one: PythonValue,
  other: PythonValue,
  left: Expression,
  scope: Scope,
): PythonValue {
  const order = orders.get(operator);
  if (order !== undefined) {
    // `a < b < c` is parsed as `(a < b) < c`, which has no other meaning.
    if (left.type !== "BinaryExpression" || !orders.has(left.operator.value)) return order(compare(one, other));
    return isTrue(one) && order(compare(evaluate(left.right, scope), other));
  }
  switch (operator) {
    case "==":
      return isEqual(one, other);
    case "!=":
      return !isEqual(one, other);
    case "in":
      return contains(other, one);
    case "not in":
      return !contains(other, one);
    case "~":
      return str(one) + str(other);
    default:
      return calculate(operator, one, other);
  }
}
