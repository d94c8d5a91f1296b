/** Jinja's filters, as in `value | trim`, and transformers' own `tojson`. @module */
import { spendText } from "../../python/budget.ts";
import { quote } from "../../../common/suggest.ts";
import { type Method, taking } from "../../python/call.ts";
import { isTrue } from "../../python/compare.ts";
import { type JsonStyle, writeJson } from "../../python/json.ts";
import { itemsOf, type PythonValue } from "../../python/value.ts";
import { itemFilters } from "./item_filters.ts";
import { numberFilters } from "./number_filters.ts";
import { testMark } from "./rewritten_tokens.ts";
import { testNamed } from "./tests.ts";
import { textFilters } from "./text_filters.ts";

const usual = taking(["default_value", "boolean"], (value, otherwise = "", isAlsoForFalse) => {
  return value === undefined || (isTrue(isAlsoForFalse) && !isTrue(value)) ? otherwise : value;
});

const filters: ReadonlyMap<string, Method> = new Map<string, Method>([
  ...textFilters,
  ...itemFilters((name) => filterNamed(name)),
  ...numberFilters,
  ["default", usual],
  ["d", usual],
  [
    "tojson",
    taking(["ensure_ascii", "indent", "separators", "sort_keys"], (value, ...style) => {
      return writeJson(value, styleOf(style));
    }),
  ],
]);

function styleOf([ensureAscii, indent, separators, sortKeys]: readonly PythonValue[]): JsonStyle {
  if (typeof indent === "bigint") spendText(Math.max(0, Number(indent)));
  const step = typeof indent === "bigint" ? " ".repeat(Math.max(0, Number(indent))) : indent;
  if (step !== undefined && step !== null && typeof step !== "string") throw new TypeError("indent is a whole number");
  const isOneLine = step === undefined || step === null;
  return {
    ensureAscii: isTrue(ensureAscii),
    indent: isOneLine ? undefined : step,
    separators: separatorsOf(separators) ?? [isOneLine ? ", " : ",", ": "],
    sortKeys: isTrue(sortKeys),
  };
}

function separatorsOf(given: PythonValue): JsonStyle["separators"] | undefined {
  if (given === undefined || given === null) return undefined;
  const [item, key, ...more] = itemsOf(given) ?? [];
  if (typeof item === "string" && typeof key === "string" && more.length === 0) return [item, key];
  throw new TypeError("separators are two texts");
}

/**
 * A filter by its name; a test with arguments is parsed as one.
 *
 * @throws {TypeError} If it is not supported.
 */
export function filterNamed(name: string): Method {
  const test = name.lastIndexOf(testMark);
  if (test !== -1) {
    const holds = testNamed(name.slice(test + testMark.length));
    return test === 0 ? holds : (value, passed) => !isTrue(holds(value, passed));
  }
  const found = filters.get(name);
  if (found === undefined) throw new TypeError(`there is no filter ${quote(name)} here`);
  return found;
}
