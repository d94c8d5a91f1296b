/**
 * What is given to a pipeline from outside, by `--set` or a recipe: values of its axes and settings, each with the
 * place that it comes from.
 *
 * @module
 */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { locationOf } from "../common/source_location.ts";
import { suggest } from "../common/suggest.ts";

/** A value that can be written on a command line and in a recipe. */
export type Scalar = string | number | boolean;

/** What is given for one name. */
export interface Override {
  /** More than one for an axis alone. */
  readonly values: readonly Scalar[];
  /** Whether a list was written, which an axis alone takes. */
  readonly isList: boolean;
  /** Whether all is text that has yet to be read as what it stands for, as on a command line. */
  readonly isText: boolean;
  /** Of a recipe; what comes from the command line has its option, as in `--set rank`, in place of a file. */
  readonly place: SourceLocation;
}

/** All that is given, by name. */
export type Overrides = ReadonlyMap<string, Override>;

/** What `--set` gave. */
export function overridesOfOptions(set: ReadonlyMap<string, readonly string[]>): Overrides {
  return new Map([...set].map(([name, values]) => {
    return [name, { values, isList: values.length > 1, isText: true, place: { file: `--set ${name}` } }];
  }));
}

/** A pipeline that is being loaded: what is given to it, and the values of the settings that it has declared so far. */
export interface Loading {
  readonly given: Overrides;
  readonly settings: Map<string, Scalar>;
}

/** Shared by all copies of Refract in a process: a pipeline file may import its own. */
const slot: unique symbol = Symbol.for("refract.loading");

/** The pipeline that is being loaded; `undefined` where a file is imported by something else than the command line. */
export function currentLoading(): Loading | undefined {
  const found: Loading | undefined = Reflect.get(globalThis, slot);
  return found;
}

/** Loads a pipeline: what `part` imports and builds finds what is given to it. */
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
 * @throws {RequestError} If something is given that is neither, or an axis has a setting's name.
 */
export function requireKnown(
  given: Overrides,
  axes: readonly { readonly name: string }[],
  settings: ReadonlyMap<string, Scalar>,
): void {
  const twin = axes.find(({ name }) => settings.has(name));
  if (twin !== undefined) {
    throw new RequestError(`${twin.name} is an axis and a setting as well; rename one of them`, locationOf(twin));
  }
  const known = [...axes.map(({ name }) => name), ...settings.keys()];
  for (const [name, { place }] of given) {
    if (known.includes(name)) continue;
    const remedy = known.length === 0 ? "the pipeline has none" : suggest(name, known);
    throw new RequestError(`there is no such axis or setting${called(name, place)}; ${remedy}`, place);
  }
}

/** A recipe's place does not hold the name, an option's does. */
function called(name: string, place: SourceLocation): string {
  return place.line === undefined ? "" : ` as ${name}`;
}
