/** Jinja's tests, as in `value is string`. @module */
import { calculate } from "../../python/arithmetic.ts";
import { type Method, taking } from "../../python/call.ts";
import { asNumber, compare, contains, isEqual, isTrue } from "../../python/compare.ts";
import { str } from "../../python/print.ts";
import { textMethods } from "../../python/text_methods.ts";
import { isDict, itemsOf, type PythonValue } from "../../python/value.ts";
import { quote } from "../../../common/suggest.ts";
import { positionally } from "../../python/call.ts";

const holding = (holds: (value: PythonValue) => boolean) => taking([], holds);
const comparing = (holds: (value: PythonValue, other: PythonValue) => boolean) => taking(["other"], holds);
const isMultiple = (value: PythonValue, of: PythonValue) => isEqual(calculate("%", value, of), 0n);
const isItems = (value: PythonValue) => typeof value === "string" || isDict(value) || itemsOf(value) !== undefined;
const letters = (method: "islower" | "isupper") =>
  holding((value) => isTrue(textMethods.get(method)!(str(value), positionally([]))));

const eq = comparing(isEqual), ne = comparing((value, other) => !isEqual(value, other));
const lt = comparing((value, other) => compare(value, other) < 0);
const le = comparing((value, other) => compare(value, other) <= 0);
const gt = comparing((value, other) => compare(value, other) > 0);
const ge = comparing((value, other) => compare(value, other) >= 0);

const tests: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["defined", holding((value) => value !== undefined)],
  ["undefined", holding((value) => value === undefined)],
  ["none", holding((value) => value === null)],
  ["boolean", holding((value) => typeof value === "boolean")],
  ["true", holding((value) => value === true)],
  ["false", holding((value) => value === false)],
  ["string", holding((value) => typeof value === "string")],
  ["integer", holding((value) => typeof value === "bigint")],
  ["float", holding((value) => typeof value === "number")],
  ["number", holding((value) => asNumber(value) !== undefined)],
  ["mapping", holding(isDict)],
  ["sequence", holding((value) => value === undefined || isItems(value))],
  ["iterable", holding((value) => value === undefined || isItems(value))],
  ["callable", holding((value) => value === undefined || typeof value === "function")],
  ["lower", letters("islower")],
  ["upper", letters("isupper")],
  ["odd", holding((value) => !isMultiple(value, 2n))],
  ["even", holding((value) => isMultiple(value, 2n))],
  ["divisibleby", comparing(isMultiple)],
  ["sameas", comparing((value, other) => value === other)],
  ["in", comparing((value, container) => contains(container, value))],
  ...["eq", "equalto", "=="].map((name) => [name, eq] as const),
  ...["ne", "!="].map((name) => [name, ne] as const),
  ...["lt", "lessthan", "<"].map((name) => [name, lt] as const),
  ...["le", "<="].map((name) => [name, le] as const),
  ...["gt", "greaterthan", ">"].map((name) => [name, gt] as const),
  ...["ge", ">="].map((name) => [name, ge] as const),
]);

/**
 * A test by its name.
 *
 * @throws {TypeError} If it is not supported.
 */
export function testNamed(name: string): Method {
  const found = tests.get(name);
  if (found === undefined) throw new TypeError(`there is no test ${quote(name)} here`);
  return found;
}
