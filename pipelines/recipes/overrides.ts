/**
 * Overrides: values for a pipeline's axes and settings from `--set` or a recipe, each with the location that it comes
 * from.
 *
 * @module
 */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { locationOf } from "../common/source_location.ts";
import { suggest } from "../common/suggest.ts";

/** A value that can be written on a command line and in a recipe. */
export type Scalar = string | number | boolean;

/** The new values of an axis or a setting. */
export interface Override {
  /** More than one only for an axis. */
  readonly values: readonly Scalar[];
  /** Whether a list was written, which only an axis accepts. */
  readonly isList: boolean;
  /** Whether the values are text that has yet to be parsed, as on a command line. */
  readonly isText: boolean;
  /** In a recipe; for the command line it has the option, as in `--set rank`, instead of a file. */
  readonly location: SourceLocation;
}

/** All overrides, by name. */
export type Overrides = ReadonlyMap<string, Override>;

/** The overrides from `--set`. */
export function overridesOfOptions(set: ReadonlyMap<string, readonly string[]>): Overrides {
  return new Map([...set].map(([name, values]) => {
    return [name, { values, isList: values.length > 1, isText: true, location: { file: `--set ${name}` } }];
  }));
}

/** The overrides from a program. */
export function overridesOfValues(set: Readonly<Record<string, Scalar | readonly Scalar[]>>): Overrides {
  return new Map(
    Object.entries(set).map(([name, given]) => {
      const isList = typeof given === "object", values = isList ? given : [given];
      return [name, { values, isList, isText: false, location: { file: `set.${name}` } }];
    }),
  );
}

/** A pipeline that is being loaded: its overrides, and the values of the settings that it has declared so far. */
interface Loading {
  readonly overrides: Overrides;
  readonly settings: Map<string, Scalar>;
}

/** Shared by all copies of Refract in a process: a pipeline file may import its own. */
const slot: unique symbol = Symbol.for("refract.loading");

/** The pipeline that is being loaded; `undefined` if a file is imported by something other than the command line. */
export function currentLoading(): Loading | undefined {
  const found: Loading | undefined = Reflect.get(globalThis, slot);
  return found;
}

/** Loads a pipeline: what `part` imports and builds finds its overrides. */
export async function whileLoading<T>(loading: Loading, part: () => Promise<T>): Promise<T> {
  Reflect.set(globalThis, slot, loading);
  try {
    return await part();
  } finally {
    Reflect.deleteProperty(globalThis, slot);
  }
}

/**
 * Checks names once all axes and settings are known.
 *
 * @throws {RequestError} If an override names neither, or an axis has a setting's name.
 */
export function requireKnown(
  overrides: Overrides,
  axes: readonly { readonly name: string }[],
  settings: ReadonlyMap<string, Scalar>,
): void {
  const both = axes.find(({ name }) => settings.has(name));
  if (both !== undefined) {
    throw new RequestError(`${both.name} is both an axis and a setting; rename one of them`, locationOf(both));
  }
  const known = [...axes.map(({ name }) => name), ...settings.keys()];
  for (const [name, { location }] of overrides) {
    if (known.includes(name)) continue;
    const remedy = known.length === 0 ? "the pipeline has none" : suggest(name, known);
    throw new RequestError(`there is no such axis or setting${called(name, location)}; ${remedy}`, location);
  }
}

/** A location in a recipe does not contain the name, but an option does. */
function called(name: string, location: SourceLocation): string {
  return location.line === undefined ? "" : ` as ${name}`;
}
