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
  const found = [...patterns.keys()].find((pattern) => pythonPattern(`(?:.*\\.)?(?:${pattern})`, "").test(path));
  return found === undefined ? undefined : patterns.get(found);
}

/**
 * A pattern of Python's `re` that must match a whole text. Patterns that select modules use the common core of both
 * languages.
 *
 * @throws {RequestError} If it is not a valid pattern in JavaScript too.
 */
export function pythonPattern(pattern: string, field: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern.replaceAll("(?P<", "(?<")})$`, "u");
  } catch {
    try {
      // Without the u flag, under which a meaningless escape is an error.
      return new RegExp(`^(?:${pattern.replaceAll("(?P<", "(?<")})$`);
    } catch {
      throw new RequestError(`${field} has the pattern ${quote(pattern)}, which is not supported; list names instead`);
    }
  }
}
