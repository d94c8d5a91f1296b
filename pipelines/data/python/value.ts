/**
 * Python's values: what it makes of a file's JSON, and what a chat template computes with. Whole numbers are `bigint`
 * and floats `number`, so that 21 and 21.0 stay distinct; dicts are maps, which keep the order of all their keys.
 *
 * @module
 */
import { RequestError, type SourceLocation } from "../../common/errors.ts";

/** A value; `undefined` is Jinja's undefined. */
export type PythonValue =
  | undefined
  | null
  | boolean
  | bigint
  | number
  | string
  | SafeText
  | PythonList
  | PythonTuple
  | PythonView
  | PythonDict
  | Namespace
  | PythonFunction;

export type PythonList = readonly PythonValue[];

export type PythonDict = ReadonlyMap<PythonValue, PythonValue>;

/** An immutable list, printed in parentheses. */
export class PythonTuple {
  constructor(readonly items: PythonList) {}
}

/** What is like a list, and prints otherwise, as a range or the keys of a dict. */
export class PythonView {
  /**
   * @param type What Python calls its type.
   * @param printed What it prints; by its type and items if omitted.
   */
  constructor(readonly items: PythonList, readonly type: string, readonly printed?: string) {}
}

/** A text that is HTML: what a text is added to, or adds, is escaped. */
export class SafeText {
  constructor(readonly text: string) {}
}

/** A value with HTML treated like any other text. */
export function plain(value: PythonValue): PythonValue {
  return value instanceof SafeText ? value.text : value;
}

/** A value from a file that has no text form, such as an image's bytes. */
export class Untextual {
  /** @param what As in `bytes`. */
  constructor(readonly what: string) {}
}

/** An object with attributes, some of which a template may set. */
export class Namespace {
  /**
   * @param call What a call of it does, where it can be called.
   * @param computed Attributes that are made whenever they are asked for.
   */
  constructor(
    readonly attributes: Map<string, PythonValue>,
    readonly call?: PythonFunction,
    readonly computed?: ReadonlyMap<string, () => PythonValue>,
  ) {}
}

/** The arguments of a call: values by position and by name. */
export interface Arguments {
  readonly positional: PythonList;
  readonly named: ReadonlyMap<string, PythonValue>;
}

export type PythonFunction = (passed: Arguments) => PythonValue;

/** The items of a list or a tuple, which most functions treat alike. */
export function itemsOf(value: PythonValue): PythonList | undefined {
  if (value instanceof PythonTuple || value instanceof PythonView) return value.items;
  return isList(value) ? value : undefined;
}

export function isList(value: PythonValue): value is PythonList {
  return Array.isArray(value);
}

export function isDict(value: PythonValue): value is PythonDict {
  return value instanceof Map;
}

/** Python's name of a value's type. */
export function typeName(value: PythonValue): string {
  if (value === undefined) return "undefined";
  if (value === null) return "NoneType";
  if (isList(value)) return "list";
  if (value instanceof PythonTuple) return "tuple";
  if (value instanceof PythonView) return value.type;
  if (isDict(value)) return "dict";
  if (value instanceof Namespace) return "namespace";
  if (value instanceof SafeText) return "Markup";
  const names = { boolean: "bool", bigint: "int", number: "float", string: "str", function: "function" } as const;
  return names[typeof value as keyof typeof names];
}

/**
 * The Python value of a plain JavaScript value. A whole number is an int.
 *
 * @param place Where it is, for the message.
 * @throws {RequestError} If it contains a whole number beyond 2⁵³, whose digits are lost, or something that is not
 * data.
 */
export function toPython(value: unknown, place?: SourceLocation): PythonValue {
  switch (typeof value) {
    case "number":
      if (!Number.isInteger(value)) return value;
      if (Number.isSafeInteger(value)) return BigInt(value);
      throw new RequestError(`the number ${value} lost digits in JavaScript; write it as a string`, place);
    case "object": {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item) => toPython(item, place));
      if (value instanceof Untextual) return undefined;
      const entries = Object.entries(value).filter(([, part]) => part !== undefined);
      return new Map(entries.map(([key, part]) => [key, toPython(part, place)]));
    }
    case "string":
    case "boolean":
    case "bigint":
    case "undefined":
      return value;
    default:
      throw new RequestError(`a ${typeof value} is not data; write a text, a number, a list or an object`, place);
  }
}
