/**
 * A setting's declaration, and whether a value is valid for it.
 *
 * @module
 */
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { Override, Scalar } from "./overrides.ts";

/** A number that a recipe or `--set` may set. */
export interface NumberSetting {
  /** The value unless it is overridden. */
  readonly default: number;
  /** The smallest valid value. */
  readonly least?: number;
  /** The largest valid value. */
  readonly most?: number;
  /** Whether it must be a whole number. */
  readonly whole?: boolean;
  /** All valid values. */
  readonly oneOf?: readonly number[];
  /** What it counts, for error messages: `"passes"`, `"1/step"`. */
  readonly unit?: string;
  /** What it is for. */
  readonly about?: string;
}

/** A text that a recipe or `--set` may set. */
export interface TextSetting {
  /** The value unless it is overridden. */
  readonly default: string;
  /** All valid values. */
  readonly oneOf?: readonly string[];
  /** What it is for. */
  readonly about?: string;
}

/** A boolean that a recipe or `--set` may set. */
export interface FlagSetting {
  /** The value unless it is overridden. */
  readonly default: boolean;
  /** What it is for. */
  readonly about?: string;
}

/** A setting with its description, or only its default. */
export type SettingDeclaration = NumberSetting | TextSetting | FlagSetting | number | string | boolean;

/** A validated declaration. */
interface Declared {
  readonly default: Scalar;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  readonly oneOf: readonly Scalar[] | undefined;
  readonly unit: string;
}

const fields: Readonly<Record<string, readonly string[]>> = {
  number: ["default", "least", "most", "whole", "oneOf", "unit", "about"],
  string: ["default", "oneOf", "about"],
  boolean: ["default", "about"],
};

const unbounded = { least: -Infinity, most: Infinity, whole: false, oneOf: undefined, unit: "" };

/**
 * Checks a declaration.
 *
 * @throws {RequestError} If its parts contradict each other.
 */
export function checkDeclaration(name: string, declaration: unknown): Declared {
  const fail = (problem: string): never => {
    throw new RequestError(`the setting ${name} ${problem}`);
  };
  if (!/^[A-Za-z][\w-]*$/.test(name)) {
    throw new RequestError(`the setting's name ${quote(name)} is not a word; use letters, digits, - and _`);
  }
  const isRecord = typeof declaration === "object" && declaration !== null && !Array.isArray(declaration);
  const parts: Readonly<Record<string, unknown>> = isRecord ? { ...declaration } : { default: declaration };
  const value = parts["default"], known = fields[typeof value];
  if (known === undefined || !isScalar(value)) {
    return fail(`has no default; give it a number, a text or true or false, or { default: …, about: … }`);
  }
  const stray = Object.keys(parts).find((field) => !known.includes(field));
  if (stray !== undefined) {
    fail(`has ${quote(stray)}, which a ${typeOf(value)} does not have; ${suggest(stray, known)}`);
  }
  const { least = -Infinity, most = Infinity, whole = false, oneOf, unit = "", about = "" } = parts;
  if (typeof least !== "number" || typeof most !== "number" || !(least <= most)) {
    return fail(`goes from ${least} to ${most}; give a second number that is not below the first`);
  }
  if (typeof whole !== "boolean") return fail("has a whole that is neither true nor false; correct it");
  if (typeof unit !== "string" || typeof about !== "string") {
    return fail("has a unit or about that is not text; quote it");
  }
  if (oneOf !== undefined && !isListOf(oneOf, typeof value)) {
    return fail(`has a oneOf that is not a list of values like ${show(value)}; give at least one`);
  }
  const declared: Declared = { ...unbounded, default: value, least, most, whole, oneOf, unit };
  for (const each of [value, ...oneOf ?? []]) {
    if (!fits(declared, each)) fail(`has the value ${show(each)}, which it does not allow; give ${expected(declared)}`);
  }
  return declared;
}

/**
 * The value that overrides a setting.
 *
 * @throws {RequestError} If it has another type, is out of bounds, or is not among the setting's valid values.
 */
export function overriddenValue(
  name: string,
  declared: Declared,
  { values, isList, isText, location }: Override,
): Scalar {
  const type = typeof declared.default;
  // A text may contain a comma, which separates an axis's values on the command line.
  const isOne = !isList || (isText && type === "string");
  if (!isOne) {
    throw new RequestError(
      `${name} is a setting and takes one value, unlike an axis; give ${expected(declared)}`,
      location,
    );
  }
  const value = isText ? readAs(type, values.join(",")) : values[0];
  if (value !== undefined && fits(declared, value)) return value;
  const written = value ?? values.join(",");
  const remedy = declared.oneOf !== undefined && typeof written === "string"
    ? suggest(written, declared.oneOf.map(String))
    : `give ${expected(declared)}`;
  throw new RequestError(`${name} is ${show(written)}; ${remedy}`, location);
}

/** The value of a text on the command line; `undefined` if it does not have the type. */
function readAs(type: string, text: string): Scalar | undefined {
  if (type === "string") return text;
  if (type === "number") return text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
  return text === "true" ? true : text === "false" ? false : undefined;
}

function fits(declared: Declared, value: Scalar): boolean {
  if (typeof value !== typeof declared.default) return false;
  if (declared.oneOf !== undefined && !declared.oneOf.includes(value)) return false;
  if (typeof value !== "number") return true;
  const isNumber = declared.whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isNumber && value >= declared.least && value <= declared.most;
}

function expected({ default: value, least, most, whole, oneOf, unit }: Declared): string {
  if (oneOf !== undefined) return `one of ${oneOf.map(show).join(", ")}`;
  if (typeof value === "string") return "a text";
  if (typeof value === "boolean") return "true or false";
  const bounds = least === -Infinity
    ? (most === Infinity ? "" : ` up to ${most}`)
    : (most === Infinity ? ` of at least ${least}` : ` from ${least} to ${most}`);
  return `a ${whole ? "whole " : ""}number${bounds}${unit === "" ? "" : ` (${unit})`}`;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function isListOf(value: unknown, type: string): value is readonly Scalar[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === type && isScalar(each));
}

function typeOf(value: Scalar): string {
  return typeof value === "string" ? "text" : typeof value === "boolean" ? "true or false setting" : "number";
}

function show(value: unknown): string {
  return typeof value === "string" ? quote(value) : String(value);
}
