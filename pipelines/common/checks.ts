/** Checks of declared values, each of which names the invalid setting and what it should be. @module */
import { isUnwantedPromise } from "./unwanted_promise.ts";
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "./errors.ts";
import { atLocationOf } from "./source_location.ts";
import { nearest, quote, suggest } from "./suggest.ts";

/** Throws if a value is invalid; `name` is the setting's. */
export type Check = (value: unknown, name: string) => void;

/** One check for each field of a record except its kind: a forgotten one does not compile. */
export type Fields<T> = T extends unknown ? { readonly [K in Exclude<keyof T, "kind">]-?: Check } : never;

/** Whether a value is valid. */
export function passes(check: Check, value: unknown, name: string): boolean {
  try {
    check(value, name);
    return true;
  } catch (error) {
    if (error instanceof RequestError) return false;
    throw error;
  }
}

/** A value that is accepted as it is, or refused with what is expected. */
export function leaf(expected: string, accepts: (value: unknown) => boolean): Check {
  return (value, name) => {
    if (accepts(value)) return;
    const each = isList(value) && /^\w+$/.test(name) &&
      value.every((item) => typeof item !== "object" && accepts(item));
    const sweeping = each ? `, or all of these with sweep(${quote(name)}, [${value.map(shortly).join(", ")}])` : "";
    throw new RequestError(`${name} is ${show(value)}; give ${expected}${sweeping}`);
  };
}

const shortly = (value: unknown) => typeof value === "string" ? quote(value) : String(value);

function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return value.length === 0 ? "empty" : "a list";
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (isUnwantedPromise(value)) return "a promise";
  if ("kind" in value && typeof value.kind === "string") return `of the kind ${value.kind}`;
  const names = Object.keys(value), shown = names.slice(0, 3).join(", ");
  return names.length === 0 ? "an object" : `an object, { ${shown}${names.length > 3 ? ", …" : ""} }`;
}

/** Whether a value is a string. */
export const isText = (value: unknown) => typeof value === "string";
/** Whether a value is a list that is not empty. */
export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0;
/** Whether a value is an object, but not a list. */
export const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Accepts numbers between two bounds, inclusive. */
export const from = (least: number, most = Infinity) => (value: unknown) =>
  typeof value === "number" && value >= least && value <= most;

/** Accepts any value. */
export const anything: Check = () => {};
/** A string, possibly empty. */
export const text = leaf("a text", isText);
/** A boolean. */
export const flag = leaf("true or false", (value) => typeof value === "boolean");
/** A whole number. */
export const integer = leaf("a whole number", Number.isSafeInteger);
/** A whole number of at least 1. */
export const count = leaf("a whole number of at least 1", (value) => Number.isSafeInteger(value) && from(1)(value));
/** A whole number of at least 0. */
export const index = leaf("a whole number of at least 0", (value) => Number.isSafeInteger(value) && from(0)(value));
/** A finite number of at least 0. */
export const amount = leaf("a number of at least 0", (value) => Number.isFinite(value) && from(0)(value));
/** A finite number above 0. */
export const positive = leaf("a number above 0", (value) => Number.isFinite(value) && from(0)(value) && value !== 0);
/** A number of at least 0 and below 1. */
/** The most seconds of a timer, rounded down: one of more than 2^31 - 1 ms would end at once. */
export const mostSeconds = 2_000_000;

export const timeLimit = leaf(
  `a number of seconds above 0 and at most ${mostSeconds}`,
  (value) => from(0, mostSeconds)(value) && value !== 0,
);

export const belowOne = leaf("a number of at least 0 and below 1", (value) => from(0, 1)(value) && value !== 1);
/** A number from 0 to 1. */
export const share = leaf("a share of the steps from 0 to 1, or warmupSteps instead", from(0, 1));
/** One of some words. */
export const oneOf = (words: readonly string[]) =>
  leaf(alternatives.format(words.map(quote)), (value) => isText(value) && words.includes(`${value}`));

const alternatives = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** A value that may be omitted. */
export function optional(check: Check): Check {
  return (value, name) => value === undefined || check(value, name);
}

/** A list that is not empty, whose items pass the check. */
export function listOf(expected: string, check: Check): Check {
  const list = leaf(expected, isList);
  return (value, name) => {
    list(value, name);
    if (isList(value)) value.forEach((item, index) => check(item, `${name}[${index}]`));
  };
}

/** A record without a kind. */
export function record(expected: string, fields: Readonly<Record<string, Check>>): Check {
  return variant(expected, () => fields, []);
}

/** A record whose kind determines its fields. */
function variant(
  expected: string,
  fieldsOf: (kind: string) => Readonly<Record<string, Check>> | undefined,
  kinds: readonly string[],
): Check {
  // Members share the records that none of their axes changes.
  const passed = new WeakSet<object>();
  return (value, name) => {
    const kind = isRecord(value) && "kind" in value ? String(value.kind) : "";
    const fields = isRecord(value) ? fieldsOf(kind) : undefined;
    if (!isRecord(value) || fields === undefined) {
      throw new RequestError(`${name} is ${show(value)}; ${uncalled(value, kinds, expected) ?? `give ${expected}`}`);
    }
    if (passed.has(value)) return;
    atLocationOf(value, () => {
      for (const given of Object.keys(value)) {
        if (given === "kind" || Object.hasOwn(fields, given)) continue;
        const known = Object.keys(fields);
        throw new RequestError(`${kind || name} has no setting ${quote(given)}; ${suggest(given, known)}`);
      }
      const values = value as Readonly<Record<string, unknown>>;
      for (const [field, check] of Object.entries(fields)) check(ownValue(values, field), field);
    });
    passed.add(value);
  };
}

/** What to write if a function is named but not called; `expected` contains calls of the existing ones. */
function uncalled(value: unknown, kinds: readonly string[], expected: string): string | undefined {
  const called = [...expected.matchAll(/(\w+)\(/g)].map(([, name = ""]) => name);
  if (typeof value === "function") {
    return [...kinds, ...called].includes(value.name) ? `call it, as in ${value.name}(…)` : undefined;
  }
  const meant = typeof value === "string" && /^\w+$/.test(value) ? nearest(value, called) : undefined;
  return meant === undefined ? undefined : `call the function, as in ${meant}(…)`;
}

/** A record of one of several kinds, each with its own fields. */
export function among(expected: string, kinds: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check {
  return variant(expected, (kind) => ownValue(kinds, kind), Object.keys(kinds));
}
