/** Which modules the names in adapter_config.json select, by peft's rules. @module */
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { BlockProjection } from "../../compile/lower/adapters.ts";

/** Names that select modules: ends of their paths, or a pattern for whole paths. */
export type ModuleNames = readonly string[] | string;

/** The modules that an adapter is for. */
export interface Targets {
  readonly modules: ModuleNames;
  readonly excluded: ModuleNames;
  /** The blocks, all if omitted. */
  readonly blocks?: readonly number[];
}

/** Every linear module except the head. */
const everyLinear = "all-linear";

/** What distinguishes the adapters of modules, by their paths. */
interface PlacedModule {
  readonly path: string;
  readonly place: BlockProjection;
}

/** Whether an adapter is for a module. */
export function isTargeted({ path, place }: PlacedModule, { modules, excluded, blocks }: Targets): boolean {
  if (matchesNames(path, excluded)) return false;
  if (typeof modules === "string") return modules === everyLinear || matchesNames(path, modules);
  if (modules.includes(path)) return true;
  return matchesNames(path, modules) && (blocks === undefined || blocks.includes(place.block));
}

/** Whether names select a module: by the end of its path, or with a pattern for the whole path. */
export function matchesNames(path: string, names: ModuleNames): boolean {
  if (typeof names === "string") return pythonPattern(names, "target_modules").test(path);
  return names.some((name) => path === name || path.endsWith(`.${name}`));
}

/** The value of the first pattern that matches the end of a path. */
export function byPattern(path: string, patterns: ReadonlyMap<string, number>): number | undefined {
  const found = [...patterns.keys()].find((pattern) => endPattern(pattern, "").test(path));
  return found === undefined ? undefined : patterns.get(found);
}

/** A pattern of rank_pattern or alpha_pattern, which must match the end of a path. */
export function endPattern(pattern: string, field: string): RegExp {
  return pythonPattern(`(?:.*\\.)?(?:${pattern})`, field, pattern);
}

/**
 * A pattern of Python's `re` that must match a whole text, as JavaScript's. Patterns that select modules use the common
 * core of both languages.
 *
 * @param field The setting that has it.
 * @param shown How a message shows it.
 * @throws {RequestError} If it uses something that JavaScript lacks.
 */
export function pythonPattern(pattern: string, field: string, shown: string = pattern): RegExp {
  const [, flags = "", rest = ""] = /^(?:\(\?([aims]+)\))?([^]*)$/.exec(pattern)!;
  try {
    return new RegExp(`^(?:${rest.replaceAll(ofPython, inJavaScript)})$`, `u${flags.replaceAll(/[am]/g, "")}`);
  } catch {
    throw new RequestError(`${field} has the pattern ${quote(shown)}, which is not supported; list names instead`);
  }
}

/** An escape, or what opens a named group or refers back to it. */
const ofPython = /\\([^])|\(\?P<|\(\?P=(\w+)\)/gu;

/** What Python writes in another way, or escapes needlessly, which JavaScript refuses; all else as it is. */
function inJavaScript(found: string, escaped: string | undefined, group: string | undefined): string {
  if (found === "(?P<") return "(?<";
  if (group !== undefined) return `\\k<${group}>`;
  if (escaped === "A") return "(?<![^])";
  if (escaped === "Z") return "(?![^])";
  if (escaped === undefined || /[A-Za-z0-9]/.test(escaped)) return found;
  return `\\u{${escaped.codePointAt(0)!.toString(16)}}`;
}
