/** Renders a template. @module */
import { isTrue, iterate } from "../../python/compare.ts";
import { spend, spent } from "../../python/budget.ts";
import { bound } from "../../python/call.ts";
import { str } from "../../python/print.ts";
import {
  type Arguments,
  Namespace,
  type PythonFunction,
  PythonTuple,
  type PythonValue,
  typeName,
} from "../../python/value.ts";
import { argumentsOf, call, evaluate, filter } from "./expression.ts";
import { loopOf } from "./loop.ts";
import { Scope } from "./scope.ts";
import { type Expression, namesIn, type Parameter, type Statement, type Target } from "./tree.ts";

type Body = readonly Statement[];
type For = Extract<Statement, { type: "For" }>;

/** The cost of an iteration's scope and `loop` variable. */
const perIteration = 10;

/** How a loop's iteration ends early: what it has written stays. */
type Jump = "Break" | "Continue";

/**
 * The text that some statements write.
 *
 * @throws {TypeError} If Python would raise, or something is not supported.
 */
export function render(body: Body, scope: Scope): string {
  const written: string[] = [];
  run(body, scope, written);
  return written.join("");
}

function run(body: Body, scope: Scope, written: string[]): Jump | undefined {
  for (const statement of body) {
    const jump = step(statement, scope, written);
    if (jump !== undefined) return jump;
  }
  return undefined;
}

function step(statement: Statement, scope: Scope, written: string[]): Jump | undefined {
  switch (statement.type) {
    case "Comment":
      return undefined;
    case "Break":
    case "Continue":
      return statement.type;
    case "If":
      return run(isTrue(evaluate(statement.test, scope)) ? statement.body : statement.alternate, scope, written);
    case "For":
      loop(statement, iterated(statement, scope), scope, written, 0);
      return undefined;
    case "With": {
      const { targets, values, body } = statement, inner = new Scope(scope);
      // All values are evaluated in the surrounding scope.
      values.map((value) => evaluate(value, scope)).forEach((value, at) => assign(targets[at]!, value, inner));
      return run(body, inner, written);
    }
    case "Set": {
      const { assignee, value, body } = statement;
      assign(assignee, value === null ? render(body, new Scope(scope)) : evaluate(value, scope), scope);
      return undefined;
    }
    case "Macro":
      scope.set(statement.name.value, macroOf(statement.name.value, statement.args, statement.body, scope));
      return undefined;
    case "FilterStatement":
      written.push(str(filter(render(statement.body, new Scope(scope)), statement.filter, scope)));
      return undefined;
    case "CallStatement": {
      const { call: { callee, args }, callerArgs, body } = statement, { positional, named } = argumentsOf(args, scope);
      const caller = macroOf("caller", callerArgs ?? [], body, scope);
      written.push(str(call(callee, { positional, named: new Map([...named, ["caller", caller]]) }, scope)));
      return undefined;
    }
    default:
      written.push(spent(str(evaluate(statement, scope))));
      return undefined;
  }
}

/** What a loop iterates over, before its condition. */
function iterated({ iterable }: For, around: Scope): PythonValue {
  return evaluate(iterable.type === "SelectExpression" ? iterable.lhs : iterable, around);
}

/**
 * Each iteration has its own scope, in which `loop` has its state.
 *
 * @param depth How many calls of `loop` this is nested in.
 */
function loop(statement: For, through: PythonValue, around: Scope, written: string[], depth: number): void {
  const { loopvar, iterable, body, defaultBlock, isRecursive } = statement;
  const scopeOf = (item: PythonValue) => {
    const scope = new Scope(around);
    assign(loopvar, item, scope);
    return scope;
  };
  const all = spent(iterate(through)), condition = iterable.type === "SelectExpression" ? iterable.test : undefined;
  // A condition is asked of an item when its turn has come, or `loop` is asked about it.
  const source = all.values(), items: PythonValue[] = [];
  const reaches = (count: number) => {
    for (let next = items.length < count ? source.next() : undefined; next?.done === false; next = source.next()) {
      if (condition !== undefined && !isTrue(evaluate(condition, scopeOf(next.value)))) continue;
      if (items.push(next.value) >= count) break;
    }
    return items.length >= count;
  };
  const again: PythonFunction = (passed) => {
    if (!isRecursive) throw new TypeError("loop can be called only in a recursive loop");
    if (passed.positional.length + passed.named.size === 0) throw new TypeError("loop must be called with a list");
    const inner: string[] = [];
    loop(statement, bound(["iterable"], passed)[0], around, inner, depth + 1);
    return inner.join("");
  };
  const changes = new Map<number, PythonValue>();
  let isDone = false;
  for (let at = 0; reaches(at + 1); at++) {
    spend(perIteration);
    const scope = scopeOf(items[at]);
    scope.set("loop", loopOf({ items, reaches }, at, changes, depth, again));
    const jump = run(body, scope, written);
    if (jump === "Break") break;
    // Jinja records an iteration only at its end.
    isDone ||= jump === undefined;
  }
  if (!isDone) run(defaultBlock, new Scope(around), written);
}

function assign(target: Target, value: PythonValue, scope: Scope): void {
  switch (target.type) {
    case "Identifier":
      scope.set(target.value, value);
      return;
    case "TupleLiteral": {
      const values = iterate(value);
      if (values.length !== target.value.length) {
        throw new TypeError(`${values.length} values can't be assigned to ${target.value.length} names`);
      }
      target.value.forEach((part, at) => assign(part, values[at], scope));
      return;
    }
    case "MemberExpression": {
      const object = evaluate(target.object, scope), { property } = target;
      if (!(object instanceof Namespace) || property.type !== "Identifier" || target.computed) {
        throw new TypeError(
          `an attribute of a value of type ${typeName(object)} can't be set; only a namespace's attributes can`,
        );
      }
      object.attributes.set(property.value, value);
      return;
    }
    default:
      throw new TypeError("values can be assigned only to names");
  }
}

/** A macro as a function, which sees the names around its definition. */
function macroOf(name: string, parameters: readonly Parameter[], body: Body, around: Scope): PythonFunction {
  const names = parameters.map((parameter) => parameter.type === "Identifier" ? parameter.value : parameter.key.value);
  const usual = parameters.map((parameter): Expression | undefined => {
    return parameter.type === "Identifier" ? undefined : parameter.value;
  });
  const known = namesIn(body), takesMore = known.has("varargs"), takesNames = known.has("kwargs");
  return ({ positional, named }: Arguments) => {
    const scope = new Scope(around), unknown = new Map(named), caller = unknown.get("caller");
    unknown.delete("caller");
    if (positional.length > names.length && !takesMore) {
      throw new TypeError(`the macro ${name} takes at most ${names.length} arguments`);
    }
    names.forEach((parameter, at) => {
      const value = at < positional.length ? positional[at] : named.get(parameter), otherwise = usual[at];
      const isGiven = at < positional.length || named.has(parameter);
      scope.set(parameter, isGiven || otherwise === undefined ? value : evaluate(otherwise, scope));
      unknown.delete(parameter);
    });
    if (unknown.size > 0 && !takesNames) {
      throw new TypeError(`the macro ${name} takes no argument ${[...unknown.keys()][0]}`);
    }
    scope.set("caller", caller);
    scope.set("varargs", new PythonTuple(positional.slice(names.length)));
    scope.set("kwargs", unknown);
    return render(body, scope);
  };
}
